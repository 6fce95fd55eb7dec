"""What is known of a concept's answers until something changes: counts, what is kept apart, and advice."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from cachetools import LRUCache, cachedmethod

from concepts.classifier.rarity import Rarity
from concepts.classifier.stability import Settling
from concepts.errors import DiscernError
from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.labelling.question_queue import Decisions
from concepts.library.collection import Collection
from concepts.library.search import with_look_alikes
from storage.concepts import Certifying, ConceptStore
from storage.kept_figures import KeptFigure, KeptFigures
from storage.labels import LabelLog
from storage.tables import PURGED

log = logging.getLogger(__name__)


class StatCache:
    """In memory, and in SQL for processes that begin later."""

    def __init__(self, store: KeptFigures, labels: LabelLog) -> None:
        self._store, self._labels = store, labels
        self._here: dict[tuple[str, int], KeptFigure] = {}

    def known(self, what: str, now: Mapping[int, tuple[str, int]]) -> dict[int, Any]:
        """Concept id → the figure, of those that still stand. `now`: what each follows from by now, and the
        last removal of pictures from the library (as `KeptFigure` has them)."""
        found = {i: kept for i in now if (kept := self._here.get((what, i)))}
        if others := [i for i, (follows, _) in now.items() if i not in found or found[i].follows != follows]:
            found |= self._store.of(what, others)
        standing = {i: kept for i, kept in found.items() if kept.follows == now[i][0]}
        before = {i: kept for i, kept in standing.items() if kept.removal < now[i][1]}
        for concept_id in self._touched(before):
            del standing[concept_id]
        for concept_id, kept in standing.items():
            current = replace(kept, removal=max(kept.removal, now[concept_id][1]))
            self._here[what, concept_id] = current
        return {i: kept.value for i, kept in standing.items()}

    def keep(self, what: str, figures: Mapping[int, KeptFigure], *, lasting: bool) -> None:
        """`lasting`: for other processes, too. Where that can't be written it is worked out anew there."""
        self._here.update(((what, concept_id), kept) for concept_id, kept in figures.items())
        if lasting and figures:
            try:
                self._store.keep(what, figures)
            except DiscernError as error:
                log.warning("what is known of answers could not be kept: %s", error)

    def _touched(self, before: Mapping[int, KeptFigure]) -> set[int]:
        """Those of which a picture was removed, or put back, since."""
        if not before:
            return set()
        moved, _ = self._labels.removals_since(min(kept.removal for kept in before.values()))
        if PURGED in moved:  # nobody knows any more what was said of which
            return set(before)
        return self._labels.about(sorted(moved), list(before))


CONCEPTS_KEPT = 100  # some hundred ids each


@dataclass(frozen=True)
class Apart:
    """`evaluation`: what measures, by how it was drawn; `certifying`: what measures nothing; `kept`: all that
    nothing learns from. As the methods of `ConceptStore` have them."""

    evaluation: Mapping[str, str]
    certifying: Mapping[str, Certifying]
    kept: frozenset[str]


class HoldoutCache:
    """Read again where something was drawn for the concept, it looks elsewhere, or pictures were removed."""

    def __init__(self, collection: Collection, store: ConceptStore) -> None:
        self._collection, self._store = collection, store
        self._lock = threading.Lock()
        self._known: LRUCache[tuple[int, int, int, str], Apart] = LRUCache(CONCEPTS_KEPT)

    def _state(self, concept_id: int) -> tuple[int, int, int, str]:
        return (
            concept_id,
            self._store.last_drawn(concept_id),
            self._collection.removed.hidden().version,
            self._collection.frames.now(concept_id).key,
        )

    @cachedmethod(lambda self: self._known, _state, lambda self: self._lock)
    def now(self, concept_id: int) -> Apart:
        return Apart(
            self._store.evaluation_pictures(concept_id),
            self._store.certifying_pictures(concept_id),
            frozenset(self._store.kept_apart(concept_id)),
        )


ANSWERS = "answer count"  # what an earlier Discern kept as "answers" has other parts


class Stamp(NamedTuple):
    """What a count follows from: the last label event, how many pictures measure, and how many nothing is
    learned from; the key of what the concept looks in, where that isn't everything; and the last removal of
    pictures from the library."""

    sequence: int
    measuring: int
    apart: int
    removal: int
    frame: str = ""

    @property
    def follows(self) -> str:
        """All but the removal, which changes the count of a few concepts only."""
        return f"{self.sequence}/{self.measuring}/{self.apart}/{self.frame}"


class AnswerCounts:
    """The running decisions of each concept and their count."""

    def __init__(
        self, collection: Collection, apart: HoldoutCache, log: LabelLog, figures: StatCache
    ) -> None:
        self._collection, self._apart, self._log, self._figures = collection, apart, log, figures
        self._lock = threading.Lock()
        self._decisions: dict[int, Decisions] = {}
        self._reserved: dict[int, tuple[object, set[str]]] = {}

    def decisions(self, concept_id: int) -> Decisions:
        """What people decided, brought up to date by reading only what is new."""
        with self._lock:
            return self._decisions.setdefault(concept_id, Decisions(self._log, concept_id))

    def now(self, concept_id: int) -> AnswerCount:
        apart = self._apart.now(concept_id)
        stamp = Stamp(
            self._log.last_sequence(concept_id),
            len(apart.evaluation),
            len(apart.kept),
            self._collection.removed.hidden().version,
            self._collection.frames.now(concept_id).key,
        )
        return self.of({concept_id: stamp})[concept_id]

    def of(self, stamps: Mapping[int, Stamp], *, lasting: bool = False) -> dict[int, AnswerCount]:
        """The same by concept id for who knows these already. Answers are read only of a concept where
        something has changed; `lasting`: what is counted then is kept for other processes, too. A look-alike
        that comes into the library is noticed with the next answer: counting pictures takes longer than all
        of this."""
        kept = self._figures.known(
            ANSWERS, {i: (stamp.follows, stamp.removal) for i, stamp in stamps.items()}
        )
        found = {i: AnswerCount.model_validate(value) for i, value in kept.items()}
        counted = {i: self._counted(i) for i in stamps if i not in found}
        named = set(AnswerCount.model_fields)
        figures = {
            i: KeptFigure(stamps[i].follows, stamps[i].removal, count.model_dump(include=named))
            for i, count in counted.items()
        }
        self._figures.keep(ANSWERS, figures, lasting=lasting)
        return found | counted

    def _counted(self, concept_id: int) -> AnswerCount:
        decisions, blind = self.decisions(concept_id).with_blind()
        apart = self._apart.now(concept_id)
        reserved = self._with_look_alikes(concept_id, apart.kept)
        return count_answers(decisions, blind, apart.evaluation, apart.certifying, reserved, apart.kept)

    def _with_look_alikes(self, concept_id: int, apart: frozenset[str]) -> set[str]:
        """Looked up again where there are others, or the library has other pictures or groups of them."""
        library = self._collection.library.kept_counts(), self._collection.removed.hidden().version
        with self._lock:
            kept = self._reserved.get(concept_id)
        if kept is None or kept[0] != (apart, library):
            kept = (apart, library), with_look_alikes(set(apart), self._collection.library)
            with self._lock:
                self._reserved[concept_id] = kept
        return kept[1]


EARLY = 2  # walls without a yes after which it may be rare, before anything drawn at random can say so
ENOUGH_LABELS = 100  # answers after which labelling counts as done (Modeling Collaborator's figure)


@dataclass(frozen=True)
class Advice:
    """What there is to say of going on after `count` answers. `rare` is empty where what counts is not rare,
    as far as is known. `enough`: whether labelling counts as done."""

    count: AnswerCount
    more: str
    rare: str
    enough: bool


def is_enough(count: AnswerCount, settling: Settling | None) -> bool:
    """Whether labelling counts as done: the one rule for every step, bar and sentence. Either more answers
    would change little, however few there are, or there are as many as usually do."""
    if not count.teach_yes or not count.teach_no:
        return False
    return bool(settling and settling.settled) or count.given >= ENOUGH_LABELS


def advice(count: AnswerCount, settling: Settling | None) -> str:
    """What more answers would bring, and why that can be said."""
    if not count.teach_yes or not count.teach_no:
        missing = "one that doesn’t count" if count.teach_yes else "one that counts"
        both = missing if count.teach_yes or count.teach_no else "one that counts and one that doesn’t"
        return f"It takes at least {both} to learn from."
    if settling and settling.settled:
        return f"More answers like these would change little. {settling.reason}"
    more = ENOUGH_LABELS - count.given
    enough = is_enough(count, settling)
    helps = "Enough to go on; more still help." if enough else f"About {more:,} more help."
    return f"{helps} {settling.reason}" if settling else helps


def about_rare(count: AnswerCount, rarity: Rarity | None, walls: int) -> str:
    """What is known of how rare it is, or what it looks like before anything is known."""
    if rarity is not None:
        return rarity.sentence
    if count.yes or walls < EARLY:
        return ""
    return (
        f"You looked through {walls:,} walls of every kind of picture and nothing counted: it may be rare or "
        "not be here at all. One example of it, on Define, finds its like sooner than more questions."
    )
