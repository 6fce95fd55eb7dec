"""The words as a head, with the pictures that count where there are any."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads.base import Head
from concepts.registry import Method


class TextHead(Head):
    """The direction of the words, plus the mean of the yes pictures where there are any (Rocchio)."""

    method = Method(
        name="text",
        what="Looks for the words, and for what is like the pictures that count.",
        source="Rocchio, Relevance feedback in information retrieval, 1971",
        licence="",
        cost="nothing; needs no answer",
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        if text_direction is None and not data.positives:
            raise NotEnoughLabelsError("There is neither a text direction nor a picture labelled yes.")
        weights = np.zeros(data.vectors.shape[1])
        if text_direction is not None:
            weights += text_direction
        if data.positives:
            weights += np.average(data.vectors[data.positive], axis=0, weights=data.weight[data.positive])
        return LinearHead("text", weights, 0.0)
