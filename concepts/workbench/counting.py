"""Counts of answers, kept until something changes: screens, REST and the command line read the same one."""

from __future__ import annotations

import threading

from concepts.candidates.question_queue import Decisions
from concepts.labels.answer_count import AnswerCount, count_answers
from concepts.library.collection import Collection
from concepts.library.search import with_look_alikes
from storage.concepts import ConceptStore
from storage.labels import LabelLog

# last label event, pictures that measure, last removal from the library, what is looked in
Stamp = tuple[int, int, int, str]


class AnswerCounts:
    """The running decisions of each concept and their count."""

    def __init__(self, collection: Collection, store: ConceptStore, log: LabelLog) -> None:
        self._collection, self._store, self._log = collection, store, log
        self._lock = threading.Lock()
        self._decisions: dict[int, Decisions] = {}
        self._kept: dict[int, tuple[Stamp, AnswerCount]] = {}

    def decisions(self, concept_id: int) -> Decisions:
        """What people decided, brought up to date by reading only what is new."""
        with self._lock:
            return self._decisions.setdefault(concept_id, Decisions(self._log, concept_id))

    def now(self, concept_id: int) -> AnswerCount:
        return self.of(
            concept_id,
            self._log.last_sequence(concept_id),
            len(self._store.evaluation_pictures(concept_id)),
            self.removal(),
            self._collection.frames.now(concept_id).key,
        )

    def removal(self) -> int:
        """The last time that pictures were removed from the library or put back."""
        return self._collection.removed.hidden().version

    def of(
        self, concept_id: int, sequence: int, measuring: int, removal: int, frame: str = ""
    ) -> AnswerCount:
        """The same for who knows these already: the last label event, how many pictures measure, the last
        removal, and the key of what the concept looks in, where that isn't everything. Nothing is read where
        none has changed. A look-alike that comes into the library is noticed with the next answer: counting
        pictures takes longer than all of this."""
        stamp = sequence, measuring, removal, frame
        kept = self._kept.get(concept_id)
        if kept is None or kept[0] != stamp:
            kept = self._kept[concept_id] = stamp, self._counted(concept_id)
        return kept[1]

    def _counted(self, concept_id: int) -> AnswerCount:
        decisions = self.decisions(concept_id).now()
        evaluation = self._store.evaluation_pictures(concept_id)
        certifying = self._store.certifying_pictures(concept_id)
        apart = self._store.kept_apart(concept_id)
        blind = {event.picture_id for event in self._log.blind(concept_id, sorted(apart))}
        reserved = with_look_alikes(apart, self._collection.library)
        return count_answers(decisions, blind, evaluation, certifying, reserved, apart)
