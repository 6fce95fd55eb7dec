"""The example result on Home, as `python -m docs.first_result` wrote it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from math import floor
from pathlib import Path

from concepts.classifier.versions import file_stem

STATIC = Path(__file__).parents[1] / "static" / "start"


@dataclass(frozen=True)
class ExamplePicture:
    address: str
    alt: str
    right: bool


@dataclass(frozen=True)
class Example:
    """`low` and `high`: 95 % confidence interval of `right`, the precision in percent. `seconds`: time spent
    on labelling."""

    name: str
    pictures: tuple[ExamplePicture, ...]
    flagged: int
    of: int
    right: int
    low: int
    high: int
    tested: int
    labels: int
    seconds: int
    file: str


@cache
def example() -> Example:
    """A real result over free photographs."""
    found = json.loads((STATIC / "result.json").read_text(encoding="utf-8"))
    right, low, high = (floor(100 * share) for share in found["precision"])  # never 100 %
    return Example(
        name=found["name"],
        pictures=tuple(
            ExamplePicture(f"/web/start/{one['file']}", one["shows"], one["right"]) for one in found["shown"]
        ),
        flagged=found["flagged"],
        of=found["pictures"],
        right=right,
        low=low,
        high=high,
        tested=found["measured"],
        labels=found["learned"] + found["measured"],
        seconds=found["seconds"],
        file=f"{file_stem(found['name'], 1)}.zip",
    )
