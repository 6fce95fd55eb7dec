"""Logistic regression with one strength of regularisation, whatever the answers."""

from __future__ import annotations

from concepts.learning.base import TrainingSet
from concepts.learning.heads import Head, LineHead, LogisticHead, TextHead
from concepts.registry import Method

STRENGTH = 100.0  # C: between pictures of unit length even the smallest distance is worth something


class SteadyHead(LineHead):
    """The words without both a yes and a no, then logistic regression with C = 100, never searched for."""

    method = Method(
        name="steady",
        what="Draws the border that fits the answers, as closely with few answers as with many.",
        source="this project; see logistic",
        licence="BSD-3-Clause",
        cost="milliseconds for a hundred answers",
        defaults={"C": STRENGTH},
    )

    def suited(self, data: TrainingSet) -> Head:
        return LogisticHead(STRENGTH) if data.positives and data.negatives else TextHead()
