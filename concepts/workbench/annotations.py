"""Use cases of labelling by the machine: running it, what it would cost, and reviewing what it said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concepts.annotators import ANNOTATORS, AUTO
from concepts.annotators.review import estimate as estimated
from concepts.annotators.review import opinion, remarks
from concepts.annotators.review import review as reviewed
from concepts.annotators.run import AnnotateResult, annotate_pool
from concepts.jobs import Listener, Progress
from concepts.workbench.context import POOL_SIZE, Context
from concepts.workbench.definitions import Definitions
from concepts.workbench.kinds import Annotate

if TYPE_CHECKING:
    from concepts.annotators.review import (
        AnnotateEstimate,
        Opinion,
        ReviewFilter,
        ReviewPage,
    )


class Annotations:
    """What the machine says of pictures."""

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._definitions = definitions
        context.jobs.register(Annotate, self._annotate)

    def annotate(
        self,
        name: str,
        *,
        limit: int | None = None,
        budget: float | None = None,
        annotator: str = AUTO,
        examples: bool = False,
        listener: Listener | None = None,
    ) -> AnnotateResult:
        """Has the machine label the pool, and waits until it is done. With `examples` answered pictures are
        shown to it beside each."""
        job = self._annotating(name, limit, budget, annotator, examples)
        return self._context.jobs.run(job, listener)

    def submit(
        self,
        name: str,
        *,
        limit: int | None = None,
        budget: float | None = None,
        annotator: str = AUTO,
        examples: bool = False,
    ) -> int:
        """Has the machine label the pool in the background; returns the job's id."""
        return self._context.jobs.submit(self._annotating(name, limit, budget, annotator, examples))

    def estimate(self, name: str) -> AnnotateEstimate:
        """How many pictures `submit` would have looked at, by which model, at what cost."""
        size = min(POOL_SIZE, self._context.collection.library.counts().pictures)
        return estimated(self._context.material(self._context.concept(name)), self._context.settings, size)

    def review(self, name: str, wanted: ReviewFilter, page: int = 1) -> ReviewPage:
        """The machine's labels in the order in which to look at them."""
        concept = self._context.concept(name)
        return reviewed(
            self._context.material(concept),
            wanted,
            page,
            self._context.collection.paths,
            lambda ids: remarks(self._context.log.comments(concept.id, ids)),
        )

    def opinion(self, name: str, picture_id: str) -> Opinion | None:
        """What the machine said of a picture last; None where it has not looked, and for pictures kept for
        measuring, where nobody's answer may be swayed."""
        concept = self._context.concept(name)
        if picture_id in self._context.store.kept_apart(concept.id):
            return None
        said = self._context.store.annotations(concept.id, picture_id=picture_id)
        return opinion(said[-1]) if said else None

    def _annotating(
        self, name: str, limit: int | None, budget: float | None, annotator: str, examples: bool
    ) -> Annotate:
        ANNOTATORS.require(annotator, also=[AUTO])
        return Annotate(self._context.concept(name).id, limit, budget, annotator, examples)

    def _annotate(self, job: Annotate, progress: Progress) -> AnnotateResult:
        concept = self._context.store.get(job.concept_id)
        if not self._context.store.candidates(concept.id):
            self._definitions.fill_pool(concept)
        material = self._context.material(concept)
        return annotate_pool(
            material,
            self._context.collection,
            self._context.store,
            self._context.log,
            self._context.ledger,
            self._context.settings,
            progress,
            limit=job.limit,
            budget=job.budget,
            annotator=job.annotator,
            examples=job.examples,
            also=material.evaluation_labels()[0],
        )
