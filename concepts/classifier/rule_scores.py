"""What a rule says of every picture of the library: computed once, then looked at from several sides."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cachetools import LRUCache, cachedmethod

from concepts.bundle.decisions import zones_between
from concepts.bundle.rules import Expression
from concepts.classifier.rule_probability import Bools, Shares, bounds, combined, holds
from concepts.classifier.rule_views import RuleOrder
from storage.heads import StoredHead
from storage.vectors.ids import PictureIds, Rows
from storage.vectors.reader import VectorReader, smallest

KEPT = 2  # rules in memory: 4 · (3 + concepts) bytes a picture each


@dataclass(frozen=True, eq=False)
class LibraryRule:
    """members (n, concepts) are the concepts' own probabilities; probability, low and high (n,) the rule's,
    as a product and at its limits."""

    vectors: str
    ids: PictureIds
    members: Shares
    probability: Shares
    low: Shares
    high: Shares

    def nearly(self, threshold: float) -> Bools:
        """(n,) not flagged, but with odds of at least half of those of the threshold."""
        line = zones_between(threshold, None, None).no_up_to
        return (self.probability < np.float32(threshold)) & (self.probability >= np.float32(line))

    def by_decisions(self, expression: Expression, thresholds: Sequence[float]) -> Bools:
        """(n,) what the rule says as logic, of the yes and no of each concept alone."""
        return holds(expression, self.members >= np.array(thresholds, np.float32))

    def places(self, order: RuleOrder, threshold: float, without: Ids[str]) -> Rows:
        """(listed,) the places of the pictures to show, the most probable first: all, or those that are
        nearly flagged. None is among those `without`."""
        shown = self.nearly(threshold) if order == "nearly" else np.ones(len(self.ids), dtype=bool)
        out = self.ids.places(sorted(without))
        shown[out[out >= 0]] = False
        keys = np.where(shown, -self.probability, np.float32(np.inf))
        return smallest(keys, int(shown.sum()))


def _key(
    _: object, expression: Expression, heads: Sequence[StoredHead], vectors: VectorReader
) -> tuple[bytes, str]:
    found = hashlib.sha256(expression.model_dump_json().encode())
    for head in heads:
        found.update(head.weights + np.float64(head.bias).tobytes())
    return found.digest(), vectors.version


class RuleCache:
    """What the last few rules that were looked at say of the library."""

    def __init__(self) -> None:
        self._kept: LRUCache[tuple[bytes, str], LibraryRule] = LRUCache(KEPT)
        self._changed = threading.Condition()

    def has(self, expression: Expression, heads: Sequence[StoredHead], vectors: VectorReader) -> bool:
        """Whether `of` would take no time."""
        return _key(self, expression, heads, vectors) in self._kept

    @cachedmethod(lambda self: self._kept, _key, condition=lambda self: self._changed)
    def of(self, expression: Expression, heads: Sequence[StoredHead], vectors: VectorReader) -> LibraryRule:
        """Computed where it isn't kept, or where the library has changed. Seconds for a million."""
        return _computed(expression, heads, vectors)


def _computed(expression: Expression, heads: Sequence[StoredHead], vectors: VectorReader) -> LibraryRule:
    weights = np.stack([np.frombuffer(head.weights, dtype="<f8") for head in heads], axis=1)
    logits = vectors.scores(weights, np.array([head.bias for head in heads]))
    members = (1 / (1 + np.exp(-np.clip(logits.values, -60, 60)))).astype(np.float32, copy=False)
    low, high = bounds(expression, members)
    return LibraryRule(vectors.version, logits.ids, members, combined(expression, members), low, high)
