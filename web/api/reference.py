"""The OpenAPI document as a page: no scripts, nothing from elsewhere, in the look of the app."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from web.api.problems import STATUS, kind_of
from web.http.guard import STRICT_POLICY
from web.markup import escape

STYLE_HEADERS = {"Content-Security-Policy": STRICT_POLICY}
Json = dict[str, Any]

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>REST · Discern</title>
<link rel="stylesheet" href="/web/style.css"><link rel="stylesheet" href="/web/login.css"></head>
<body class="reference"><main><h1>Discern {version}: REST</h1>{about}
<p><a href="{prefix}/openapi.json">OpenAPI document</a> · <a href="/">Back to the app</a></p>
<nav aria-label="Contents"><ul>{contents}</ul></nav>{sections}<h2 id="problems">Problems</h2>
<p>The end of a problem's <code>type</code> says which it is.</p>
<table class="figures"><tr><th>type</th><th>status</th><th>meaning</th></tr>{problems}</table>
<h2 id="schemas">Schemas</h2>{schemas}</main></body></html>"""


def reference_page(document: Json, prefix: str) -> str:
    tags = {tag["name"]: str(tag["description"]) for tag in document["tags"]}
    return PAGE.format(
        version=escape(document["info"]["version"]),
        about="".join(f"<p>{_marked(part)}</p>" for part in document["info"]["description"].split("\n\n")),
        prefix=escape(prefix),
        contents="".join(f'<li><a href="#{escape(t)}">{escape(t)}</a></li>' for t in (*tags, "schemas")),
        sections="".join(_section(name, about, document, prefix) for name, about in tags.items()),
        problems="".join(_problem_row(error, status) for error, status in STATUS.items()),
        schemas="".join(
            _schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items())
        ),
    )


def _section(tag: str, about: str, document: Json, prefix: str) -> str:
    routes = "".join(_route(m, p, r, prefix) for m, p, r in _routes(document) if tag in r["tags"])
    return f'<section><h2 id="{escape(tag)}">{escape(tag)}</h2><p>{escape(about)}</p>{routes}</section>'


def _routes(document: Json) -> Iterator[tuple[str, str, Json]]:
    for path, methods in document["paths"].items():
        for method, route in methods.items():
            yield method.upper(), path, route


def _route(method: str, path: str, route: Json, prefix: str) -> str:
    parameters = "".join(_parameter(p) for p in route.get("parameters", ()))
    table = (
        f'<table class="figures"><tr><th>parameter</th><th>kind</th><th></th></tr>{parameters}</table>'
        if parameters
        else ""
    )
    body = "".join(
        f"<p>Body, {escape(kind)}: {_kind(content['schema'])}</p>"
        for kind, content in route.get("requestBody", {}).get("content", {}).items()
    )
    answers = "".join(
        f"<p>{escape(status)}: {', '.join(_answer(k, c) for k, c in answer.get('content', {}).items())}</p>"
        for status, answer in route["responses"].items()
        if status < "300"
    )
    return (
        f'<details id="{escape(route["operationId"])}"><summary><b class="method">{method}</b> '
        f"<code>{escape(prefix + path)}</code> <span>{_marked(route.get('description', ''))}</span></summary>"
        f"{table}{body}{answers}</details>"
    )


def _parameter(parameter: Json) -> str:
    name = escape(parameter["name"]) + (" *" if parameter.get("required") else "")
    return (
        f"<tr><td><code>{name}</code> <small>{escape(parameter['in'])}</small></td>"
        f"<td>{_kind(parameter['schema'])}</td><td>{_marked(parameter.get('description', ''))}</td></tr>"
    )


def _answer(kind: str, content: Json) -> str:
    return f"{escape(kind)} {_kind(content['schema'])}" if content.get("schema") else escape(kind)


def _kind(schema: Json) -> str:
    """A schema in a few words, with a link where it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(_kind(part) for part in schema[key])
    if "enum" in schema or "const" in schema:
        return " | ".join(f"<code>{escape(str(v))}</code>" for v in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        items = schema.get("items") or schema.get("prefixItems", [{}])[0]
        return f"list of {_kind(items)}"
    text = escape(str(schema.get("format") or schema.get("type", "any")))
    default = (
        f", default <code>{escape(json.dumps(schema['default']))}</code>"
        if schema.get("default") not in (None, "")
        else ""
    )
    return text + default


def _schema(name: str, schema: Json) -> str:
    required = set(schema.get("required", ()))
    rows = "".join(
        f"<tr><td><code>{escape(field)}</code>{' *' if field in required else ''}</td>"
        f"<td>{_kind(kind)}</td></tr>"
        for field, kind in schema.get("properties", {}).items()
    )
    about = _marked(schema.get("description", ""))
    return (
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code> '
        f"<span>{about}</span></summary>"
        f'<table class="figures"><tr><th>field</th><th>kind</th></tr>{rows}</table></details>'
    )


def _problem_row(error: type, status: int) -> str:
    name = kind_of(error)
    about = escape((error.__doc__ or "").split("\n\n")[0])
    return f'<tr id="{name}"><td><code>{name}</code></td><td>{status}</td><td>{about}</td></tr>'


def _marked(text: str) -> str:
    """The two marks that the description uses: **bold** and `code`."""
    for mark, tag in (("**", "b"), ("`", "code")):
        parts = (escape(text) if mark == "**" else text).split(mark)
        text = "".join(f"<{tag}>{p}</{tag}>" if i % 2 else p for i, p in enumerate(parts))
    return text
