"""From what the person wants to a threshold."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np

from concepts.errors import SettingsError
from concepts.learning.base import Bools, Floats


@dataclass(frozen=True)
class Target:
    """What the threshold should reach. `at_least` is the floor in 0..1 for precision and recall."""

    kind: Literal["f1", "precision", "recall"] = "f1"
    at_least: float = 0.0

    def __str__(self) -> str:
        return "best F1" if self.kind == "f1" else f"{self.kind} at least {self.at_least:g}"

    @classmethod
    def parse(cls, text: str) -> Target:
        """Reads `best F1`, `precision at least 0.9` and `recall at least 0.95`; raises `SettingsError`."""
        words = text.strip().casefold()
        if words == "best f1":
            return cls()
        found = re.fullmatch(r"(precision|recall) at least (0?\.\d+|[01](?:\.0*)?)", words)
        if found is None or not 0 < float(found[2]) <= 1:
            raise SettingsError(
                f"Not a target: {text!r}. Write “best F1”, “precision at least 0.9” or “recall at least 0.9”."
            )
        return cls("precision" if found[1] == "precision" else "recall", float(found[2]))


@dataclass(frozen=True)
class Threshold:
    """Yes where p ≥ value, and what that gave on the pictures it was chosen on."""

    value: float
    precision: float
    recall: float
    f1: float
    met: bool


def choose_threshold(probability: Floats, positive: Bools, target: Target) -> Threshold:
    """The best threshold for `target` on (n,) held-out probabilities, half-way between two pictures.

    A precision floor takes the most recall it allows, a recall floor the most precision. Where the floor
    can't be met, the closest: highest precision. Needs at least one positive.
    """
    order = np.argsort(-probability, kind="stable")
    p, hits = probability[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(p) != 0, True))  # pictures of equal p can't be told apart
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    f1 = 2 * hits[last] / (last + 1 + hits[-1])
    below = np.append(p, 0.0)[last + 1]
    cut = (p[last] + below) / 2
    if target.kind == "f1":
        best, met = int(np.argmax(f1)), True
    elif target.kind == "precision":
        good = np.flatnonzero(precision >= target.at_least)
        best, met = (int(good[-1]), True) if good.size else (int(np.argmax(precision)), False)
    else:
        good = np.flatnonzero(recall >= target.at_least)
        best, met = int(good[np.argmax(precision[good])]), True
    return Threshold(float(cut[best]), float(precision[best]), float(recall[best]), float(f1[best]), met)
