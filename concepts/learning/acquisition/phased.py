"""As the app asks, but first for more of what counts, and clustering only among the first answers."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition.auto import Auto
from concepts.learning.acquisition.base import Acquisition, Choice, Round
from concepts.learning.acquisition.diverse_margin import DiverseMargin
from concepts.learning.acquisition.margin import Margin
from concepts.registry import Method

FEW_YES = 3  # with fewer groups of pictures that count, their like is looked for
DIVERSE_UNTIL = 25  # answers


class Phased(Auto):
    """`auto`, but between the first and the third yes it asks for what is most like a yes, and after 25
    answers for the least certain pictures without clustering them."""

    method = Method(
        name="phased",
        what="Looks for the first yes by the words, then for more like it, then asks what it is unsure of.",
        source="this project; see auto, diverse_margin and margin",
        licence="",
        cost="that of auto, less after 25 answers",
        defaults={"few_yes": FEW_YES, "diverse_until": DIVERSE_UNTIL},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        counts = round.training.positive
        groups = len(np.unique(round.training.group[counts & (round.training.weight >= 1)]))
        if 0 < groups < FEW_YES:
            return _like_a_yes(round, n)
        return super().select(round, n, rng)

    def known_way(self, round: Round) -> Acquisition:
        return DiverseMargin() if int(round.labelled.asked.sum()) < DIVERSE_UNTIL else Margin()


def _like_a_yes(round: Round, n: int) -> list[Choice]:
    """The free pictures nearest one that a person says counts."""
    yes = round.training.vectors[round.training.positive & (round.training.weight >= 1)]
    free = round.free()
    near = (round.pool.vectors[free] @ yes.T).max(axis=1)
    order = free[np.argsort(-near, kind="stable")]
    return [Choice(row, "like a yes") for row in round.distinct(order, n)]
