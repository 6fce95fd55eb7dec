"""A row of the table: what the product takes, and what the least that could do it takes, in the same run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import Any

Work = Callable[[], object]
SETTLE = 0.2  # seconds: threads of a product before wait for more in a busy loop, and would be measured too


@dataclass(frozen=True)
class Row:
    """`seconds` and `baseline_seconds` of each repeat, in pairs that were measured one after the other.

    `bar`: the most that the ratio of the two may be, or, without a baseline, the most seconds; None for what
    is only told.
    """

    row: str
    seconds: tuple[float, ...]
    baseline_seconds: tuple[float, ...]
    bar: float | None
    baseline: str  # what it is

    @property
    def ratio(self) -> float | None:
        """Of the medians; None without a baseline."""
        return median(self.seconds) / median(self.baseline_seconds) if self.baseline_seconds else None

    @property
    def met(self) -> bool:
        found = median(self.seconds) if self.ratio is None else self.ratio
        return self.bar is None or found <= self.bar

    def record(self) -> dict[str, Any]:
        """As it is kept: medians, and every repeat beside them."""
        return {
            "row": self.row,
            "seconds": median(self.seconds),
            "baseline_seconds": median(self.baseline_seconds) if self.baseline_seconds else None,
            "ratio": self.ratio,
            "bar": self.bar,
            "met": None if self.bar is None else self.met,
            "repeats": {"seconds": self.seconds, "baseline_seconds": self.baseline_seconds},
        }


Rows = Iterator[Row]


def compared(
    row: str, bar: float | None, work: Work, baseline: str, least: Work, repeats: int = 5, warm: bool = True
) -> Row:
    """The two in turn, so that whoever else uses the machine disturbs both alike. `warm`: each once before,
    which isn't counted."""
    if warm:
        work()
        least()
    pairs = [(seconds_of(work), seconds_of(least)) for _ in range(repeats)]
    return Row(row, tuple(p[0] for p in pairs), tuple(p[1] for p in pairs), bar, baseline)


def within(row: str, bar: float, work: Work, repeats: int = 3) -> Row:
    """What may take so many seconds, whatever the machine."""
    return Row(row, tuple(seconds_of(work) for _ in range(repeats)), (), bar, "")


def seconds_of(work: Work) -> float:
    time.sleep(SETTLE)
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
