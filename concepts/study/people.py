"""Simulated people. Wherever their answers appear they are called simulated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Answer = Literal["yes", "no", "unsure"]

# What a person's time is taken to be, in seconds: people at the labelling screen, a picture at a time.
SECONDS_AN_ANSWER = 1.5


@dataclass(frozen=True)
class SimulatedPerson:
    """A labelling function that answers at once, never tires and never changes its mind.

    A study with it measures the product's choices, not a person's patience. `counts` and `unsure` take a
    picture's name.
    """

    counts: Callable[[str], bool]
    unsure: Callable[[str], bool] | None = None

    def answer(self, picture: str) -> Answer:
        if self.unsure is not None and self.unsure(picture):
            return "unsure"
        return "yes" if self.counts(picture) else "no"

    truth = answer  # what this person means and what they say are one
