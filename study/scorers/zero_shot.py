"""What scorers of single texts have in common: a direction made from texts and the library, and no answer."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, Pictures, Scorer, SingleTexts, Texts, TrainingSet


class ZeroShot(Scorer, Protocol):
    """A scorer that learns nothing from labels. It inherits from this class and says where to look."""

    def direction(self, texts: SingleTexts, library: Vectors) -> Vectors:
        """(d,) unit, for a library (n, d) of at least one picture."""

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        if texts is None:
            raise NotEnoughLabelsError("There are no words to search for.")
        if not len(pictures.vectors):
            raise NotEnoughLabelsError("There is no picture to rank.")
        return np.asarray(pictures.vectors @ self.direction(texts.each(), pictures.vectors), np.float64)
