"""The head protocol: labels → weights and a bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, LinearHead, Pictures, Scorer, Texts, TrainingSet
from concepts.learning.splits import grouped_folds


@dataclass(frozen=True)
class HeldOut:
    """A head for all labels, and a raw score (n,) of each by a head like it that had not seen the picture or
    its near-duplicates. folds 0: nothing could be held out, and the scores are the head's own."""

    head: LinearHead
    scores: Floats
    folds: int


class Head(Scorer, Protocol):
    """A scorer that reduces to weights and a bias, and so can be exported. Heads inherit from this class.

    Made without arguments when it is looked up by name. What leaves `fit` is neither calibrated nor has it
    a threshold: `concepts.learning.fitting.train_head` sees to both, for every head alike.
    """

    exportable: ClassVar[bool] = True

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        """Raises `NotEnoughLabelsError` where this way can't work with so few labels."""

    def settled(self, fitted: LinearHead) -> Head:
        """This way with what `fit` chose from the labels held fixed, to be fitted to parts of them."""
        return self

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        """Raises `NotEnoughLabelsError` as `fit` does. Needs a label."""
        head = self.fit(data, text_direction, seed)
        folds = grouped_folds(data.positive, data.group, seed)
        if not folds:
            return HeldOut(head, head.logits(data.vectors), 0)
        settled, scores = self.settled(head), np.empty(len(data.positive))
        for train, test in folds:
            scores[test] = settled.fit(data.at(train), text_direction, seed).logits(data.vectors[test])
        return HeldOut(head, scores, len(folds))

    def score(self, data: TrainingSet, texts: Texts | None, pictures: Pictures, seed: int) -> Floats:
        direction = None if texts is None else texts.direction
        return self.fit(data, direction, seed).logits(pictures.vectors)


def require_both(data: TrainingSet) -> None:
    """Raises `NotEnoughLabelsError` unless there is a yes and a no."""
    for what, count in (("yes", data.positives), ("no", data.negatives)):
        if not count:
            raise NotEnoughLabelsError(f"No picture is labelled {what}; a head needs at least one of each.")
