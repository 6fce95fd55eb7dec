"""What a threshold is for, as people write it. Needs no library, so that a wrong one is told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from concepts.errors import WrongUsageError

Side = Literal["yes", "no"]  # what a line is to make sure of: yes above it, no below it
SPELLING = "f1, precision=0.9 or recall=0.9"
_FLOOR = re.compile(r"(precision|recall)(?:=| at least )(0?\.\d+|[01](?:\.0*)?)")


@dataclass(frozen=True)
class Target:
    """What the threshold should reach. `at_least` is the floor in 0..1 for precision and recall."""

    kind: Literal["f1", "precision", "recall"] = "f1"
    at_least: float = 0.0

    def __str__(self) -> str:
        """As it is kept with a version and printed on cards."""
        return "best F1" if self.kind == "f1" else f"{self.kind} at least {self.at_least:g}"

    @property
    def plainly(self) -> str:
        """As people say it, behind the version it is of."""
        if self.kind == "f1":
            return "balances both kinds of mistake"
        of = "flagged to be right" if self.kind == "precision" else "that count to be found"
        return f"wants {100 * self.at_least:.3g} of 100 {of}"

    def judged(self, low: float | None, high: float | None) -> str:
        """What a 95 % interval, measured on pictures kept for that, says of the floor; empty without one."""
        if self.kind == "f1":
            return ""
        of = "pictures it flags" if self.kind == "precision" else "pictures that count"
        does = "to be right" if self.kind == "precision" else "to be found"
        asked = f"You asked for at least {100 * self.at_least:.3g} of 100 {of} {does}: "
        if low is None or high is None:
            return asked + "there are too few test labels to say whether they are."
        met = self.met(low, high)
        if met is None:
            return asked + "that is not certain. More test labels would tell."
        return asked + ("they are." if met else "they are not.")

    def met(self, low: float | None, high: float | None) -> bool | None:
        """Whether such an interval is above the floor; None where that is open, or there is none."""
        if self.kind == "f1" or low is None or high is None or low < self.at_least <= high:
            return None
        return low >= self.at_least

    @classmethod
    def parse(cls, text: str) -> Target:
        """Reads `f1`, `precision=0.9`, `recall=0.9` and what `str` gives. Raises `WrongUsageError`."""
        words = text.strip().casefold()
        if words in ("f1", "best f1"):
            return cls()
        found = _FLOOR.fullmatch(words)
        if found is None or not 0 < float(found[2]) <= 1:
            raise WrongUsageError(f"“{text}” is no target. Write {SPELLING}.")
        return cls("precision" if found[1] == "precision" else "recall", float(found[2]))
