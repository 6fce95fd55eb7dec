"""Use cases of review: the queue of labels worth a second look, and the work that fills it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial

from concepts.classifier.measured_sample import sample
from concepts.classifier.mislabelled import borderline, likely_mislabelled, odd_ones
from concepts.classifier.quality import coverage
from concepts.classifier.rarity import rarity
from concepts.classifier.review import changed_test_labels, mistakes, older_test_labels
from concepts.classifier.stability import settling
from concepts.classifier.training import way_of
from concepts.collaborator.deliberation import Deliberation, earlier_answers
from concepts.errors import BudgetError
from concepts.jobs import Listener, Progress
from concepts.jobs.job import read_job
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.reasons import Reason
from concepts.labelling.review import (
    ReviewQueue,
    ReviewRow,
    for_reader,
    near_duplicates_disagree,
    pairs,
    people_disagree,
    readable,
    what_people_said,
)
from concepts.learning.fitting import SEED
from concepts.workbench.context import Context, revision_of
from concepts.workbench.jobs import LookBack, LookedBack, LookedOver, LookOver
from storage.database import one_moment
from storage.heads import StoredHead
from storage.tables import ConceptRow

MISLABELLED = 50  # of either kind that are kept: more than anybody looks at
ODD, BORDERLINE = 12, 24


class Review:
    """What people disagree about, mistakes and changed test labels are worked out when somebody asks. The
    rest trains several heads, or asks an annotator, so jobs do it and the queue has what they found last."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(LookOver, self._look_over)
        context.jobs.register(LookBack, self._look_back)

    @one_moment()  # a label given in between would appear in only some of these reads
    def queue(
        self,
        name: str,
        reason: Reason | None = None,
        limit: int | None = None,
        offset: int = 0,
        *,
        reader: str | None = None,
    ) -> ReviewQueue:
        """A page of the labels worth a second look, for every reason or one; in the order of the reasons.
        A `reader` reads what others said of a picture once they have labelled it; None reads everything.

        Whoever labels these pictures has seen what speaks against a label, so says `in_view`: such labels
        change no figure. Only those of `blind` rows are given without.
        """
        concept = self._context.concept(name)
        dataset = self._context.dataset(concept)
        looked = self._context.jobs.newest_done(LookOver, concept.id)
        rows = self._rows(dataset, looked)
        if reader is not None:
            rows = for_reader(rows, dataset.decisions, reader)
        counts = Counter(row.reason for row in rows)
        shown = [row for row in rows if reason in (None, row.reason)][offset:][:limit]
        return ReviewQueue(
            rows=self._with_labels(dataset, shown, reader),
            counts={one: counts[one] for one in Reason if counts[one]},
            agreement=pairs(dataset.decisions),
            counted=looked.counted if looked else None,
        )

    def find(self, name: str, *, budget: float | None = None, listener: Listener | None = None) -> str:
        """Looks all labels over and waits for it: those given under an older description with the concept's
        annotator, for at most `budget` USD. Says why that ended early; empty where it didn't."""
        self.current(name, listener)
        concept = self._context.concept(name)
        if not self._has_older(concept):
            return ""
        return self._context.jobs.run(self._looking_back(concept, budget), listener).stopped

    def submit(self, name: str, *, budget: float | None = None) -> int:
        """The same in the background; returns the id of the job that takes longest."""
        concept = self._context.concept(name)
        job = self._context.jobs.submit(self._asked(concept))
        if self._has_older(concept):
            job = self._context.jobs.submit(self._looking_back(concept, budget))
        return job

    def current(self, name: str, listener: Listener | None = None) -> LookedOver:
        """The labels looked over as things are now; waits for it where something has changed."""
        concept = self._context.concept(name)
        newest = self._context.jobs.newest_done(LookOver, concept.id)
        asked = self._asked(concept)
        if newest and newest.at == asked.at and newest.found is not None:
            return newest
        return self._context.jobs.run(asked, listener)

    def look_over(self, name: str) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(self._asked(self._context.concept(name)))

    def keep_up(self, name: str) -> None:
        """The same, where something has changed since the last look, and none is going on or has failed at
        just this."""
        concept = self._context.concept(name)
        if not self._context.label_cache.count(concept.id).answers:
            return
        asked = self._asked(concept)
        last = self._context.jobs.store.latest([LookOver.kind], concept.id)
        if last is not None and (last.finished is None or read_job(LookOver, last) == asked):
            return
        self._context.jobs.submit(asked)

    # The queue

    def _rows(self, dataset: ConceptDataset, looked: LookedOver | None) -> list[ReviewRow]:
        removed = self._context.collection.removed.hidden().ids
        rows = [*people_disagree(dataset.decisions), *near_duplicates_disagree(dataset)]
        rows += self._older(dataset)
        head = self._of_this_library(dataset.concept_id)
        if head is not None:
            rows += mistakes(dataset, head)
        rows += [*older_test_labels(dataset), *changed_test_labels(dataset)]
        if looked:
            since = self._context.log.changed_since(dataset.concept_id, looked.answers)
            rows += [row for row in looked.found if row.id not in since]
        inside = set(dataset.looks_at({row.id for row in rows})) - removed
        order = list(Reason)
        return sorted((row for row in rows if row.id in inside), key=lambda row: order.index(row.reason))

    def _older(self, dataset: ConceptDataset) -> list[ReviewRow]:
        """Labels that the newest description may contradict, and that nobody has given anew since."""
        found = self._context.jobs.newest_done(LookBack, dataset.concept_id)
        if found is None or found.definition != dataset.revision.number:
            return []
        since = self._context.log.changed_since(dataset.concept_id, found.answers)
        return [
            ReviewRow(
                id=one.picture_id,
                reason=Reason.OLDER_DESCRIPTION,
                label=one.answer,
                evidence=f"Labelled under description {said.definition}. By description {found.definition} "
                f"the annotator says {one.machine}: {one.rationale}",
            )
            for one in found.contradicted
            if one.picture_id not in since and (said := dataset.answers.get(one.picture_id)) is not None
        ]

    def _with_labels(
        self, dataset: ConceptDataset, rows: Sequence[ReviewRow], reader: str | None
    ) -> list[ReviewRow]:
        ids = list({row.id for row in rows})
        paths = self._context.collection.paths(ids)
        log, concept_id = self._context.log, dataset.concept_id
        standing = readable(log.standing(concept_id, ("person",), ids), reader)
        said = what_people_said(standing, log.comments(concept_id, ids))
        return [
            row.model_copy(
                update={
                    "path": paths.get(row.id, ""),
                    "labels": [] if row.blind else said.get(row.id, []),
                    "purpose": "evaluation" if row.id in dataset.reserved else "train",
                }
            )
            for row in rows
        ]

    def _of_this_library(self, concept_id: int) -> StoredHead | None:
        """The newest version, where the library has its encoder still."""
        head = self._context.heads.get(concept_id)
        fits = head is not None and head.fingerprint == self._context.collection.parts.fingerprint(concept_id)
        return head if fits else None

    # The work

    def _asked(self, concept: ConceptRow) -> LookOver:
        newest = self._context.heads.get(concept.id)
        return LookOver(
            concept.id,
            answers=self._context.log.last_sequence(concept.id),
            definition=self._context.revision(concept).number,
            library=self._context.collection.vectors_for(concept.id).version,
            version=newest.number if newest else 0,
        )

    def _look_over(self, job: LookOver, progress: Progress) -> LookedOver:
        concept = self._context.store.get(job.concept_id)
        asked = self._asked(concept)  # there may be more labels than when it was asked for
        dataset = self._context.dataset(concept)
        newest, head = self._context.heads.get(concept.id), self._of_this_library(concept.id)
        steps = partial(progress.report, total=6)  # small ones: between them it stands aside
        steps(0, message="looking for mislabelled pictures")
        found = likely_mislabelled(dataset, head, MISLABELLED)
        found += odd_ones(dataset, ODD, {row.id for row in found})
        steps(1, message="looking at what the last labels changed")
        settled = settling(dataset, way_of(newest) if newest else "auto")
        steps(2, message="looking at what figures cover")
        drawn = sample(dataset, partial(steps, 2, message="looking at what figures cover"))
        steps(3, message="looking at what figures cover")
        alike = [drawn.ids[row] for row in drawn.alike(SEED)]  # as good as drawn with equal chances
        covered = coverage(alike, dataset.index, dataset.collection.library.near_groups)
        steps(4, message="looking at how rare it is")
        rare = rarity(drawn, dataset, self._context.walls.of(concept.id))
        steps(5, message="looking for what the version can't place")
        if head is not None:
            found += borderline(dataset, head, BORDERLINE)
        return LookedOver(
            answers=asked.answers,
            definition=asked.definition,
            library=asked.library,
            counted=len(dataset.decisions),
            settling=settled,
            rarity=rare,
            coverage=covered,
            version=newest.number if newest else 0,
            found=found,
        )

    def _has_older(self, concept: ConceptRow) -> bool:
        """Whether there are labels under an older description that no annotator was asked about yet."""
        dataset = self._context.dataset(concept)
        found = self._context.jobs.newest_done(LookBack, concept.id)
        asked = found is not None and found.definition == dataset.revision.number and not found.stopped
        return not asked and bool(earlier_answers(dataset))

    def _looking_back(self, concept: ConceptRow, budget: float | None) -> LookBack:
        return LookBack(concept.id, self._context.revision(concept).number, budget)

    def _look_back(self, job: LookBack, progress: Progress) -> LookedBack:
        concept = self._context.store.get(job.concept_id)
        rows = self._context.store.definitions(concept.id)
        definitions = {row.number: revision_of(row).definition for row in rows}
        sequence = self._context.log.last_sequence(concept.id)
        machines = self._context.machines(concept, progress.job_id, job.budget, revision=job.definition)
        work = Deliberation(machines, progress)
        try:
            found, stopped = work.look_back(definitions), ""
        except BudgetError as error:
            found, stopped = [], str(error)
        return LookedBack(
            definition=job.definition,
            answers=sequence,
            looked=len(earlier_answers(work.training_data)),
            contradicted=found,
            stopped=stopped,
        )
