"""What commands print: for people, or one JSON value for programs. Lines are never wrapped here: a path
that is broken in two can't be copied."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

    from concepts.jobs import Started
    from concepts.labelling.columns import ColumnsReport
    from concepts.labelling.label_files import LabelFileView

Listener = Callable[[int, int | None, str], None]
Value = TypeVar("Value")
Result = TypeVar("Result", bound="BaseModel")
_CONTROL = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f]")
ROWS_SHOWN = 20  # of a file, that can't be used


class StoppedError(Exception):
    """The person pressed Ctrl-C. The message says what is kept."""


def say(line: str = "") -> None:
    sys.stdout.write(harmless(line) + "\n")


def say_known(*lines: str | None) -> None:
    """Those of these lines that say something."""
    for line in filter(None, lines):
        say(line)


def harmless(line: str) -> str:
    """Without what a terminal would obey: names of files, comments and bundles are other people's."""
    return _CONTROL.sub("\ufffd", line)


def show(value: Value, as_json: bool, told: str | Callable[[Value], None]) -> None:
    """`value` as JSON; or `told`, a line or what prints the value for people."""
    if as_json:
        dump(value)
    elif isinstance(told, str):
        say(told)
    else:
        told(value)


def dump(value: Any) -> None:
    """The one JSON value of a command."""
    sys.stdout.write(json.dumps(plain(value), ensure_ascii=False, indent=2, default=str) + "\n")


def plain(value: Any) -> Any:
    """Views as what JSON knows. Figures that carry a name become a map by name, so that a program needn't
    search for one."""
    if hasattr(value, "model_dump"):
        value = value.model_dump(mode="json")
    if isinstance(value, Mapping):
        found = dict(value)
        for key in ("metrics", "baselines", "figures"):
            items = found.get(key)
            if isinstance(items, list) and all(isinstance(one, Mapping) and "name" in one for one in items):
                found[key] = {one["name"]: {k: one[k] for k in one if k != "name"} for one in items}
        return {key: plain(one) for key, one in found.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns as wide as what is in them, under their names where they have any. Long texts and paths belong
    in the last one."""
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if any(columns):
        lines.insert(0, list(columns))
    widths = [max(map(_width, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(line, widths, strict=True)]
        say("  ".join(cells).rstrip())


def _width(text: str) -> int:
    """How many columns of a terminal it takes (UAX #11)."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text
    )


def report_bad(file: ColumnsReport | LabelFileView) -> None:
    """Rows of a file that are about no picture, or can't be used."""
    if file.unknown_pictures:
        say(f"{file.unknown_pictures:,} rows are about no picture of the library.")
    for row in file.bad_rows:
        say(f"  row {row['row']} left out: {row['reason']}")
    if file.bad > len(file.bad_rows):
        say(f"  and {file.bad - len(file.bad_rows):,} more rows")


def left_out(reasons: Mapping[str, int]) -> None:
    for why, count in reasons.items():
        say(f"  {count:,} left out: {why}")


def wait(begun: Started[Result], what: str, kept: str) -> Result:
    """What comes of a job, with its `progress` meanwhile."""
    with progress(what, kept) as listener:
        return begun.wait(listener)


@contextmanager
def progress(what: str, kept: str) -> Iterator[Listener]:
    """A bar on standard error with rate and time left; quiet where that is no terminal.

    Ctrl-C becomes a `StoppedError` that says how far it was, and `kept`: what stays, and how to go on.
    """
    from rich.console import Console  # most commands need none
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=console,
        disable=not console.is_terminal,
    )
    task = bar.add_task(what, total=None, note="")
    reached = ""

    def listener(done: int, total: int | None, note: str) -> None:
        nonlocal reached
        of = f" of {total:,}" if total else ""
        reached = f" after {done:,}{of}" + (f" ({note})" if note else "")
        bar.update(task, completed=done, total=total, note=note)

    with bar:
        try:
            yield listener
        except KeyboardInterrupt as error:
            raise StoppedError(f"Stopped{reached}. {kept}") from error
