"""The average of heads that were tuned differently."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import REGULARISATION, Head, LogisticHead, require_both
from concepts.registry import Method


class SoupHead(Head):
    """Logistic regression with each strength of regularisation; weights and biases averaged.

    Each is divided by the spread of its scores on the labelled pictures first: the less it is regularised,
    the longer its weights, and it alone would decide.
    """

    method = Method(
        name="soup",
        what="Takes the average of careful and of eager borders instead of picking one.",
        source="Wortsman et al., Model soups, ICML 2022 (the uniform soup)",
        licence="BSD-3-Clause",
        cost="as many times that of steady as there are strengths; needs a yes and a no",
        defaults={"C": REGULARISATION},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        weights, bias = np.zeros(data.vectors.shape[1]), 0.0
        for C in REGULARISATION:
            head = LogisticHead(C).fit(data, text_direction, seed)
            spread = max(float(head.logits(data.vectors).std()), 1e-12) * len(REGULARISATION)
            weights, bias = weights + head.weights / spread, bias + head.bias / spread
        return LinearHead("soup", weights, bias)
