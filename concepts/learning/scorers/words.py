"""Searching for the words."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Pictures, Scorer, Texts, TrainingSet
from concepts.registry import Method


class WordsScorer(Scorer):
    """The cosine with the words, whatever was answered: what a plain search for them gives."""

    method = Method(
        name="words",
        what="Ranks by likeness to the words and learns nothing from answers.",
        source="the baseline of the field",
        licence="",
        cost="one look at the library; needs no answer",
    )
    exportable: ClassVar[bool] = False

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        if texts is None:
            raise NotEnoughLabelsError("There are no words to search for.")
        return np.asarray(pictures.vectors @ texts.direction, np.float64)
