"""Searching for the words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Pictures, Scorer, TrainingSet
from concepts.registry import Method


class Words(Scorer):
    """The cosine with the words, whatever was answered: what a plain search for them gives."""

    method = Method(
        name="words",
        what="Ranks by likeness to the words and learns nothing from answers.",
        source="the baseline of the field",
        licence="",
        cost="one look at the library; needs no answer",
    )
    exportable: ClassVar[bool] = False

    def score(
        self, data: TrainingSet, text_direction: Vectors | None, pictures: Pictures, seed: int
    ) -> Floats:
        if text_direction is None:
            raise NotEnoughLabelsError("There are no words to search for.")
        return np.asarray(pictures.vectors @ text_direction, np.float64)
