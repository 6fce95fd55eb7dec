"""Labels by machines: having pictures annotated and reviewing that, which annotator does it, and the
judgements of assistants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from concepts.collaborator import ANNOTATORS, AUTO, asks_no_model
from concepts.collaborator.annotating import (
    AnnotateResult,
    Labelling,
    annotate_in_rounds,
    annotate_pool,
    given_by,
    keep,
    suitable_rounds,
)
from concepts.collaborator.base import Annotation
from concepts.collaborator.comparing import (
    AnnotatorComparison,
    AnnotatorsCompared,
    ComparisonEstimate,
    estimate_comparison,
)
from concepts.collaborator.setups import CHOSEN, Setup, model_of
from concepts.collaborator.suggestions import (
    AnnotateEstimate,
    Opinion,
    ReviewFilter,
    ReviewPage,
    opinion,
    sure_of,
)
from concepts.collaborator.suggestions import estimate as estimated
from concepts.collaborator.suggestions import review as reviewed
from concepts.errors import DiscernError, no_model
from concepts.jobs import Progress, Started
from concepts.labelling.mining import mine_more
from concepts.labelling.selection import (
    BY_THE_CLASSIFIER,
    WHOLE_LIBRARY,
    NextPicture,
    next_for_machine,
    surest_yes,
)
from concepts.labelling.training_data import TrainingData
from concepts.view import View
from concepts.workbench.context import POOL_SIZE, Context
from concepts.workbench.definition import fill_pool
from concepts.workbench.jobs import Annotate, CompareAnnotators
from concepts.workbench.operation import PictureId, operation
from storage.choices import AnnotatorChoice

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

LONGEST = 200  # characters of a fingerprint, as the column has them
RATINGS = {"yes": 5, "unsure": 3, "no": 1}  # from 1, surely not, to 5, surely yes

Limit = Annotated[int | None, Field(ge=1, le=10_000_000, description="At most this many pictures.")]
Budget = Annotated[
    float | None,
    Field(ge=0, le=1e9, allow_inf_nan=False, description="Stop before this many US dollars."),
]
Rounds = Annotated[
    int | None,
    Field(
        ge=1,
        le=100,
        description="In so many rounds of equal size: after each the classifier learns anew and chooses what "
        "to ask next, in the pool and beyond, until that changes little. 1: the pool, all at once. Without "
        "it, 5 where a model is asked and there are more pictures than are asked about.",
    ),
]
AnnotatorName = Annotated[
    str,
    Field(
        max_length=60,
        json_schema_extra=lambda schema: schema.update(enum=[AUTO, *ANNOTATORS]),  # as they are then
        description="Who labels. `auto` takes what was chosen for this concept, else the model that sees "
        "where one is set, else the built-in annotator.",
    ),
]
Large = Annotated[bool, Field(description="By the model for doubtful pictures.")]
WithExamples = Annotated[
    bool, Field(description="It is shown, beside each picture, similar ones that people labelled.")
]
Repeats = Annotated[
    bool,
    Field(
        description="Ask three times, which costs three times as much, where the endpoint doesn't tell how "
        "sure it is."
    ),
]


class Judgement(View, extra="forbid"):
    """What an assistant says of a picture: `picture` is its id, `reason` one sentence on what is seen."""

    picture: PictureId
    value: Literal["yes", "no", "unsure"]
    reason: str = Field("", max_length=1000)


class ComparedOrNot(View):
    """`newest`: what the newest comparison of annotators found, if there was one. `estimate`: what another
    would ask, and what that would cost."""

    newest: AnnotatorsCompared | None
    estimate: ComparisonEstimate


class Annotations:
    """What machines say of pictures. An assistant's labels are a machine's, too: they count by how well they
    agree with people's, and never measure."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("POST /annotate")
    def annotate(
        self,
        *,
        limit: Limit = None,
        budget: Budget = None,
        rounds: Rounds = None,
        annotator: AnnotatorName = AUTO,
        large: Large = False,
        examples: WithExamples = False,
        repeats: Repeats = False,
    ) -> Started[AnnotateResult]:
        """Have the machine label the pool, with a reason for each picture."""
        ANNOTATORS.require(annotator, also=[AUTO])
        asked = Setup(annotator, large, examples, repeats)
        setup = asked.over(self._context.setup(self._concept.id))
        return self._context.jobs.begin(
            Annotate(self._concept.id, limit, budget, **asdict(setup), rounds=rounds)
        )

    def estimate(self, setup: Setup = CHOSEN) -> AnnotateEstimate:
        """How many pictures `annotate` would have looked at, by which model, at what cost."""
        concept = self._concept
        size = min(POOL_SIZE, self._context.collection.count_for(concept.id))
        setup = setup.over(self._context.setup(concept.id))
        return estimated(self._context.machines(concept.row, setup=setup), size)

    def review(self, wanted: ReviewFilter, page: int = 1) -> ReviewPage:
        """The machine's labels in the order in which to look at them."""
        return reviewed(self._concept.dataset(), wanted, page)

    def opinion(self, picture_id: str) -> Opinion | None:
        """What the machine said of a picture last; None where it has not looked, and for pictures kept for
        measuring, where nobody's answer may be swayed."""
        concept = self._concept
        if picture_id in self._context.label_cache.held_out(concept.id).kept:
            return None
        store = self._context.store
        said = store.annotations(concept.id, [picture_id])
        if not said:
            return None
        last, sure = said[-1], dict[str, float]()
        if last.raw is not None:  # how sure it is, by all that this annotator said under that definition
            ratings = store.ratings(
                concept.id, fingerprint=last.fingerprint, definition_number=last.definition_number
            )
            sure = sure_of(ratings, concept.dataset().answers)
        return opinion(last, sure, given_by(self._context.log, concept.id, [last]))

    # Of assistants

    def next_pictures(self, n: int, *, assistant: str) -> list[NextPicture]:
        """The n pictures to learn from whose labels help most, without those that it has judged by the newest
        definition."""
        number = self._context.revision(self._concept.row).number
        seen = self._context.store.ratings(
            self._concept.id, fingerprint=fingerprint_of(assistant), definition_number=number
        )
        waiting = [said.picture_id for said in seen]
        return self._concept.labels.next_pictures(n, waiting=waiting)

    def judge(self, judgements: Sequence[Judgement], *, assistant: str, recorded_by: str) -> int:
        """Keeps what an assistant says, brought by the person `recorded_by`; says how many are new. What it
        said before of a picture by the same definition stands.

        Raises `UnknownError`, and `DiscernError` where one of the pictures measures or looks like one
        that does; then nothing is taken.
        """
        ids = [one.picture for one in judgements]
        self._context.collection.library.require(ids)
        self._context.draw_evaluation(self._concept.row)
        dataset = self._concept.dataset()
        apart = next((picture for picture in ids if picture in dataset.reserved), None)
        if apart is not None:
            raise DiscernError(
                f"Picture {apart[:12]} is a test picture: only people label it. Nothing was taken."
            )
        said = [Annotation(one.picture, RATINGS[one.value], (), one.reason) for one in judgements]
        return keep(
            list({one.picture_id: one for one in said}.values()),
            fingerprint_of(assistant),
            dataset,
            recorded_by,
        )


def fingerprint_of(assistant: str) -> str:
    """What an assistant's labels are kept as: its name as it gave it, told apart from our own annotators."""
    return f"assistant:{assistant.strip() or 'unnamed'}"[:LONGEST]


class Annotators:
    """Who annotates the pictures of a concept."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("POST /annotators")
    def compare(self, budget: Budget = None) -> Started[AnnotatorsCompared]:
        """Have every annotator there can be here judge pictures that people labelled, to compare agreement,
        cost and time."""
        return self._context.jobs.begin(CompareAnnotators(self._concept.id, budget))

    @operation("GET /annotators")
    def get(self) -> ComparedOrNot:
        """What the newest comparison found, and what another would cost."""
        return ComparedOrNot(newest=self.compared(), estimate=self.estimate())

    def compared(self) -> AnnotatorsCompared | None:
        """What the newest comparison found; None before."""
        return self._context.jobs.newest_done(CompareAnnotators, self._concept.id)

    def estimate(self) -> ComparisonEstimate:
        """What a comparison would ask, and what that would cost."""
        return estimate_comparison(self._context.machines(self._concept.row))

    def consistency(self) -> str:
        """How often people answer the same picture the same way twice, as last measured, in words: no
        annotator can be expected to agree with them more often. Empty where that isn't known."""
        versions = self._context.heads.all(self._concept.id)
        measured = self._context.measured(self._concept.row, versions[-1].number) if versions else None
        twice = measured.report.consistency if measured else None
        return twice.sentences[0] if twice and twice.sentences else ""

    def in_use(self) -> Setup:
        """Who annotates, as it was chosen for the concept."""
        return self._context.setup(self._concept.id)

    def choose(self, setup: Setup, *, author: str) -> None:
        """From now on this annotator is the concept's. Raises `WrongUsageError`, and `SettingsError` where
        the model isn't set."""
        ANNOTATORS.require(setup.annotator, also=[AUTO])
        free = setup.annotator == AUTO or asks_no_model(setup.annotator)
        if not free and not model_of(setup, self._context.settings)[0]:
            raise no_model(setup.role)
        choice = AnnotatorChoice(concept_id=self._concept.id, author=author, **asdict(setup))
        self._context.annotators.add(choice)


# The work


def require_pool(concept: Concept) -> None:
    """Finds candidates where nobody has yet."""
    if not concept.context.store.candidates(concept.id):
        fill_pool(concept.context, concept.row)


def compare(concept: Concept, job: CompareAnnotators, progress: Progress) -> AnnotatorsCompared:
    machines = concept.context.machines(concept.row, progress.job_id, job.budget)
    return AnnotatorComparison(machines, progress).run()


def annotate(concept: Concept, job: Annotate, progress: Progress) -> AnnotateResult:
    require_pool(concept)
    also = concept.dataset().evaluation_labels()[0]
    setup = Setup(job.annotator, job.large, job.examples, job.repeats)
    machines = concept.context.machines(concept.row, progress.job_id, job.budget, setup=setup)
    labelling = Labelling(machines, progress)
    rounds = progress.once("rounds", job.rounds or suitable_rounds(labelling, job.limit))
    if rounds == 1:
        return annotate_pool(labelling, job.limit, also)
    number = labelling.training_data.revision.number
    return annotate_in_rounds(
        labelling,
        lambda: concept.dataset(number),
        partial(_choose, concept.context),
        rounds,
        job.limit,
        also,
    )


def _choose(
    context: Context, training_data_now: Callable[[], TrainingData], n: int, tried: Collection[str]
) -> list[str]:
    """What the machine labels next; it is in the pool from then on. A large library is not looked at
    whole, so what more the searches find in it comes into the pool first."""
    training_data = training_data_now()
    concept_id, number = training_data.concept_id, training_data.revision.number
    if tried and len(training_data.index.ids) > WHOLE_LIBRARY:
        found = mine_more(training_data, surest_yes(training_data), n)
        context.store.add_candidates(concept_id, found, number)
        training_data = training_data_now()
    chosen = next_for_machine(training_data, n, tried)
    new = [(i, [BY_THE_CLASSIFIER]) for i in chosen if i not in training_data.answers]
    context.store.add_candidates(concept_id, new, number)
    return chosen
