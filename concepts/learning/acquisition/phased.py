"""As the app asks, but clustering what it is least sure of only among the first answers."""

from __future__ import annotations

from concepts.learning.acquisition.auto import Auto
from concepts.learning.acquisition.base import Acquisition, Round
from concepts.learning.acquisition.diverse_margin import DiverseMargin
from concepts.learning.acquisition.margin import Margin
from concepts.registry import Method

DIVERSE_UNTIL = 25  # answers


class Phased(Auto):
    """`auto`, with diverse margin up to 25 answers and plain margin after."""

    method = Method(
        name="phased",
        what="Looks for the first yes by the words, then asks what it is least sure of, first of all kinds.",
        source="this project; see auto, diverse_margin and margin",
        licence="",
        cost="that of auto, less after 25 answers",
        defaults={"diverse_until": DIVERSE_UNTIL},
    )

    def known_way(self, round: Round) -> Acquisition:
        return DiverseMargin() if int(round.labelled.asked.sum()) < DIVERSE_UNTIL else Margin()
