"""What people ask for is shown by tests that are there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROWS = [
    line for line in (ROOT / "docs" / "asks.md").read_text(encoding="utf-8").splitlines() if line[:3] > "| 0"
]


def named(row: str) -> list[tuple[str, str]]:
    """(file, function or nothing) of each test that a row names."""
    return re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", row.split("|")[4])


def test_each_of_the_twenty_two_names_a_test() -> None:
    numbered = [row for row in ROWS if re.match(r"\| \d+ \|", row)]
    assert [int(row.split("|")[1]) for row in numbered] == list(range(1, 23))
    assert all(map(named, numbered))


def test_every_test_it_names_is_there() -> None:
    for file, function in [test for row in ROWS for test in named(row)]:
        text = (ROOT / file).read_text(encoding="utf-8")
        assert not function or f"\ndef {function}(" in text, f"{file}::{function}"
