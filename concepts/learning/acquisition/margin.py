"""What the head is least sure of."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition.base import Acquisition, Choice, Round
from concepts.registry import Method


class Margin(Acquisition):
    """The least certain pictures (Lewis & Gale 1994)."""

    method = Method(
        name="margin",
        what="Asks about the pictures it is least sure of.",
        source="Lewis & Gale, A sequential algorithm for training text classifiers, SIGIR 1994",
        licence="",
        cost="a look at the pool's scores",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        return [Choice(row, "borderline") for row in round.distinct(round.least_certain(), n)]
