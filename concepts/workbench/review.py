"""Use cases of review: the queue of labels worth a second look, and the work that fills it."""

from __future__ import annotations

from collections import Counter
from functools import partial

from concepts.classifier.measured_sample import sample
from concepts.classifier.mislabelled import borderline, likely_mislabelled, odd_ones
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
    said_both,
    what_people_said,
)
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
        ids = list({row.id for row in shown})
        paths = self._context.collection.paths(ids)
        standing = readable(self._context.log.standing(concept.id, ("person",), ids), reader)
        said = what_people_said(standing, self._context.log.comments(concept.id, ids))
        return ReviewQueue(
            rows=[
                row.model_copy(
                    update={
                        "path": paths.get(row.id, ""),
                        "labels": [] if row.blind else said.get(row.id, []),
                        "purpose": "evaluation" if row.id in dataset.reserved else "train",
                    }
                )
                for row in shown
            ],
            counts={one: counts[one] for one in Reason if counts[one]},
            agreement=pairs(dataset.decisions),
            counted=looked.counted if looked else None,
        )

    def find(self, name: str, *, budget: float | None = None, listener: Listener | None = None) -> str:
        """Looks all labels over and waits for it: those given under an older description with the concept's
        annotator, for at most `budget` USD. Says why that ended early; empty where it didn't."""
        self.current(name, listener)
        job = self._looking_back(self._context.concept(name), budget)
        return self._context.jobs.run(job, listener).stopped if job else ""

    def submit(self, name: str, *, budget: float | None = None) -> int:
        """The same in the background; returns the id of the job that takes longest."""
        concept = self._context.concept(name)
        submit, looking_back = self._context.jobs.submit, self._looking_back(concept, budget)
        looking_over = submit(self.asked(concept))
        return submit(looking_back) if looking_back else looking_over

    def current(self, name: str, listener: Listener | None = None) -> LookedOver:
        """The labels looked over as things are now; waits for it where something has changed."""
        concept = self._context.concept(name)
        newest, asked = self._context.jobs.newest_done(LookOver, concept.id), self.asked(concept)
        if newest and asked == LookOver(
            concept.id, newest.answers, newest.definition, newest.library, newest.version
        ):
            return newest
        return self._context.jobs.run(asked, listener)

    def keep_up(self, name: str) -> None:
        """The same, where something has changed since the last look, and none is going on or has failed at
        just this."""
        concept = self._context.concept(name)
        if not self._context.label_cache.count(concept.id).answers:
            return
        asked = self.asked(concept)
        last = self._context.jobs.store.latest([LookOver.kind], concept.id)
        if last is not None and (last.finished is None or read_job(LookOver, last) == asked):
            return
        self._context.jobs.submit(asked)

    # The queue

    def _rows(self, dataset: ConceptDataset, looked: LookedOver | None) -> list[ReviewRow]:
        removed = self._context.collection.removed.hidden().ids
        rows = [*people_disagree(dataset.decisions), *self._said_both(dataset)]
        rows += near_duplicates_disagree(dataset)
        back = self._context.jobs.newest_done(LookBack, dataset.concept_id)
        if back is not None and back.definition == dataset.revision.number:
            since = self._context.log.changed_since(dataset.concept_id, back.answers)
            rows += [
                ReviewRow(
                    id=one.picture_id,
                    reason=Reason.OLDER_DESCRIPTION,
                    label=one.answer,
                    evidence=f"Labelled under description {said.definition}. By description "
                    f"{back.definition} the annotator says {one.machine}: {one.rationale}",
                )
                for one in back.contradicted
                if one.picture_id not in since and (said := dataset.answers.get(one.picture_id)) is not None
            ]
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

    def _said_both(self, dataset: ConceptDataset) -> list[ReviewRow]:
        repeats = self._context.log.repeats(dataset.concept_id)
        ids = list({event.picture_id for event in repeats})
        standing = self._context.log.standing(dataset.concept_id, ("person",), ids) if ids else []
        return said_both(dataset.decisions, standing, repeats)

    def _of_this_library(self, concept_id: int) -> StoredHead | None:
        """The newest version, where the library has its encoder still."""
        head = self._context.heads.get(concept_id)
        fits = head is not None and head.fingerprint == self._context.collection.parts.fingerprint(concept_id)
        return head if fits else None

    # The work

    def asked(self, concept: ConceptRow) -> LookOver:
        """The job that looks all labels over, as things are now."""
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
        asked = self.asked(concept)  # there may be more labels than when it was asked for
        dataset = self._context.dataset(concept)
        newest, head = self._context.heads.get(concept.id), self._of_this_library(concept.id)
        steps = partial(progress.report, total=5)  # small ones: between them it stands aside
        steps(0, message="looking for mislabelled pictures")
        found = likely_mislabelled(dataset, head, MISLABELLED)
        found += odd_ones(dataset, ODD, {row.id for row in found})
        steps(1, message="looking at what the last labels changed")
        settled = settling(dataset, way_of(newest) if newest else "auto")
        drawn = sample(dataset, partial(steps, 2, message="looking at what was drawn"))
        steps(3, message="looking at how rare it is")
        rare = rarity(drawn, dataset, self._context.walls.of(concept.id))
        steps(4, message="looking for what the version can't place")
        if head is not None:
            found += borderline(dataset, head, BORDERLINE)
        return LookedOver(
            **vars(asked),
            counted=len(dataset.decisions),
            settling=settled,
            rarity=rare,
            found=found,
        )

    def _looking_back(self, concept: ConceptRow, budget: float | None) -> LookBack | None:
        """The job that asks an annotator about labels under an older description; None where there are none
        it wasn't asked about."""
        dataset = self._context.dataset(concept)
        found = self._context.jobs.newest_done(LookBack, concept.id)
        asked = found is not None and found.definition == dataset.revision.number and not found.stopped
        older = not asked and earlier_answers(dataset)
        return LookBack(concept.id, dataset.revision.number, budget) if older else None

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
