"""Writes the references that follow from the code: `cli.md`, `rest-calls.md` and the schema of `head.json`.

Only the schema is committed: other programs read it.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.core import TyperGroup

import discern.__main__  # adds run, serve and mcp  # noqa: F401
from concepts.bundle.facts import BundleFacts
from concepts.cli import app, main
from concepts.cli.parameters import with_methods
from concepts.definition.document import Definition
from docs.rest_calls import rest_calls

HERE = Path(__file__).parent
SCHEMA = "bundle.schema.json"
PLACEHOLDERS = {int: "N", float: "NUMBER", Path: "PATH", str: "TEXT", date: "YYYY-MM-DD", Definition: "FILE"}


def build(folder: Path = HERE) -> None:
    (folder / "cli.md").write_text(cli_reference(), encoding="utf-8")
    (folder / "rest-calls.md").write_text(rest_calls(), encoding="utf-8")
    (folder / SCHEMA).write_text(bundle_schema(), encoding="utf-8")


def commands() -> dict[str, Any]:
    """What a person writes after `discern` → the command, in the order of the usual job."""
    found = dict(_walk(typer.main.get_command(app), ()))
    return dict(sorted(found.items(), key=lambda item: " " not in item[0]))


def cli_reference() -> str:
    found = commands()
    contents = [f"- [{name}](#{name.replace(' ', '-')})" for name in found]
    return "\n".join(
        [
            "# Command line",
            "",
            "Written from the code by `make docs`. `discern --help`, and `--help` after any command, say "
            "the same.",
            "",
            *_paragraphs(typer.main.get_command(app).help),
            *_paragraphs(inspect.getdoc(main)),
            *contents,
            "",
            *(line for name, command in found.items() for line in _section(name, command)),
        ]
    )


def bundle_schema() -> str:
    """JSON Schema of a bundle's `head.json`, in the newest format."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"} | BundleFacts.model_json_schema()
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def _walk(command: Any, name: tuple[str, ...]) -> Iterator[tuple[str, Any]]:
    if not isinstance(command, TyperGroup):
        yield " ".join(name), command
        return
    command.list_commands(typer.Context(command))  # has those made that come from operations
    for word, child in command.commands.items():
        if not child.hidden:
            yield from _walk(child, (*name, word))


def _section(name: str, command: Any) -> list[str]:
    kinds = get_type_hints(command.callback)
    usage = ["discern", name, *(_usage(param, kinds[param.name]) for param in command.params)]
    explained = [f"- `{_written(param, kinds[param.name])}`: {_explained(param)}" for param in command.params]
    return [f"## {name}", "", *_paragraphs(command.help), "```", " ".join(usage), "```", "", *explained, ""]


def _usage(param: Any, kind: Any) -> str:
    written = _written(param, kind) + ("…" if _takes_many(param) else "")
    return written if param.required else f"[{written}]"


def _written(param: Any, kind: Any) -> str:
    if param.param_type_name == "argument":
        return str(param.name).upper()
    return f"{param.opts[0]}" if param.is_flag else f"{param.opts[0]} {_placeholder(kind)}"


def _placeholder(kind: Any) -> str:
    inner = [part for part in get_args(kind) if part is not type(None)]
    if get_origin(kind) is Literal:
        return "|".join(inner)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return "|".join(kind)
    return _placeholder(inner[0]) if inner else PLACEHOLDERS[kind]


def _explained(param: Any) -> str:
    if param.param_type_name == "argument" or param.is_flag or param.default is None:
        return with_methods(str(param.help))
    return f"{with_methods(param.help)} Default: `{param.default}`."


def _takes_many(param: Any) -> bool:
    return bool(param.multiple) or param.nargs == -1


def _paragraphs(text: str | None) -> list[str]:
    return [line for paragraph in (text or "").split("\n\n") for line in (" ".join(paragraph.split()), "")]


if __name__ == "__main__":
    build()
    print("Written: docs/cli.md, docs/rest-calls.md and the schema of head.json.")
