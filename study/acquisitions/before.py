"""Any picture; and by the head alone, once there is one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from concepts.learning.acquisition import (
    DIVERSE_UNTIL,
    Acquisition,
    Choice,
    DiverseMargin,
    Margin,
    Round,
    before_a_border,
)
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


class BorderOfTheHead(Acquisition):
    """As `auto` asked before it heard the nearest labels: the border of the head, one question in twenty
    anywhere, and nothing for a search of its own."""

    method = Method(
        name="border_of_the_head",
        what="As auto, but knows only the head's border, and looks elsewhere at random.",
        source="what the app did before",
        cost="that of auto",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        found = before_a_border(round, n, rng)
        if found or round.probability is None:
            return found
        exploring = int(rng.binomial(n, 0.05))
        known = replace(round, doubt=-np.abs(round.probability - 0.5))
        few = int(round.labelled.asked.sum()) < DIVERSE_UNTIL
        found = (DiverseMargin() if few else Margin()).select(known, n - exploring, rng)
        free = round.with_asked(found)
        rows = rng.permutation(free.free())
        return found + [Choice(row, "exploration") for row in free.distinct(rows, n - len(found))]
