"""What a rule over several concepts says of the library, and how often that is what people say."""

from __future__ import annotations

import hashlib
import threading
from collections import Counter
from collections.abc import Collection as Ids
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from cachetools import LRUCache, cachedmethod
from numpy.typing import NDArray

from concepts.bundle import scorer
from concepts.bundle.decisions import zones_between
from concepts.bundle.facts import AnyOf, Expression, Is, Not, parts_of
from concepts.classifier.training import linear_head
from concepts.labelling.consensus import Decision
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.base import Bools, StackedHeads
from concepts.learning.intervals import clopper_pearson
from concepts.library.search import with_look_alikes
from concepts.view import View
from storage.heads import StoredHead
from storage.vectors.ids import PictureIds, Rows
from storage.vectors.reader import VectorReader, smallest

KEPT = 2  # rules in memory: 4 · (3 + concepts) bytes a picture each
ERROR = 0.05

Shares = NDArray[np.floating[Any]]
RuleOrder = Literal["top", "nearly"]


class Member(View):
    """A concept of a rule. `version` says yes from `threshold` on."""

    concept: str
    version: int
    threshold: float


class MemberSaid(View):
    """What one of them says of a picture; `said` is what people do, empty where none looked at it."""

    concept: str
    probability: float
    decision: Literal["yes", "no"]
    said: str


class RulePicture(View):
    """`probability` is the product of the members'; whatever these have to do with each other, it lies
    between `low` and `high`."""

    id: str
    path: str
    probability: float
    low: float
    high: float
    flagged: bool
    members: tuple[MemberSaid, ...]


class Agreed(View):
    """Of `n` pictures with a yes or no of people for every member, `right` are flagged as these answers
    together say; `low` and `high` are the 95 % interval of that share (Clopper and Pearson, 1934)."""

    n: int
    right: int
    flagged: int
    should: int
    low: float
    high: float


class RuleAgreement(View):
    """`all` labelled pictures; and those of which no version learned from a near-duplicate."""

    all: Agreed
    unlearned: Agreed | None


class Tried(View):
    """A rule on the library: `flagged` pictures of `total` are at least as probable as the threshold, and
    `nearly` more have odds of at least half of its odds. Whatever the members have to do with each other,
    `surely` of them would be flagged, and `possibly` that many. `by_decisions`: as many as it would flag by
    the yes and no of each member alone. `listed`: all but those that measure a member and have no answer."""

    rule: str
    threshold: float
    members: tuple[Member, ...]
    total: int
    listed: int
    flagged: int
    nearly: int
    surely: int
    possibly: int
    by_decisions: int
    twice: tuple[str, ...]  # members that stand in the rule more than once
    assumption: str
    agreement: RuleAgreement | None  # none where no picture has an answer for every member
    order: RuleOrder
    start: int
    pictures: tuple[RulePicture, ...]


class CombinationView(View):
    """A rule that was kept. `problem`: why it can't be used now, empty where it can."""

    name: str
    number: int
    rule: str
    threshold: float
    members: tuple[Member, ...]
    author: str
    created: datetime
    problem: str = ""


def assumption_of(members: int, twice: tuple[str, ...]) -> str:
    """What the combined probability takes for granted, in words."""
    if members < 2 and not twice:
        return ""
    words = (
        "The probabilities are multiplied as if, in one picture, one concept said nothing about another. "
        "Where they go together more, or less, the true one differs: it lies between the two limits shown."
    )
    if twice:
        names = ", ".join(f"“{name}”" for name in twice)
        words += (
            f" {names} stands in the rule more than once, and is multiplied as if each time were another "
            "concept: write it so that it stands there once, where you can."
        )
    return words


@dataclass(frozen=True, eq=False)
class LibraryRule:
    """members (n, concepts) are the concepts' own probabilities; probability, low and high (n,) the rule's,
    as a product and at its limits."""

    expression: Expression
    ids: PictureIds
    members: Shares
    probability: Shares
    low: Shares
    high: Shares

    def nearly(self, threshold: float) -> Bools:
        """(n,) not flagged, but with odds of at least half of those of the threshold."""
        line = zones_between(threshold, None, None).no_up_to
        return (self.probability < np.float32(threshold)) & (self.probability >= np.float32(line))

    def by_decisions(self, thresholds: Sequence[float]) -> Bools:
        """(n,) what the rule says as logic, of the yes and no of each concept alone."""
        return holds(self.expression, self.members >= np.array(thresholds, np.float32))

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
        probability = combined(expression, members)
        return LibraryRule(expression, logits.ids, members, probability, *bounds(expression, members))


def combined(expression: Expression, probabilities: Shares) -> Shares:
    """(n, concepts) → (n,): products, as a bundle computes it. That is the probability of the rule if, given
    a picture, whether one concept counts said nothing about another, and each stands in it once."""
    return np.asarray(scorer.combined(expression.model_dump(), probabilities))


def bounds(expression: Expression, probabilities: Shares) -> tuple[Shares, Shares]:
    """(n, concepts) → the least and the greatest (n,) that the rule's probability can be, whatever its
    concepts have to do with each other (Fréchet, 1935), if each one's own is right."""
    if isinstance(expression, Is):
        own = probabilities[:, expression.concept]
        return own, own
    parts = [bounds(part, probabilities) for part in parts_of(expression)]
    lows, highs = (np.stack(limits) for limits in zip(*parts, strict=True))
    if isinstance(expression, Not):
        return 1 - highs[0], 1 - lows[0]
    if isinstance(expression, AnyOf):
        return lows.max(axis=0), np.minimum(highs.sum(axis=0), 1)
    return np.maximum(lows.sum(axis=0) - (len(parts) - 1), 0), highs.min(axis=0)


def holds(expression: Expression, yes: Bools) -> Bools:
    """(n, concepts) → (n,): the rule as logic, of what is said yes or no to. Products of 0 and 1 are that."""
    return np.asarray(combined(expression, yes.astype(np.float32)) == 1, dtype=bool)


def places(expression: Expression) -> Counter[int]:
    """How often each concept stands in the rule."""
    if isinstance(expression, Is):
        return Counter([expression.concept])
    return sum((places(part) for part in parts_of(expression)), Counter())


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


def agreement(
    rule: LibraryRule,
    threshold: float,
    answers: Sequence[Mapping[str, Decision]],
    learned: Sequence[Ids[str]],
) -> RuleAgreement | None:
    """`answers` of each concept by picture, and the pictures it may have `learned` from. None where no
    picture has a yes or no for every concept."""
    decided = [{i for i, decision in of.items() if decision.decided} for of in answers]
    common = sorted(set.intersection(*decided))
    places = rule.ids.places(common)
    ids = [i for i, place in zip(common, places, strict=True) if place >= 0]
    if not ids:
        return None
    yes = np.array([[of[i].value == "yes" for of in answers] for i in ids])
    flagged = rule.probability[places[places >= 0]] >= np.float32(threshold)
    should = holds(rule.expression, yes)
    fresh = np.array([not any(i in of for of in learned) for i in ids])
    unlearned = _agreed(flagged[fresh], should[fresh]) if fresh.any() else None
    return RuleAgreement(all=_agreed(flagged, should), unlearned=unlearned)


def learned_from(dataset: ConceptDataset, label_sequence: int) -> set[str]:
    """Pictures that a version may have learned from, with all that look like them: answered before it and
    not kept apart, labelled by a machine, or examples of the definition."""
    definition = dataset.revision.definition
    taught = dataset.at(label_sequence).answers.keys() | {rating.picture_id for rating in dataset.ratings}
    taught |= {*definition.examples, *definition.counterexamples}
    return with_look_alikes(taught, dataset.collection.library) - dataset.reserved


def _agreed(flagged: Bools, should: Bools) -> Agreed:
    n, right = len(flagged), int((flagged == should).sum())
    low, high = map(float, clopper_pearson(right, n, ERROR))
    return Agreed(n=n, right=right, flagged=int(flagged.sum()), should=int(should.sum()), low=low, high=high)
