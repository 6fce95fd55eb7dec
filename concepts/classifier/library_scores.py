"""What a version says of every picture of the library: computed once, then looked at from many sides."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray

from concepts.bundle.scorer import sigmoid
from concepts.classifier.training import linear_head
from storage.heads import StoredHead
from storage.vectors.ids import PictureIds
from storage.vectors.reader import Scores, VectorReader

KEPT = 4  # versions in memory: 8 bytes a picture each
STEPS = 1000  # thresholds from 0 to 1 that the screen can show

ScoreOrder = Literal["top", "bottom", "borderline"]


@dataclass(frozen=True)
class LibraryScores:
    """The probability of every picture, 0 to 1.

    `ranking` orders the same pictures by all answers (`concepts.labelling.ranking`), where that can be done;
    `is_ranked`: that was tried.
    """

    probability: Scores
    ranking: Scores | None = None
    is_ranked: bool = False

    @cached_property
    def _rising(self) -> NDArray[np.float32]:
        return np.sort(self.probability.values)

    def flagged(self, threshold: float) -> int:
        """How many pictures are called yes."""
        return len(self._rising) - int(np.searchsorted(self._rising, np.float32(threshold)))

    def up_to(self, line: float) -> int:
        """How many pictures are no more probable than that."""
        return int(np.searchsorted(self._rising, np.float32(line), side="right"))

    def flagged_at_each_step(self) -> list[int]:
        """(STEPS + 1,) pictures called yes at the thresholds 0, 1/STEPS, … 1."""
        steps = np.linspace(0, 1, STEPS + 1).astype(np.float32)
        return [int(n) for n in len(self._rising) - np.searchsorted(self._rising, steps)]

    def page(self, order: ScoreOrder, threshold: float, start: int, size: int) -> list[tuple[str, float]]:
        """(picture id, probability) of `size` pictures behind the first `start`: surest first, or nearest
        to the threshold first. The surest are those of the ranking, where there is one."""
        if order == "borderline":
            return self.probability.nearest(threshold, size, start)
        ranked = self.ranking or self.probability
        found = ranked.top(size, start) if order == "top" else ranked.bottom(size, start)
        if self.ranking is None:
            return found
        return self.probability.of([picture_id for picture_id, _ in found])


def _key(_: object, head: StoredHead, vectors: VectorReader) -> tuple[bytes, str]:
    return hashlib.sha256(head.function).digest(), vectors.version


class ScoreCache:
    """The scores of the last few versions looked at. A version with another threshold has the same ones.

    Two heads are computed beside each other, the same head once.
    """

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[bytes, str], LibraryScores] = LRUCache(KEPT)
        self._changed = threading.Condition()

    def has(self, head: StoredHead, vectors: VectorReader) -> bool:
        """Whether `of` would take no time."""
        return _key(self, head, vectors) in self._kept

    @cachedmethod(lambda self: self._kept, _key, condition=lambda self: self._changed)
    def of(self, head: StoredHead, vectors: VectorReader) -> LibraryScores:
        """Computed where they are not kept, or where the library has changed. Seconds for a million."""
        return _scored(head, vectors)

    def rank(self, head: StoredHead, vectors: VectorReader, ranking: Scores | None) -> None:
        """Keeps the order of these vectors' pictures beside the scores of the head, or that there is none."""
        ranked = replace(self.of(head, vectors), ranking=ranking, is_ranked=True)
        with self._changed:
            self._kept[_key(self, head, vectors)] = ranked


def scored_alone(head: StoredHead, vectors: VectorReader, ids: Sequence[str]) -> list[tuple[str, float]]:
    """(picture id, probability) of those of these pictures that have a vector, and of no others."""
    return _scored(head, vectors, PictureIds.of(ids)).probability.of(ids)


def _scored(head: StoredHead, vectors: VectorReader, allowed: PictureIds | None = None) -> LibraryScores:
    logits = linear_head(head).scores(vectors, allowed)
    probability = sigmoid(logits.values).astype(np.float32, copy=False)
    return LibraryScores(replace(logits, values=probability))
