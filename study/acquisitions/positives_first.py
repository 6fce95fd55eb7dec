"""What it takes for yes first, the least certain of it: who wants the pictures rather than the border."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round, before_a_border
from concepts.registry import Method


class PositivesFirst(Acquisition):
    """As `auto` until there is a border; then the yes side from the border on, and where that is used up the
    no side."""

    method = Method(
        name="positives_first",
        what="Asks about what it takes for yes, the least certain first.",
        source="after Zaher et al., PF-MA, arXiv 2603.24480, as its abstract has it",
        cost="a look at the pool's scores",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        found = before_a_border(round, n, rng)
        if found or round.probability is None:
            return found
        free = round.free()
        p = round.probability[free]
        order = free[np.lexsort((np.abs(p - 0.5), p < 0.5))]
        return [Choice(row, "borderline") for row in round.distinct(order, n)]
