"""Labels by machines: having pictures annotated and reviewing that, which annotator does it, and the
judgements of assistants."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from functools import partial
from typing import Annotated, Any, Literal

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
from concepts.collaborator.setups import CHOSEN, Setup, machines_of, model_of, setup_of
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
from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError, no_model
from concepts.jobs import Lane, Progress
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import POOL_SIZE, fill_pool, mine_more
from concepts.labelling.selection import (
    BY_THE_CLASSIFIER,
    WHOLE_LIBRARY,
    NextPicture,
    next_for_machine,
    surest_yes,
)
from concepts.labelling.training_data import TrainingData, training_data_of
from concepts.labelling.waves import draw_test_pictures, labelled_test_pictures
from concepts.library.collection import collection_of
from concepts.use_cases import Concept, use_case
from concepts.use_cases.parameters import PictureId
from concepts.use_cases.roles import Role
from concepts.view import View
from storage.choices import AnnotatorChoice
from storage.concepts import ConceptStore

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


def _may_annotate(concept: Concept, *, annotator: str = AUTO, **others: Any) -> None:
    ANNOTATORS.require(annotator, also=[AUTO])


@use_case(
    "POST /concepts/{name}/annotate",
    command="concept annotate",
    job="Suggesting labels",
    lane=Lane.LONG,
    before=_may_annotate,
)
def annotate(
    concept: Concept,
    progress: Progress,
    *,
    limit: Limit = None,
    budget: Budget = None,
    rounds: Rounds = None,
    annotator: AnnotatorName = AUTO,
    large: Large = False,
    examples: WithExamples = False,
    repeats: Repeats = False,
) -> AnnotateResult:
    """Have the machine label the pool, with a reason for each picture."""
    require_pool(concept)
    also = labelled_test_pictures(concept)
    asked = Setup(annotator, large, examples, repeats).over(setup_of(concept))
    setup = Setup(**progress.once("setup", asdict(asked)))  # the same where it goes on after a stop
    machines = machines_of(concept, progress.job_id, budget, setup=setup)
    labelling = Labelling(machines, progress)
    number = labelling.training_data.revision.number
    rounds = progress.once("rounds", rounds or suitable_rounds(labelling, limit))
    if rounds == 1:
        return annotate_pool(labelling, limit, also)
    now, choose = partial(training_data_of, concept, number), partial(_choose, concept.app.store)
    return annotate_in_rounds(labelling, now, choose, rounds, limit, also)


def require_pool(concept: Concept) -> None:
    """Finds candidates where nobody has yet."""
    if not concept.app.store.candidates(concept.id):
        fill_pool(concept)


def _choose(
    store: ConceptStore, training_data_now: Callable[[], TrainingData], n: int, tried: Collection[str]
) -> list[str]:
    """What the machine labels next; it is in the pool from then on. A large library is not looked at whole,
    so what more the searches find in it comes into the pool first."""
    training_data = training_data_now()
    concept_id, number = training_data.concept_id, training_data.revision.number
    if tried and len(training_data.index.ids) > WHOLE_LIBRARY:
        found = mine_more(training_data, surest_yes(training_data), n)
        store.add_candidates(concept_id, found, number)
        training_data = training_data_now()
    chosen = next_for_machine(training_data, n, tried)
    new = [(i, [BY_THE_CLASSIFIER]) for i in chosen if i not in training_data.answers]
    store.add_candidates(concept_id, new, number)
    return chosen


@use_case(command="concept annotate-cost", role=Role.VIEWER)
def annotation_cost(
    concept: Concept,
    *,
    annotator: AnnotatorName = AUTO,
    large: Large = False,
    examples: WithExamples = False,
    repeats: Repeats = False,
) -> AnnotateEstimate:
    """How many pictures `annotate` would look at, by which model, and what that would cost."""
    return estimate_annotation(concept, Setup(annotator, large, examples, repeats))


def estimate_annotation(concept: Concept, setup: Setup = CHOSEN) -> AnnotateEstimate:
    """How many pictures `annotate` would have looked at, by which model, at what cost."""
    size = min(POOL_SIZE, collection_of(concept.app).count_for(concept.id))
    return estimated(machines_of(concept, setup=setup.over(setup_of(concept))), size)


def annotations_to_review(concept: Concept, wanted: ReviewFilter, page: int = 1) -> ReviewPage:
    """The machine's labels in the order in which to look at them."""
    return reviewed(training_data_of(concept), wanted, page)


def opinion_of(concept: Concept, picture_id: str) -> Opinion | None:
    """What the machine said of a picture last; None where it has not looked, and for test pictures, where
    nobody's label may be swayed."""
    app = concept.app
    if picture_id in label_cache_of(app).held_out(concept.id).kept:
        return None
    said = app.store.annotations(concept.id, [picture_id])
    if not said:
        return None
    last, sure = said[-1], dict[str, float]()
    if last.raw is not None:  # how sure it is, by all that this annotator said under that definition
        ratings = app.store.ratings(
            concept.id, fingerprint=last.fingerprint, definition_number=last.definition_number
        )
        sure = sure_of(ratings, training_data_of(concept).answers)
    return opinion(last, sure, given_by(app.log, concept.id, [last]))


# Of assistants, whose labels are a machine's, too: they count by how well they agree with people's, and never
# measure


def next_pictures_for(concept: Concept, assistant: str, n: int) -> list[NextPicture]:
    """The n pictures to learn from whose labels help most, without those that an assistant has judged by the
    newest definition."""
    seen = concept.app.store.ratings(
        concept.id,
        fingerprint=fingerprint_of(assistant),
        definition_number=definition_of(concept).number,
    )
    return next_pictures(concept, n, waiting=[said.picture_id for said in seen])


def judge(concept: Concept, judgements: Sequence[Judgement], *, assistant: str, recorded_by: str) -> int:
    """Keeps what an assistant says, brought by the person `recorded_by`; says how many are new. What it said
    before of a picture by the same definition stands.

    Raises `UnknownError`, and `DiscernError` where one of the pictures is a test picture or looks like one;
    then nothing is taken.
    """
    ids = [one.picture for one in judgements]
    collection_of(concept.app).library.require(ids)
    draw_test_pictures(concept)
    data = training_data_of(concept)
    apart = next((picture for picture in ids if picture in data.reserved), None)
    if apart is not None:
        raise DiscernError(
            f"Picture {apart[:12]} is a test picture: only people label it. Nothing was taken."
        )
    said = [Annotation(one.picture, RATINGS[one.value], (), one.reason) for one in judgements]
    last = list({one.picture_id: one for one in said}.values())
    return keep(last, fingerprint_of(assistant), data, recorded_by)


def fingerprint_of(assistant: str) -> str:
    """What an assistant's labels are kept as: its name as it gave it, told apart from our own annotators."""
    return f"assistant:{assistant.strip() or 'unnamed'}"[:LONGEST]


# Who annotates


@use_case(
    "POST /concepts/{name}/annotators",
    command="concept compare-annotators",
    job="Comparing models",
    lane=Lane.LONG,
)
def compare_annotators(concept: Concept, progress: Progress, budget: Budget = None) -> AnnotatorsCompared:
    """Have every annotator there can be here judge pictures that people labelled, to compare agreement, cost
    and time."""
    return AnnotatorComparison(machines_of(concept, progress.job_id, budget), progress).run()


@use_case("GET /concepts/{name}/annotators", command="concept annotators")
def annotators_compared(concept: Concept) -> ComparedOrNot:
    """What the newest comparison found, and what another would cost."""
    return ComparedOrNot(newest=concept.newest(compare_annotators), estimate=estimate_comparing(concept))


def estimate_comparing(concept: Concept) -> ComparisonEstimate:
    """What a comparison would ask, and what that would cost."""
    return estimate_comparison(machines_of(concept))


def choose_annotator(concept: Concept, setup: Setup, *, author: str) -> None:
    """Has this annotator label the concept from now on. Raises `WrongUsageError`, and `SettingsError` where
    the model isn't set."""
    ANNOTATORS.require(setup.annotator, also=[AUTO])
    free = setup.annotator == AUTO or asks_no_model(setup.annotator)
    if not free and not model_of(setup, concept.app.settings)[0]:
        raise no_model(setup.role)
    concept.app.annotators.add(AnnotatorChoice(concept_id=concept.id, author=author, **asdict(setup)))
