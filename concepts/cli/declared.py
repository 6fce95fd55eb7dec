"""Commands made from the use cases (`concepts.use_cases.use_case`)."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar, get_args

import typer
from pydantic import BaseModel

from concepts.cli.output import say, show, table, wait
from concepts.cli.parameters import Author, Json, Name, opened

Printer = TypeVar("Printer", bound=Callable[..., None])
printers: dict[str, Callable[..., None]] = {}
KEPT = "What is finished is kept."
LARGEST = 2**31 - 1  # that a column holds: no bound a person need read of
Yes = Annotated[bool, typer.Option("--yes", help="Don't ask: it can't be undone.")]


def shows(use_case: str) -> Callable[[Printer], Printer]:
    """Registers how what a use case ("list_watches") returns is printed for people. What others return is
    printed as a table."""

    def register(printer: Printer) -> Printer:
        printers[use_case] = printer
        return printer

    return register


def made(prefix: str) -> dict[str, Any]:
    """The commands directly below a prefix such as "concept labels", by name."""
    from concepts.rooms import declared_use_cases

    # A callback has Typer make a group of one command, too.
    group = typer.Typer(rich_markup_mode=None, callback=lambda: None)
    for declared in declared_use_cases():
        above, _, name = declared.command.rpartition(" ")
        if declared.command and above == prefix:
            group.command(name, help=declared.summary)(_command(declared))
    return dict(typer.main.get_group(group).commands)


def _command(declared: Any) -> Callable[..., None]:
    from concepts.use_cases.parameters import Given, keyword

    def command(as_json: bool, **given: Any) -> None:
        app = opened(repair=given.get("repair", False))
        method = declared.on(app, given.pop("concept_name") if declared.is_of_concept else "")
        if declared.is_final and not given.pop("yes"):
            typer.confirm(f"{declared.summary.partition('. ')[0]}?", abort=True, err=as_json)
        result = method(**given)
        if declared.is_job:
            result = wait(result, declared.title or "Working", KEPT)
        if isinstance(result, bytes):  # a file
            sys.stdout.buffer.write(result)
            return
        show(result, as_json, printers.get(declared.key, print_plainly))
        if not getattr(result, "is_whole", True):  # of what looks for damage, so that a script can tell
            raise typer.Exit(1)

    parameters = [keyword("concept_name", Name)] if declared.is_of_concept else []
    parameters += [_of_terminal(one) for one in declared.parameters if one.given in (None, Given.AUTHOR)]
    if declared.is_final:
        parameters.append(keyword("yes", Yes, False))
    parameters.append(keyword("as_json", Json, False))
    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # Typer reads it
    command.__annotations__ = {one.name: one.annotation for one in parameters}
    return command


def _of_terminal(parameter: Any) -> inspect.Parameter:
    from concepts.definition.document import Definition, read_definition
    from concepts.use_cases.parameters import keyword

    if parameter.given:
        return keyword(parameter.name, Author, "me")
    about: dict[str, Any] = {"help": _described(parameter.field)}
    for one in parameter.field.metadata:
        if hasattr(one, "ge"):
            about["min"] = one.ge
        if getattr(one, "le", LARGEST) < LARGEST:
            about["max"] = one.le
    if parameter.type in (date, date | None):
        about |= {"parser": date.fromisoformat, "metavar": "YYYY-MM-DD"}
    if Definition in (parameter.type, *get_args(parameter.type)):
        about |= {"parser": lambda file: read_definition(Path(file)), "metavar": "FILE"}
    flag = parameter.flag
    if parameter.is_required or (flag and not flag.startswith("-")):
        kind = typer.Argument(**{"metavar": flag or parameter.name.upper()} | about)
    else:
        if parameter.default is False:  # else there were a --no-… too
            flag = flag or f"--{parameter.name.replace('_', '-')}"
        kind = typer.Option(*flag.split(), **about)  # an older name may follow
    # Typer knows no unions: a name or a number is text until it is looked up.
    typed: Any = parameter.type
    if typed == list[str | int] | None:
        typed = list[str] | None
    elif int in get_args(typed) and any(str in (one, *get_args(one)[:1]) for one in get_args(typed)):
        typed = str
    return keyword(parameter.name, Annotated[typed, kind], parameter.default)


def _described(field: Any) -> str:
    """What a parameter is, with the names it can have where it is one of several."""
    schema: Any = field.json_schema_extra or {}
    if callable(schema):  # names that are known only once plug-ins are there
        fill, schema = schema, {}
        fill(schema)
    names = f" One of: {', '.join(schema['enum'])}." if "enum" in schema else ""
    return f"{field.description or ''}{names}"


def print_plainly(result: Any) -> None:
    """A list as a table, one thing as lines of name and value; None as nothing."""
    rows = result if isinstance(result, list) else [result]
    if not all(isinstance(row, BaseModel) for row in rows):
        say("" if result is None else str(result))
    elif rows and isinstance(result, list):
        columns = list(type(rows[0]).model_fields)
        table(columns, [[_cell(getattr(row, column)) for column in columns] for row in rows])
    elif rows:
        table(("", ""), [(name, _cell(getattr(result, name))) for name in type(result).model_fields])


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
