"""Everything about one concept: what may be learned from, and beside it what measures."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from concepts.labelling.consensus import Decision, consensus
from concepts.labelling.renewals import Renewal, Renewals
from concepts.labelling.repeats import Twice, comes_again, said_twice
from concepts.labelling.training_data import TrainingData
from concepts.learning.base import Bools
from concepts.learning.waves import looked_at
from storage.concepts import Certifying, Wave
from storage.frames import Frame
from storage.labels import LabelEvent


class ConceptDataset(TrainingData):
    """Lessons with the answers that measure. Nothing that learns, mines or asks may import this: `make lint`
    refuses it."""

    @property
    def decisions(self) -> dict[str, Decision]:
        """What people decided, about pictures that measure too."""
        return self._all_answers

    @cached_property
    def evaluation(self) -> dict[str, str]:
        """Picture id → how it was drawn, in the order in which to label."""
        return self._store.evaluation_pictures(self.concept_id)

    @cached_property
    def certifying(self) -> dict[str, Certifying]:
        """Pictures that were drawn to certify a line, or in older homes to fit probabilities: kept apart like
        those that measure, and no part of any figure."""
        return self._store.certifying_pictures(self.concept_id)

    @cached_property
    def apart(self) -> set[str]:
        """Pictures that measure or certify, or did where the concept looked before, also those in the bin."""
        return self._store.kept_apart(self.concept_id)

    @cached_property
    def blind(self) -> dict[str, Decision]:
        """What people said first, without seeing what the machine says, and again where the definition has
        changed and all that was drawn for that is answered: the only answers that measure."""
        apart = [e for e in self._first if e.picture_id not in self.evaluation]
        return consensus([*apart, *self.renewal.events])

    @cached_property
    def known(self) -> dict[str, Decision]:
        """What figures take for true: what people said first, blindly where they ever did. What they said
        later they may have said because they saw where a version is wrong."""
        return consensus(self._log.first(self.concept_id)) | self.blind

    @cached_property
    def renewal(self) -> Renewal:
        """What became of the answers that measure under the newest definition, whatever this is read for."""
        seed = self._store.get(self.concept_id).seed
        return Renewals(self._log, self._store, self.concept_id, seed).state()

    @cached_property
    def twice(self) -> Twice:
        """What people said of pictures that measure when they were asked about them again."""
        seed = self._store.get(self.concept_id).seed
        # Homes of before also have second labels of pictures that were chosen by a version's mistakes.
        again = [e for e in self._log.repeats(self.concept_id) if comes_again(seed, e.picture_id)]
        return said_twice(self._first, again, self.evaluation)

    @cached_property
    def _first(self) -> list[LabelEvent]:
        return self._log.blind(self.concept_id)

    @cached_property
    def measuring(self) -> list[str]:
        """Pictures of the evaluation set there are figures of, in the order drawn: up to the last look (see
        `concepts.learning.waves`); all that have an answer where the set was brought in from outside."""
        if self.imported:
            return [i for i in self.evaluation if i in self.blind]
        order = list(self.evaluation)
        answered = next((n for n, i in enumerate(order) if i not in self.blind), len(order))
        return order[: looked_at(answered, len(order), self.pictures)]

    @property
    def pictures(self) -> int:
        """How many the concept looks in."""
        return self._collection.count_for(self.concept_id)

    @cached_property
    def frame(self) -> Frame:
        """What the concept looks in."""
        return self._collection.frames.now(self.concept_id)

    @property
    def imported(self) -> bool:
        """Whether somebody brought pictures to measure with, so that the set is no random draw."""
        return "imported" in self.evaluation.values()

    @cached_property
    def waves(self) -> list[Wave]:
        """The random draws of the evaluation set, the first one first."""
        return self._store.waves(self.concept_id)

    @cached_property
    def wave_of(self) -> dict[str, int]:
        return self._store.wave_of(self.concept_id)

    @cached_property
    def first_answered(self) -> dict[str, int]:
        """Picture id → the label event that first answered it."""
        return self._log.first_answered(self.concept_id)

    def evaluation_labels(self) -> tuple[list[str], Bools]:
        """Pictures that measure now, that people decided on and that have a vector: ids and truth (n,)."""
        ids = self.with_vectors([i for i in self.measuring if self.blind[i].decided])
        return ids, np.array([self.blind[i].value == "yes" for i in ids], dtype=bool)

    # Vectors
