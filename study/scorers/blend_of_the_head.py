"""The library's ranking as it was before heads had prototypes."""

from __future__ import annotations

from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.fitting import train_early
from concepts.learning.scorers import blended
from concepts.registry import Method


class BlendOfTheHead(Scorer):
    """As `blend`, by the line and the flow of labels alone."""

    method = Method(
        name="blend_of_the_head",
        what="As blend, by a head without prototypes.",
        source="what the app did before",
        cost="that of blend",
    )

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        head = train_early(data, None if texts is None else texts.direction, seed, "line")
        return blended(head.logits(pictures.vectors), data, pictures)
