"""The head that suits the labels there are."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads.base import Head, HeldOut
from concepts.learning.heads.lda import LDAHead
from concepts.learning.heads.logistic import LogisticHead
from concepts.learning.heads.text import TextHead
from concepts.registry import Method

SUITED: dict[str, Head] = {"text": TextHead(), "lda": LDAHead(), "logistic": LogisticHead()}
FEW = 5  # with fewer groups of either class, cross-validating C is a lottery


class AutoHead(Head):
    """Text without both a yes and a no, LDA with few of either, logistic regression from there."""

    method = Method(
        name="auto",
        what="Takes what suits the number of answers: the words, then lda, then logistic.",
        source="this project",
        licence="",
        cost="that of the head it takes",
        defaults={"few": FEW},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        return self._choose(data).fit(data, text_direction, seed)

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        return self._choose(data).fit_held_out(data, text_direction, seed)

    def settled(self, fitted: LinearHead) -> Head:
        return SUITED[fitted.kind].settled(fitted)

    def _choose(self, data: TrainingSet) -> Head:
        yes, no = len(np.unique(data.group[data.positive])), len(np.unique(data.group[~data.positive]))
        if not yes or not no:
            return TextHead()
        return LDAHead() if min(yes, no) < FEW else LogisticHead()
