"""`docs/capabilities.md` has a row for everything the product can do, and what it keeps is there.

Whoever takes a command, an operation, a tool, a screen or a setting away says in its row what to use instead.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple, cast

import pytest
from pydantic import AliasChoices

import discern
from concepts.collaborator.setups import Setup
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.protection import Protection
from docs.build import commands
from web.api import create_api
from web.http.roles import TOOLS
from web.screens import SCREENS

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "capabilities.md"
FOLDERS = ("concepts", "storage", "web", "discern")
VERDICT = re.compile(r"\*(keep|merge into|cut|new)\*(.*)")
# How the page counts things, and the column that names them.
COLUMNS = {
    "commands": "Command",
    "REST operations": "REST",
    "tools for assistants": "Tool",
    "screens": "Screen",
    "settings": "Setting",
}
kinds = pytest.mark.parametrize("kind", COLUMNS)


class Row(NamedTuple):
    """A row of a table: its cells by heading, and what becomes of what it names."""

    cells: dict[str, str]
    verdict: str
    rest: str  # what is said behind the verdict

    def names(self, column: str) -> list[str]:
        return re.findall(r"`([^`]+)`", self.cells.get(column, ""))


class Section(NamedTuple):
    tables: list[list[dict[str, str]]]
    blocks: list[list[str]]  # lines of the fenced ones
    lists: dict[str, list[str]]  # of a line such as "Tools: `a`, `b`."


@cache
def sections() -> dict[str, Section]:
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE):
        title, _, body = part.partition("\n")
        blocks = [block.strip("\n").split("\n") for block in re.findall(r"```\n(.*?)```", body, re.DOTALL)]
        lists = {
            name: re.findall(r"`([^`]+)`", line)
            for name, line in re.findall(r"^(Tools|Screens): (.+)$", body, re.MULTILINE)
        }
        found[title.strip("# ")] = Section(list(_tables(body)), blocks, lists)
    return found


def _tables(text: str) -> Iterator[list[dict[str, str]]]:
    for lines in re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE):
        heads, _, *rows = ([cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines())
        for row in rows:
            assert len(row) == len(heads), row
        yield [dict(zip(heads, row, strict=True)) for row in rows]


@cache
def rows() -> list[Row]:
    found = []
    for section in sections().values():
        for cells in (row for table in section.tables for row in table if "Becomes" in row):
            verdict = VERDICT.fullmatch(cells["Becomes"])
            assert verdict, f"what becomes of it? {cells}"
            found.append(Row(cells, verdict[1], verdict[2]))
    return found


def rows_of(kind: str) -> list[Row]:
    """Those that name things of a kind. "Screen" is a column of what has no "Command" alone."""
    return [row for row in rows() if COLUMNS[kind] in row.cells]


def named(kind: str, *verdicts: str) -> list[str]:
    return [name for row in rows_of(kind) if row.verdict in verdicts for name in row.names(COLUMNS[kind])]


@cache
def planned(kind: str) -> set[str]:
    """What remains, as the blocks under "What remains" have it."""
    remains = sections()["What remains"]
    if kind == "commands":
        return {name for line in remains.blocks[0] for name in re.split(r" {2,}", line.strip())}
    if kind == "REST operations":
        return set(remains.blocks[1])
    return set(remains.lists["Tools" if kind == "tools for assistants" else "Screens"])


def operations() -> set[str]:
    paths = create_api(cast(Workbench, None)).openapi()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def settings() -> set[str]:
    ways = {"protection": Protection.model_fields, "annotator": [field.name for field in fields(Setup)]}
    return set(Settings.model_fields) | {f"{of}.{name}" for of, names in ways.items() for name in names}


def variables() -> set[str]:
    """Those that the settings are read from, and those that the code reads itself."""
    found = set()
    for name, field in Settings.model_fields.items():
        alias = field.validation_alias
        found.add(str(alias.choices[0]) if isinstance(alias, AliasChoices) else f"DISCERN_{name.upper()}")
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r'"((?:DISCERN|AWS)_[A-Z_]+)"', path.read_text(encoding="utf-8")))
    return found


@cache
def product(kind: str) -> frozenset[str]:
    """What there is of it now."""
    found: dict[str, Callable[[], Iterable[str]]] = {
        "commands": commands,
        "REST operations": operations,
        "tools for assistants": lambda: TOOLS,
        "screens": lambda: (screen.title for screen in SCREENS if not screen.tab_of),
        "settings": settings,
    }
    return frozenset(found[kind]())


@kinds
def test_everything_there_is_has_one_row(kind: str) -> None:
    listed = Counter(named(kind, "keep", "merge into", "cut", "new"))
    assert product(kind) - listed.keys() == set(), "give it a row"
    assert [name for name, times in listed.items() if times > 1] == []


@kinds
def test_what_is_kept_is_there(kind: str) -> None:
    gone = set(named(kind, "keep")) - product(kind)
    assert gone == set(), "write in its row what it merged into or what to use instead"


@kinds
def test_what_is_new_is_kept_once_it_is_there(kind: str) -> None:
    assert set(named(kind, "new")) & product(kind) == set(), "mark it keep, and count it under today"


@kinds
def test_the_plan_adds_up(kind: str) -> None:
    counts = next(row for row in sections()["Capabilities"].tables[0] if row[""] == kind)
    remain = named(kind, "keep", "new")
    assert (len(named(kind, "keep", "merge into", "cut")), len(remain)) == (
        int(counts["today"]),
        int(counts["planned"]),
    )
    if kind != "settings":
        assert set(remain) == planned(kind)


@pytest.mark.parametrize("kind", ["commands", "REST operations", "tools for assistants", "screens"])
def test_what_is_merged_goes_into_something_that_remains(kind: str) -> None:
    def remains(target: str) -> bool:
        target = target.partition("?")[0]
        return any(target == name or target.startswith(f"{name} --") for name in planned(kind))

    for row in rows_of(kind):
        if row.verdict == "merge into" and row.names(COLUMNS[kind]):
            assert any(map(remains, re.findall(r"`([^`]+)`", row.rest))), row


def test_every_row_says_what_it_is_for_and_for_whom_and_if_it_is_cut_what_to_use_instead() -> None:
    for row in rows():
        assert row.cells["What it is for"], row
        assert row.cells["Who needs it"], row
        assert row.verdict != "cut" or len(row.rest.removeprefix(":").split()) > 2, row


def test_every_variable_has_a_row() -> None:
    listed = [name for row in rows_of("settings") for name in row.names("Variable")]
    assert variables() - set(listed) == set()
    kept = [name for row in rows_of("settings") if row.verdict == "keep" for name in row.names("Variable")]
    assert set(kept) - variables() == set()


def test_options_that_are_kept_are_there() -> None:
    there = {
        f"{name} {opt}" for name, one in commands().items() for param in one.params for opt in param.opts
    }
    kept = {name for row in rows() if row.verdict == "keep" for name in row.names("Option")}
    assert kept - there == set()


def test_what_the_readme_and_the_first_program_over_rest_use_is_kept() -> None:
    kept = named("commands", "keep")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    told = re.findall(r"(?<![\w./])(?<!from )discern ((?:[a-z][a-z-]* ?)+)", readme)
    assert len(told) > 10
    for words in told:
        assert any(f"{words.strip()} ".startswith(f"{name} ") for name in kept), words

    program = (ROOT / "docs" / "rest.md").read_text(encoding="utf-8").partition("```python")[2]
    routes = [
        re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(name)))
        for name in named("REST operations", "keep")
    ]
    calls = re.findall(r"call\(\"(\w+)\", f?\"([^\"]+)\"", program)
    assert len(calls) > 5
    for method, path in calls:
        assert any(route.fullmatch(f"{method} /{path}") for route in routes), path


def test_the_names_of_the_library_have_rows() -> None:
    listed = {name for row in rows() for name in row.names("Name")}
    assert {f"discern.{name}" for name in discern.__all__} - listed == set()


def test_what_is_on_a_screen_goes_to_a_screen_that_remains() -> None:
    today, later = set(named("screens", "keep", "merge into", "cut")), planned("screens")
    for row in next(iter(sections()["On the screens"].tables)):
        then = row["Then"]
        gone = then.startswith("*cut*: ")
        assert gone or then.startswith("every screen") or any(map(then.startswith, later)), row
        assert row["Now"] in ("nowhere", "every screen") or any(name in row["Now"] for name in today), row
    for own in rows_of("commands"):
        said = own.cells["Screen today"]
        assert not said or any(name in said for name in today) or "wherever" in said, own
