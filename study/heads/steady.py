"""Logistic regression with one strength of regularisation, whatever the answers."""

from __future__ import annotations

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import Head, HeldOut, LogisticHead, TextHead
from concepts.registry import Method

STRENGTH = 100.0  # C: between pictures of unit length even the smallest distance is worth something


class SteadyHead(Head):
    """The words without both a yes and a no, then logistic regression with C = 100, never searched for."""

    method = Method(
        name="steady",
        what="Draws the border that fits the answers, as closely with few answers as with many.",
        source="this project; see logistic",
        licence="BSD-3-Clause",
        cost="milliseconds for a hundred answers",
        defaults={"C": STRENGTH},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        return self._choose(data).fit(data, text_direction, seed)

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        return self._choose(data).fit_held_out(data, text_direction, seed)

    def settled(self, fitted: LinearHead) -> Head:
        return TextHead() if fitted.kind == "text" else LogisticHead(STRENGTH)

    def _choose(self, data: TrainingSet) -> Head:
        return LogisticHead(STRENGTH) if data.positives and data.negatives else TextHead()
