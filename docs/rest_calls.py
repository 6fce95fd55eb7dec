"""`rest-calls.md`: every call of REST and every value it takes or gives, from the OpenAPI document."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, cast

from concepts.use_cases import App
from web.api.app import PREFIX, create_api

HEAD = f"""# REST, call by call

Written from the code by `make docs`; [rest.md](rest.md) says how the calls go together. All stand under \
`{PREFIX}`. What a call gives is what it gives when all goes well; every other answer is a \
[Problem](#problem). A star marks what has to be there.
"""


def rest_calls() -> str:
    document = create_api(cast(App, None)).openapi()  # it doesn't depend on a library
    calls = [
        (method.upper(), path, about)
        for path, methods in document["paths"].items()
        for method, about in methods.items()
    ]
    lines = [HEAD]
    for tag in document["tags"]:
        lines += [f"## {tag['name'].capitalize()}", "", _line(tag["description"]), ""]
        for method, path, about in calls:
            if tag["name"] in about["tags"]:
                lines += _call(method, path, about)
    lines += ["## Values", ""]
    for name, schema in sorted(document["components"]["schemas"].items()):
        lines += _value(name, schema)
    return "\n".join(lines).rstrip() + "\n"


def _call(method: str, path: str, about: dict[str, Any]) -> Iterator[str]:
    yield f"### `{method} {path}`"
    yield ""
    yield _line(about.get("description", ""))
    yield ""
    for parameter in about.get("parameters", ()):
        star = "*" if parameter.get("required") else ""
        yield _item(f"`{parameter['name']}`{star} ({parameter['in']})", parameter["schema"], parameter)
    for media, content in about.get("requestBody", {}).get("content", {}).items():
        yield f"- takes {media}: {_kind(content['schema'])}"
    for status, answer in about["responses"].items():
        if status < "300":
            gives = (
                f"{media}: {_kind(of['schema'])}" if of.get("schema") else media
                for media, of in answer.get("content", {}).items()
            )
            yield f"- gives {status} {', '.join(gives) or 'nothing more'}"
    yield ""


def _value(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f"### {name}"
    yield ""
    if schema.get("description"):
        yield _line(schema["description"])
        yield ""
    required = set(schema.get("required", ()))
    for field, of in schema.get("properties", {}).items():
        yield _item(f"`{field}`{'*' if field in required else ''}", of, of)
    if "properties" not in schema:
        yield f"- {_kind(schema)}"
    yield ""


def _item(name: str, schema: dict[str, Any], about: dict[str, Any]) -> str:
    said = f" {_line(about['description'])}" if about.get("description") else ""
    default = schema.get("default")
    otherwise = f", else `{json.dumps(default, ensure_ascii=False)}`" if default not in (None, "", []) else ""
    return f"- {name}: {_kind(schema)}{otherwise}.{said}"


def _kind(schema: dict[str, Any]) -> str:
    """A schema in a few words, with a link where it has a name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(map(_kind, choices))
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum") or [schema["const"]])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items') or (schema.get('prefixItems') or [{}])[0])}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"{_kind(schema['additionalProperties'])} by name"
    words = str(schema.get("format") or schema.get("type", "anything"))
    limits = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "at most"))
        if key in schema
    ]
    return f"{words} ({', '.join(limits)})" if limits else words


def _line(text: str) -> str:
    return " ".join(text.split())
