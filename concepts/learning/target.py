"""What a threshold is for, as people write it. Needs no library, so that a wrong one is told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from concepts.errors import SettingsError

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

    @classmethod
    def parse(cls, text: str) -> Target:
        """Reads `f1`, `precision=0.9`, `recall=0.9` and what `str` gives. Raises `SettingsError`."""
        words = text.strip().casefold()
        if words in ("f1", "best f1"):
            return cls()
        found = _FLOOR.fullmatch(words)
        if found is None or not 0 < float(found[2]) <= 1:
            raise SettingsError(f"“{text}” is no target. Write {SPELLING}.")
        return cls("precision" if found[1] == "precision" else "recall", float(found[2]))
