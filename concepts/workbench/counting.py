"""Counts of answers, kept until something changes: screens, REST and the command line read the same one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import NamedTuple

from concepts.labelling.dataset import AnswerCount, count_answers
from concepts.labelling.question_queue import Decisions
from concepts.library.collection import Collection
from concepts.library.search import with_look_alikes
from concepts.workbench.holdout_cache import HoldoutCache
from concepts.workbench.stat_cache import StatCache
from storage.kept_figures import KeptFigure
from storage.labels import LabelLog

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
