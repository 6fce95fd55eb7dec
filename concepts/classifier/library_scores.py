"""What a version says of every picture of the library: computed once, then looked at from many sides."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from concepts.learning.splits import Rows
from storage.heads import StoredHead

if TYPE_CHECKING:
    from storage.vectors.exact import Matrix

KEPT = 4  # versions in memory: 12 bytes a picture each
STEPS = 1000  # thresholds from 0 to 1 that the screen can show

Order = Literal["top", "bottom", "borderline"]


@dataclass(frozen=True)
class LibraryScores:
    """probability (n,) in 0..1; row i is picture matrix.ids[i]."""

    matrix: Matrix
    probability: NDArray[np.float32]

    @cached_property
    def _rising(self) -> Rows:
        return np.argsort(self.probability, kind="stable")

    @cached_property
    def _sorted(self) -> NDArray[np.float32]:
        return self.probability[self._rising]

    def flagged(self, threshold: float) -> int:
        """How many pictures are called yes."""
        return len(self._sorted) - int(np.searchsorted(self._sorted, np.float32(threshold)))

    def flagged_at_each_step(self) -> list[int]:
        """(STEPS + 1,) pictures called yes at the thresholds 0, 1/STEPS, … 1."""
        steps = np.linspace(0, 1, STEPS + 1).astype(np.float32)
        return [int(n) for n in len(self._sorted) - np.searchsorted(self._sorted, steps)]

    def page(self, order: Order, threshold: float, start: int, size: int) -> list[tuple[str, float]]:
        """(picture id, probability) of rows `start` to `start + size`, surest first, or nearest to the
        threshold first."""
        if order == "top":
            rows = self._rising[::-1][start : start + size]
        elif order == "bottom":
            rows = self._rising[start : start + size]
        else:
            middle = int(np.searchsorted(self._sorted, np.float32(threshold)))
            near = self._rising[max(middle - start - size, 0) : middle + start + size]
            distance = np.abs(self.probability[near] - np.float32(threshold))
            rows = near[np.argsort(distance, kind="stable")][start : start + size]
        return [(self.matrix.ids[row].decode(), float(self.probability[row])) for row in rows]


class ScoreCache:
    """The scores of the last few versions looked at. A version with another threshold has the same ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[bytes, LibraryScores] = OrderedDict()

    def has(self, head: StoredHead, matrix: Matrix) -> bool:
        kept = self._kept.get(_key(head))
        return kept is not None and kept.matrix is matrix

    def of(self, head: StoredHead, matrix: Matrix) -> LibraryScores:
        """Computed where they are not kept, or where the library has changed. Seconds for a million."""
        with self._lock:
            key = _key(head)
            kept = self._kept.get(key)
            if kept is None or kept.matrix is not matrix:
                logits = matrix.scores(np.frombuffer(head.weights, dtype="<f8"), head.bias)
                probability = 1 / (1 + np.exp(-np.clip(logits, -60, 60)))
                kept = LibraryScores(matrix, probability.astype(np.float32, copy=False))
                self._kept[key] = kept
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
            return kept


def _key(head: StoredHead) -> bytes:
    return hashlib.sha256(head.weights + np.float64(head.bias).tobytes()).digest()
