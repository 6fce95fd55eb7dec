"""What follows from a concept's labels, kept with the state of the log that it follows from.

Nothing is thrown away by hand: what was kept of another state is worked out anew when somebody asks. Figures
are kept in SQL as well, for processes that begin later.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from cachetools import LRUCache

from concepts.errors import DiscernError
from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.library.collection import Collection, collection_of
from concepts.library.search import with_look_alikes
from concepts.use_cases import App, service
from storage.concepts import Certifying, ConceptStore
from storage.database import Database, chunks, once_a_moment
from storage.kept_figures import Follows, KeptFigures
from storage.labels import LabelLog
from storage.tables import PURGED

ANSWERS = "answer count"
KEPT = 5000  # of each concept there are some six

log = logging.getLogger(__name__)

Value = TypeVar("Value")


class LogState(NamedTuple):
    """All that labels are counted by: the last label event of the concept, how many pictures were kept
    apart, the last time that pictures were removed from the library or put back, and the key of its scope."""

    event: int
    apart: int
    removal: int
    scope: str = ""

    @property
    def follows(self) -> Follows:
        return Follows(f"{self.event}/{self.apart}/{self.scope}", self.removal)


@dataclass(frozen=True)
class Decisions:
    """Picture id → what people say together, and the pictures that somebody answered blindly, up to a label
    event and a removal. The dict is replaced, never changed, so that a reader may keep it."""

    decisions: dict[str, Decision] = field(default_factory=dict)
    blind: set[str] = field(default_factory=set)
    event: int = 0
    removal: int = 0


@dataclass(frozen=True)
class Reserved:
    """`evaluation`: what measures, with its wave; `certifying`: what measures nothing; `kept`: all that
    nothing learns from. As the methods of `ConceptStore` have them."""

    evaluation: Mapping[str, int]
    certifying: Mapping[str, Certifying]
    kept: frozenset[str]


class LabelCache:
    """Labels of a concept as people ask for them between two labels."""

    def __init__(self, database: Database, collection: Collection) -> None:
        self._log, self._store = LabelLog(database), ConceptStore(database)
        self._figures = KeptFigures(database)
        self._collection = collection
        self._kept: LRUCache[tuple[str, int], tuple[Hashable, Any]] = LRUCache(KEPT)
        self._lock = threading.Lock()  # of what is kept, not of working it out
        self._reading: dict[int, threading.Lock] = {}

    def state(self, concept_id: int) -> LogState:
        return once_a_moment(
            (self, concept_id),
            lambda: LogState(*self._log.state(concept_id), self._collection.frames.now(concept_id).key),
        )

    def decisions(self, concept_id: int) -> dict[str, Decision]:
        """Picture id → what people say together."""
        return self._said(concept_id, self.state(concept_id)).decisions

    def blind(self, concept_id: int) -> set[str]:
        """Pictures that somebody answered without seeing what the machine says."""
        return self._said(concept_id, self.state(concept_id)).blind

    def held_out(self, concept_id: int) -> Reserved:
        return self._held_out(concept_id, self.state(concept_id))

    def count(self, concept_id: int) -> AnswerCount:
        return self.counts({concept_id: self.state(concept_id)})[concept_id]

    def counts(self, states: Mapping[int, LogState], *, lasting: bool = False) -> dict[int, AnswerCount]:
        """By concept id, for who knows the states already; `lasting`: what is counted now is kept for other
        processes, too. A look-alike that comes into the library is noticed with the next answer: counting
        pictures takes longer than all of this."""
        parts = set(AnswerCount.model_fields)

        def counted(concept_id: int) -> tuple[Any, bool]:
            return self._counted(concept_id, states[concept_id]).model_dump(include=parts), lasting

        found = self.figures(ANSWERS, {i: state.follows for i, state in states.items()}, counted)
        return {i: AnswerCount.model_validate(count) for i, count in found.items()}

    def figures(
        self, what: str, follows: Mapping[int, Follows], work_out: Callable[[int], tuple[Any, bool]]
    ) -> dict[int, Any]:
        """Concept id → JSON that follows from all of its labels. `work_out` says what it is, and whether to
        keep it for other processes, too: where that can't be written it is worked out anew there."""
        # What was kept here stands if it follows from the same, or only others' pictures moved.
        with self._lock:
            kept = {i: self._kept.get((what, i), (None, None)) for i in follows}
        since = {
            i: before.removal
            for i, (before, _) in kept.items()
            if isinstance(before, Follows)
            and before.state == follows[i].state
            and before.removal < follows[i].removal
        }
        untouched = since.keys() - (self._figures.touched(since) if since else set())
        for i in untouched:
            self._keep((what, i), follows[i], kept[i][1])
        found = {
            i: value if before == follows[i] or i in untouched else None
            for i, (before, value) in kept.items()
        }
        missing = {i: follows[i] for i, value in found.items() if value is None}
        if missing:
            found |= self._figures.of(what, missing)
        worked_out = {i: work_out(i) for i in missing if found[i] is None}
        found |= {i: value for i, (value, _) in worked_out.items()}
        for i in missing:
            self._keep((what, i), follows[i], found[i])
        lasting = {i: (follows[i], value) for i, (value, lasts) in worked_out.items() if lasts}
        if lasting:
            try:
                self._figures.keep(what, lasting)
            except DiscernError as error:
                log.warning("what is known of labels could not be kept: %s", error)
        return found

    def _said(self, concept_id: int, state: LogState) -> Decisions:
        """Brought up to date by reading only what is new, once for all who ask at a time."""
        key = "said", concept_id
        with self._lock:
            reading = self._reading.setdefault(concept_id, threading.Lock())
        with reading:
            before: Decisions = self._known(key, None) or Decisions()
            if (before.event, before.removal) == (state.event, state.removal):
                return before
            moved = self._log.removals_since(before.removal)
            changed = moved | self._log.changed_since(concept_id, before.event)
            if PURGED in moved:  # nobody knows any more which
                changed |= before.decisions.keys()
            decisions = {i: decision for i, decision in before.decisions.items() if i not in changed}
            blind = before.blind - changed
            for ids in chunks(sorted(changed)):
                decisions |= consensus(self._log.standing(concept_id, ("person", "simulated"), ids))
                blind |= self._log.answered_blindly(concept_id, ids)
            return self._keep(key, None, Decisions(decisions, blind, state.event, state.removal))

    def _held_out(self, concept_id: int, state: LogState) -> Reserved:
        key, follows = ("held out", concept_id), (state.apart, state.removal, state.scope)
        return self._known(key, follows) or self._keep(
            key,
            follows,
            Reserved(
                self._store.evaluation_pictures(concept_id),
                self._store.certifying_pictures(concept_id),
                frozenset(self._store.kept_apart(concept_id)),
            ),
        )

    def _counted(self, concept_id: int, state: LogState) -> AnswerCount:
        said, out = self._said(concept_id, state), self._held_out(concept_id, state)
        key, library = ("reserved", concept_id), self._collection.library
        follows = state.apart, state.removal, library.kept_counts()  # pictures and groups of them
        reserved = self._known(key, follows)
        if reserved is None:
            reserved = self._keep(key, follows, with_look_alikes(out.kept, library))
        return count_answers(said.decisions, said.blind, out.evaluation, out.certifying, reserved, out.kept)

    def _known(self, key: tuple[str, int], follows: Hashable) -> Any:
        """What was kept, where it still follows from the same; else None."""
        with self._lock:
            before, value = self._kept.get(key, (None, None))
        return value if before == follows else None

    def _keep(self, key: tuple[str, int], follows: Hashable, value: Value) -> Value:
        with self._lock:
            self._kept[key] = follows, value
        return value


@service
def label_cache_of(app: App) -> LabelCache:
    """What is known of the labels in an app's data folder."""
    return LabelCache(app.database, collection_of(app))
