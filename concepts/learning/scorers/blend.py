"""The head and the neighbour graph together."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Pictures, Scorer, TrainingSet
from concepts.learning.fitting import train_early
from concepts.learning.scorers.propagation import Propagation
from concepts.registry import Method


class Blend(Scorer):
    """z(propagation) + z(head): each in standard deviations over the pictures that are ranked.

    Where answers can't flow yet the head ranks alone. It knows the very pictures it ranks, so its figures are
    about them and say nothing of a file that leaves the house.
    """

    method = Method(
        name="blend",
        what="What the classifier says, corrected by the answers to pictures that look alike.",
        source="this project; see propagation",
        licence="",
        cost="that of propagation and of the head",
    )
    exportable: ClassVar[bool] = False

    def score(
        self, data: TrainingSet, text_direction: Vectors | None, pictures: Pictures, seed: int
    ) -> Floats:
        head = train_early(data, text_direction, seed)
        scores = _standardised(head.logits(pictures.vectors))
        try:
            return scores + _standardised(Propagation().score(data, text_direction, pictures, seed))
        except NotEnoughLabelsError:
            return scores


def _standardised(values: Floats) -> Floats:
    return np.asarray((values - values.mean()) / max(float(values.std()), 1e-12))
