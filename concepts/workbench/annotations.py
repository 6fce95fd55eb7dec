"""Use cases of labelling by the machine: running it, what it would cost, and reviewing what it said."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.annotating import AnnotateResult, Labelling, annotate_pool, given_by, left_of
from concepts.collaborator.batch_files import BatchFile, BatchRead, BatchWritten
from concepts.collaborator.cascade import CascadeSample, Step
from concepts.collaborator.rounds import annotate_in_rounds, suitable_rounds
from concepts.collaborator.setups import CHOSEN, Setup, model_of
from concepts.collaborator.suggestions import estimate as estimated
from concepts.collaborator.suggestions import opinion, remarks, sure_of
from concepts.collaborator.suggestions import review as reviewed
from concepts.errors import DiscernError, NoModelError, NotEnoughLabelsError, NotEnoughPicturesError
from concepts.jobs import Listener, Progress
from concepts.labelling.consensus import consensus
from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.mining import mine_more
from concepts.labelling.selection import BY_THE_CLASSIFIER, next_for_machine, surest_yes
from concepts.labelling.waves import draw_of_pool
from concepts.learning.report import Guarantee
from concepts.workbench.context import POOL_SIZE, WHOLE_LIBRARY, Context
from concepts.workbench.definitions import Definitions
from concepts.workbench.jobs import Annotate
from storage.concepts import CASCADING
from storage.tables import ConceptRow

if TYPE_CHECKING:
    from concepts.collaborator.suggestions import (
        AnnotateEstimate,
        Opinion,
        ReviewFilter,
        ReviewPage,
    )
    from concepts.labelling.training_data import TrainingData
    from storage.concepts import StoredAnnotation
    from storage.tables import ConceptRow


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
        rounds: int | None = None,
        cascade: float | None = None,
        setup: Setup = CHOSEN,
        listener: Listener | None = None,
    ) -> AnnotateResult:
        """Has the machine label the pool, and waits until it is done. In several `rounds` the classifier
        chooses what is asked next, in the pool and beyond; None: as many as suit (see `suitable_rounds`).

        `cascade`: the pool by cheap models first, each where at least this share (0..1) of what it decides is
        right. Raises `NotEnoughLabelsError` as long as answers that say so are missing."""
        return self._context.jobs.run(self._annotating(name, limit, budget, rounds, cascade, setup), listener)

    def submit(
        self,
        name: str,
        *,
        limit: int | None = None,
        budget: float | None = None,
        rounds: int | None = None,
        cascade: float | None = None,
        setup: Setup = CHOSEN,
    ) -> int:
        """Has the machine label the pool in the background; returns the job's id."""
        return self._context.jobs.submit(self._annotating(name, limit, budget, rounds, cascade, setup))

    def estimate(self, name: str, setup: Setup = CHOSEN) -> AnnotateEstimate:
        """How many pictures `submit` would have looked at, by which model, at what cost."""
        concept = self._context.concept(name)
        size = min(POOL_SIZE, self._context.collection.count_for(concept.id))
        setup = setup.over(self._context.setup(concept.id))
        return estimated(
            self._context.dataset(concept),
            self._context.settings,
            size,
            setup,
            self._context.prompts(concept.id),
        )

    def write_batch(
        self, name: str, file: Path, *, limit: int | None = None, setup: Setup = CHOSEN
    ) -> BatchWritten:
        """Writes what annotating would ask now to a batch file, in place of asking it."""
        return self._batch(name, setup).write(file, limit)

    def read_batch(self, name: str, file: Path, *, setup: Setup = CHOSEN) -> BatchRead:
        """Takes the answers of a batch. Annotating finds them, and asks only what is missing."""
        return self._batch(name, setup).read(file)

    def _batch(self, name: str, setup: Setup) -> BatchFile:
        ANNOTATORS.require(setup.annotator, also=[AUTO])
        context, concept = self._context, self._context.concept(name)
        if not context.store.candidates(concept.id):
            self._definitions.fill_pool(concept)
        dataset = context.dataset(concept)
        return BatchFile(
            dataset,
            context.collection,
            context.store,
            context.log,
            context.ledger,
            context.settings,
            setup.over(context.setup(concept.id)),
            context.prompts(concept.id),
            dataset.evaluation_labels()[0],
        )

    def review(self, name: str, wanted: ReviewFilter, page: int = 1) -> ReviewPage:
        """The machine's labels in the order in which to look at them."""
        concept = self._context.concept(name)
        return reviewed(
            self._context.dataset(concept),
            wanted,
            page,
            self._context.collection.paths,
            lambda ids: remarks(self._context.log.comments(concept.id, ids)),
            lambda said: given_by(self._context.log, concept.id, said),
            lambda: consensus(self._context.log.blind(concept.id)),
        )

    def opinion(self, name: str, picture_id: str) -> Opinion | None:
        """What the machine said of a picture last; None where it has not looked, and for pictures kept for
        measuring, where nobody's answer may be swayed."""
        concept = self._context.concept(name)
        if picture_id in self._context.apart.now(concept.id).kept:
            return None
        said = self._context.store.annotations(concept.id, [picture_id])
        if not said:
            return None
        given = given_by(self._context.log, concept.id, said[-1:])
        return opinion(said[-1], self._sure(concept, said[-1]), given)

    def _sure(self, concept: ConceptRow, said: StoredAnnotation) -> dict[str, float]:
        """How sure an annotator is of what it said, by all it said under that definition."""
        if said.raw is None:
            return {}
        ratings = self._context.store.ratings(
            concept.id, fingerprint=said.fingerprint, definition_number=said.definition_number
        )
        return sure_of(ratings, self._context.dataset(concept).answers)

    def _annotating(
        self,
        name: str,
        limit: int | None,
        budget: float | None,
        rounds: int | None,
        cascade: float | None,
        setup: Setup,
    ) -> Annotate:
        ANNOTATORS.require(setup.annotator, also=[AUTO])
        concept = self._context.concept(name)
        setup = setup.over(self._context.setup(concept.id))
        if cascade is not None:
            if (rounds or 1) > 1:
                raise DiscernError(
                    "Cheap first labels the pool, all at once: what says how often it errs is drawn there."
                )
            if not model_of(setup, self._context.settings)[0]:
                raise NoModelError(setup.role)
            if not self._context.store.candidates(concept.id):
                self._definitions.fill_pool(concept)
            sample_of(self._context, concept, cascade)
        return Annotate(
            concept.id,
            limit,
            budget,
            setup.annotator,
            large=setup.large,
            examples=setup.examples,
            repeats=setup.repeats,
            rounds=rounds if cascade is None else 1,
            cascade=cascade,
        )

    def _annotate(self, job: Annotate, progress: Progress) -> AnnotateResult:
        concept = self._context.store.get(job.concept_id)
        if not self._context.store.candidates(concept.id):
            self._definitions.fill_pool(concept)
        context, dataset = self._context, self._context.dataset(concept)
        also = dataset.evaluation_labels()[0]
        sample, known = self._cascade(job, concept, progress)
        labelling = Labelling(
            dataset,
            context.collection,
            context.store,
            context.log,
            context.ledger,
            context.settings,
            progress,
            budget=job.budget,
            setup=Setup(job.annotator, job.large, job.examples, job.repeats),
            prompts=context.prompts(concept.id),
            sample=sample,
            known=known.pictures if known else (),
        )
        left = left_of(dataset, labelling.seen)
        result = self._label(job, labelling, concept, also)
        if known is None:
            return result
        spared = progress.once("spared", sum(i in known.pictures for i in left))
        step = known.step.model_copy(update={"decided": spared})
        return result.model_copy(update={"steps": (step, *result.steps)})

    def _label(
        self, job: Annotate, labelling: Labelling, concept: ConceptRow, also: list[str]
    ) -> AnnotateResult:
        context, progress = self._context, labelling.progress
        rounds = progress.once("rounds", job.rounds or suitable_rounds(labelling, job.limit))
        if rounds == 1:
            return annotate_pool(labelling, job.limit, also)
        number = labelling.training_data.revision.number
        return annotate_in_rounds(
            labelling, lambda: context.dataset(concept, number), self._choose, rounds, job.limit, also
        )

    def _cascade(
        self, job: Annotate, concept: ConceptRow, progress: Progress
    ) -> tuple[CascadeSample | None, Known | None]:
        """What a cascade stands on; a resumed run goes on with the answers it began with."""
        if job.cascade is None:
            return None, None
        answers = progress.made_once(
            "sample", lambda: dict(sample_of(self._context, concept, float(job.cascade or 0)).answers)
        )
        return CascadeSample(answers, job.cascade), surely_known(self._context, concept, job.cascade)

    def _choose(
        self, training_data_now: Callable[[], TrainingData], n: int, tried: Collection[str]
    ) -> list[str]:
        """What the machine labels next; it is in the pool from then on. A large library is not looked at
        whole, so what more the searches find in it comes into the pool first."""
        context, training_data = self._context, training_data_now()
        concept_id, number = training_data.concept_id, training_data.revision.number
        if tried and len(training_data.index.ids) > WHOLE_LIBRARY:
            found = mine_more(training_data, context.collection, surest_yes(training_data), n)
            context.store.add_candidates(concept_id, found, number)
            training_data = training_data_now()
        chosen = next_for_machine(training_data, n, tried, WHOLE_LIBRARY)
        new = [(i, [BY_THE_CLASSIFIER]) for i in chosen if i not in training_data.answers]
        context.store.add_candidates(concept_id, new, number)
        return chosen


@dataclass(frozen=True)
class Known:
    """Pictures of the library beyond a certified line of a version, which need not be asked about; they
    become no labels, so that the classifier doesn't teach itself. `step`: what there is to say of them."""

    pictures: frozenset[str]
    step: Step


def sample_of(context: Context, concept: ConceptRow, at_least: float) -> CascadeSample:
    """The answers that certify the steps. Draws pictures of the pool where too few were drawn for
    `at_least`.

    Raises `NotEnoughLabelsError` as long as some of them have no answer: who stops where it looks good tests
    nothing; and `NotEnoughPicturesError`.
    """
    size = CascadeSample.size(at_least)
    with context.drawing:
        dataset = context.dataset(concept)
        drawn = _drawn(dataset)
        if len(drawn) < size:
            before = (one.attempt for one in dataset.certifying.values() if one.drawn == CASCADING)
            attempt = 1 + max(before, default=0)
            more = draw_of_pool(
                dataset, context.collection, concept.seed, f"cascade {attempt}", size - len(drawn)
            )
            if len(drawn) + len(more) < size:
                raise NotEnoughPicturesError(size, len(drawn) + len(more))
            context.store.draw_apart(concept.id, more, CASCADING, attempt)
            dataset = context.dataset(concept)
    drawn = dataset.with_vectors(_drawn(dataset))
    missing = sum(i not in dataset.blind for i in drawn)
    if missing:
        raise NotEnoughLabelsError(
            f"How often each step is wrong is read off {len(drawn)} pictures drawn at random from the pool. "
            f"Answer them first: {missing} have no answer yet.",
            needed=missing,
            purpose="evaluation",
        )
    said = {i: dataset.blind[i] for i in drawn}
    return CascadeSample(
        {i: one.value == "yes" if one.decided else None for i, one in said.items()}, at_least
    )


def surely_known(context: Context, concept: ConceptRow, at_least: float) -> Known:
    """By the newest version, as far as its lines promise as much as is asked for."""
    heads = context.heads.all(concept.id)
    head = context.head(concept, heads[-1].number) if heads else None
    lines = [one for one in Guarantee.all(head.details) if one.at_least >= at_least] if head else []
    if head is None or head.fingerprint != context.collection.recorded().fingerprint or not lines:
        sentence = "no line of the classifier is certified for that, so it decides nothing"
        by = f"version {head.number}" if head else "the classifier"
        return Known(frozenset(), Step(by=by, decided=0, taken=False, n=0, errors=0, sentence=sentence))
    scores = context.scores.of(head, context.collection.vectors_for(concept.id)).probability
    beyond = np.zeros(len(scores.values), dtype=bool)
    for one in lines:
        line = head.threshold if one.line is None else one.line
        beyond |= scores.values >= line if one.side == "yes" else scores.values <= line
    step = Step(
        by=f"version {head.number}",
        decided=0,
        taken=True,
        n=sum(one.n for one in lines),
        errors=sum(one.errors for one in lines),
        sentence=" ".join(one.sentence for one in lines),
    )
    return Known(frozenset(scores.ids.at(np.flatnonzero(beyond))), step)


def _drawn(dataset: ConceptDataset) -> list[str]:
    return dataset.looks_at(i for i, drawn in dataset.certifying.items() if drawn.drawn == CASCADING)
