"""Use cases of choosing who annotates: comparing annotators on a person's answers, and switching."""

from __future__ import annotations

from typing import TYPE_CHECKING

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.comparing import AnnotatorComparison, AnnotatorsCompared, estimate_comparison
from concepts.collaborator.setups import Setup, model_of
from concepts.errors import NoModelError
from concepts.jobs import Listener, Progress
from concepts.workbench.context import Context
from concepts.workbench.jobs import CompareAnnotators
from storage.choices import AnnotatorChoice

if TYPE_CHECKING:
    from concepts.collaborator.comparing import ComparisonEstimate


class Annotators:
    """Who annotates the pictures of a concept."""

    def __init__(self, context: Context) -> None:
        self._context = context
        context.jobs.register(CompareAnnotators, self._compare)

    def compare(
        self, name: str, *, budget: float | None = None, listener: Listener | None = None
    ) -> AnnotatorsCompared:
        """Has every annotator there can be here judge pictures the person answered, and waits for it."""
        job = CompareAnnotators(self._context.concept(name).id, budget)
        return self._context.jobs.run(job, listener)

    def submit_comparison(self, name: str, *, budget: float | None = None) -> int:
        """The same in the background; returns the job's id."""
        return self._context.jobs.submit(CompareAnnotators(self._context.concept(name).id, budget))

    def compared(self, name: str) -> AnnotatorsCompared | None:
        """What the newest comparison found; None before."""
        return self._context.jobs.newest_done(CompareAnnotators, self._context.concept(name).id)

    def estimate(self, name: str) -> ComparisonEstimate:
        """What `submit_comparison` would ask, and what that would cost."""
        concept = self._context.concept(name)
        context = self._context
        return estimate_comparison(
            context.dataset(concept),
            context.log,
            context.settings,
            context.setup(concept.id),
            context.prompts(concept.id),
        )

    def consistency(self, name: str) -> str:
        """How often people answer the same picture the same way twice, as last measured, in words: no
        annotator can be expected to agree with them more often. Empty where that isn't known."""
        concept = self._context.concept(name)
        versions = self._context.heads.all(concept.id)
        measured = self._context.measured(concept, versions[-1].number) if versions else None
        twice = measured.report.consistency if measured else None
        return twice.sentences[0] if twice and twice.sentences else ""

    def in_use(self, name: str) -> Setup:
        """Who annotates, as it was chosen for the concept."""
        return self._context.setup(self._context.concept(name).id)

    def choose(self, name: str, setup: Setup, *, author: str) -> None:
        """From now on this annotator is the concept's. Raises `UnknownMethodError`, and `NoModelError` where
        the model isn't set."""
        ANNOTATORS.require(setup.annotator, also=[AUTO])
        if setup.annotator not in ("builtin", AUTO) and not model_of(setup, self._context.settings)[0]:
            raise NoModelError(setup.role)
        concept = self._context.concept(name)
        choice = AnnotatorChoice(
            concept_id=concept.id,
            annotator=setup.annotator,
            large=setup.large,
            examples=setup.examples,
            repeats=setup.repeats,
            author=author,
        )
        self._context.annotators.add(choice)

    def _compare(self, job: CompareAnnotators, progress: Progress) -> AnnotatorsCompared:
        context = self._context
        concept = context.store.get(job.concept_id)
        return AnnotatorComparison(
            context.dataset(concept),
            context.collection,
            context.log,
            context.ledger,
            context.settings,
            progress,
            job.budget,
            context.setup(concept.id),
            context.prompts(concept.id),
        ).run()
