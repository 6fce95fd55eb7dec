"""Rows that nobody labelled, beside those that somebody did: what heads that stretch a few examples share."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.heads import AutoHead, Head
from concepts.registry import Method

BELOW = 10  # groups that count: whoever has more needs no stretching
WEIGHT = 0.1  # of a row that nobody labelled


@dataclass(frozen=True)
class Augmenter(Head):
    """The app's head, from labels and more rows. What is held out never makes any."""

    head: Head = field(default_factory=AutoHead)

    method: ClassVar[Method]

    @abstractmethod
    def more(self, data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
        """Rows beside `data`, which has a yes and a no; their groups are those they came from."""

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        few = data.positives and data.negatives and len(np.unique(data.group[data.positive])) < BELOW
        learned = joined(data, self.more(data, np.random.default_rng(seed))) if few else data
        return self.head.fit(learned, text_direction, seed)

    def settled(self, fitted: LinearHead) -> Head:
        return replace(self, head=self.head.settled(fitted))


def joined(a: TrainingSet, b: TrainingSet) -> TrainingSet:
    return TrainingSet(
        np.concatenate([a.vectors, b.vectors]).astype(np.float32),
        np.concatenate([a.positive, b.positive]),
        np.concatenate([a.weight, b.weight]),
        np.concatenate([a.group, b.group]),
    )
