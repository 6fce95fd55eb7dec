"""Any picture."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round
from concepts.registry import Method


class Random(Acquisition):
    """Any picture: the baseline, and what an unbiased sample needs."""

    method = Method(
        name="random",
        what="Asks about any picture.",
        source="the baseline of the field",
        cost="nothing",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        rows = rng.permutation(round.free())
        return [Choice(row, "random") for row in round.distinct(rows, n)]
