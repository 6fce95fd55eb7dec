"""What a rule over several concepts says of the library."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Collection as Ids
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray

from concepts.bundle import scorer
from concepts.bundle.decisions import zones_between
from concepts.bundle.facts import AnyOf, Expression, Is, Not, parts_of
from concepts.learning.base import Bools, StackedHeads
from concepts.results.training import linear_head
from concepts.view import View
from storage.heads import StoredHead
from storage.vectors.ids import PictureIds, Rows
from storage.vectors.reader import VectorReader, smallest

KEPT = 2  # rules in memory: 4 · (1 + concepts) bytes a picture each

Shares = NDArray[np.floating[Any]]
RuleOrder = Literal["top", "nearly"]


class Member(View):
    """A concept of a rule, and the version that speaks for it."""

    concept: str
    version: int


class MemberSaid(View):
    """What one of them says of a picture; `said` is what people do, empty where none looked at it."""

    concept: str
    probability: float
    said: str


class RulePicture(View):
    """`probability` is the product of the members'; width and height as of every picture."""

    id: str
    path: str
    width: int = 0
    height: int = 0
    probability: float
    flagged: bool
    members: tuple[MemberSaid, ...]


class Tried(View):
    """A rule on the library: `flagged` pictures of `total` are at least as probable as the threshold, and
    `nearly` more have odds of at least half of its odds. `listed`: all but those that measure a member and
    have no answer."""

    rule: str
    threshold: float
    members: tuple[Member, ...]
    total: int
    listed: int
    flagged: int
    nearly: int
    order: RuleOrder
    start: int
    pictures: tuple[RulePicture, ...]


class CombinationView(View):
    """A rule that was kept. `problem`: why it can't be used now, empty where it can."""

    name: str
    rule: str
    threshold: float
    members: tuple[Member, ...]
    author: str
    created: datetime
    problem: str = ""


@dataclass(frozen=True, eq=False)
class LibraryRule:
    """members (n, concepts) are the concepts' own probabilities; probability (n,) the rule's, their
    product."""

    ids: PictureIds
    members: Shares
    probability: Shares

    def nearly(self, threshold: float) -> Bools:
        """(n,) not flagged, but with odds of at least half of those of the threshold."""
        line = zones_between(threshold, None, None).no_up_to
        return (self.probability < np.float32(threshold)) & (self.probability >= np.float32(line))

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
        found.update(head.function)
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
        stacked = StackedHeads([linear_head(head) for head in heads])
        logits = vectors.scores(stacked.columns, joined=stacked.joined)
        members = scorer.sigmoid(logits.values).astype(np.float32, copy=False)
        return LibraryRule(logits.ids, members, combined(expression, members))


def combined(expression: Expression, probabilities: Shares) -> Shares:
    """(n, concepts) → (n,): products, as a bundle computes it. That is the probability of the rule if, given
    a picture, whether one concept counts said nothing about another, and each stands in it once."""
    return np.asarray(scorer.combined(expression.model_dump(), probabilities))


def groups_of(expression: Expression) -> list[list[tuple[int, bool]]] | None:
    """A rule of one kind as a list to read: any of these groups, in each all of these, (concept, is it).
    None for a rule with brackets that this can't say."""
    groups = []
    for part in parts_of(expression) if isinstance(expression, AnyOf) else [expression]:
        inside = [part] if isinstance(part, Is | Not | AnyOf) else list(parts_of(part))
        group = []
        for one in inside:
            plain = one.but if isinstance(one, Not) else one
            if not isinstance(plain, Is):
                return None
            group.append((plain.concept, not isinstance(one, Not)))
        groups.append(group)
    return groups
