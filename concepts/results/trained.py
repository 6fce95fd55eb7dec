"""A concept's trained versions: train, measure, compare, go back."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from pydantic import Field, computed_field

from concepts.collaborator.setups import annotator_scores
from concepts.jobs import Listener, Progress, Started
from concepts.labelling.dataset import dataset_of
from concepts.labelling.framed_parts import follow_frames
from concepts.labelling.label_cache import label_cache_of
from concepts.labelling.waves import draw_test_pictures
from concepts.learning.heads import HEADS
from concepts.learning.report import EvaluationReport
from concepts.learning.target import SPELLING, Target
from concepts.library.collection import collection_of
from concepts.results import measuring, training
from concepts.results.heads import head_of, look_at_library, newest_figures, scores_of
from concepts.results.measuring import require_test_labels
from concepts.results.quality import HeadView, QualityView, head_view, quality
from concepts.results.review import begin_look_over
from concepts.results.training import check_fingerprint, learned_from, require_both
from concepts.results.versions import (
    VersionComparison,
    again,
    compare,
    head_views,
    is_up_to_date,
    with_threshold,
)
from concepts.use_cases import Concept, use_case
from concepts.use_cases.handles import DECLARED
from concepts.use_cases.parameters import AuthorName, Flag, Limit, Offset
from concepts.use_cases.roles import Role
from concepts.view import View
from storage.heads import StoredHead

STEPS, RANKED = 3, 2  # of a training: how many there are, and after how many the library is in its new order
PLENTY = 20  # yes and no to learn from: with so many the request needn't look whether a training has both

Version = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="The number of a version; without it, the newest.")
]
VersionShown = Annotated[Version, Flag("NUMBER")]
UsedVersion = Annotated[int, Field(ge=1, le=2**31 - 1, description="The number of a version.")]
OtherVersion = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="The number of one to compare it with.")
]
TargetText = Annotated[
    str, Field(max_length=60, description=f"The target that the threshold is set for: {SPELLING}.")
]
HeadName = Annotated[
    str,
    Field(
        max_length=60,
        description="The kind of head. `auto` takes the one that suits the labels.",
        json_schema_extra={"enum": list(HEADS)},
    ),
]
NewThreshold = Annotated[
    float | None,
    Field(gt=0, lt=1, description="Flag from this probability on; without it, from where it flags now."),
]


class VersionView(HeadView):
    """A version with its newest figures. `comparison`: with the other version that was asked for, on the same
    test pictures."""

    comparison: VersionComparison | None = None


class Trained(View):
    """`new` is false where training would only have repeated the newest version."""

    version: int
    kind: str  # of the head
    threshold: float
    notes: tuple[str, ...] = ()
    new: bool
    measured: bool

    @computed_field  # type: ignore[prop-decorator]
    @property
    def number(self) -> int:
        """Of the version, as versions call it."""
        return self.version

    def says(self) -> str:
        return f"Version {self.version}."


class Measured(View):
    version: int
    measured: bool

    def says(self) -> str:
        return f"Version {self.version}."


def require_trainable(concept: Concept, target: str = "f1", head: str = "auto") -> None:
    """Raises `DiscernError` for what is no target or no head, and `NotEnoughLabelsError`."""
    Target.parse(target)
    HEADS.require(head)
    count = label_cache_of(concept.app).count(concept.id)
    if min(count.teach_yes, count.teach_no) < PLENTY or concept.row.scale:
        require_both(dataset_of(concept))  # reads all that a training reads


@use_case(
    "POST /concepts/{name}/versions",
    command="concept train",
    tool="train",
    job="Training",
    before=require_trainable,
)
def train(
    concept: Concept, progress: Progress, target: TargetText = "f1", head: HeadName = "auto"
) -> Trained:
    """Train a new version from all labels, measure it, and score the library. Older versions stay. Where
    nothing that it learns from changed since the newest version, that one is measured again.

    Raises at once for what is no target or no head, and `NotEnoughLabelsError`.
    """
    app = concept.app
    progress.report(0, STEPS, "learning from your labels")
    follow_frames(concept)
    notes: tuple[str, ...] = ()
    with app.jobs.precedence.first():
        draw_test_pictures(concept)
        newest, sequence = app.heads.get(concept.id), app.log.last_sequence(concept.id)
        dataset = dataset_of(concept)
        new = not (newest and is_up_to_date(newest, learned_from(dataset, target, head)))
        if new:
            notes = training.train(dataset, app.heads, sequence, target, head)
    trained = head_of(concept)
    return Trained(
        version=trained.number,
        kind=trained.kind,
        threshold=trained.threshold,
        notes=notes,
        new=new,
        measured=_measure(concept, trained, progress, RANKED if new else 1),
    )


@use_case("GET /concepts/{name}/versions", command="concept version list")
def list_versions(concept: Concept, limit: Limit = 50, offset: Offset = 0) -> list[HeadView]:
    """Every version with its newest figures, the oldest first."""
    return head_views(concept.app.heads, concept.id, limit, offset)


@use_case("GET /concepts/{name}/versions/{version}")
def version_beside(concept: Concept, version: Version = None, beside: OtherVersion = None) -> VersionView:
    """One version with its newest figures, and beside another one.

    Raises `UnknownError`.
    """
    head = head_of(concept, version)
    found = newest_figures(concept, head.number)
    view = head_view(head, found.report if found else None)
    comparison = compare_versions(concept, head.number, beside) if beside else None
    return VersionView(**dict(view), comparison=comparison)


@use_case("GET /concepts/{name}/versions/{version}/quality", command="concept version show")
def version_quality(concept: Concept, version: VersionShown = None) -> QualityView:
    """How good a version is at every threshold, on the labels as they are now."""
    head = head_of(concept, version)
    measured = newest_figures(concept, head.number)
    removed = 0
    if measured is not None:
        since = measured.label_sequence, measured.created
        removed = collection_of(concept.app).removed.measured_before(concept.id, *since)
    return quality(
        dataset_of(concept),
        head,
        measured,
        scores_of(concept, head),
        removed,
    )


def require_measurable(concept: Concept, version: int | None = None) -> None:
    """Raises `NotEnoughLabelsError` where no test picture has a label, and `UnknownError`."""
    require_test_labels(dataset_of(concept))
    head_of(concept, version)


@use_case("POST /concepts/{name}/versions/{version}/evaluate", job="Testing", before=require_measurable)
def evaluate(concept: Concept, progress: Progress, version: Version = None) -> Measured:
    """Measure a version again, on the labels as they are now, and beside what simpler ways reach.

    Raises `NotEnoughLabelsError` where no test picture has a label.
    """
    head = head_of(concept, version)
    return Measured(version=head.number, measured=_measure(concept, head, progress))


@use_case("POST /concepts/{name}/versions/{version}/use", command="concept version use")
def use_version(
    concept: Concept, version: UsedVersion, threshold: NewThreshold = None, *, author: AuthorName
) -> Started[Measured]:
    """Use an older version again, or one with another threshold. It is kept as the newest version and
    measured; all others stay."""
    head = head_of(concept, version)
    if threshold is not None:
        return keep_version(concept, with_threshold(head, threshold, author))
    check_fingerprint(head, collection_of(concept.app))
    return keep_version(concept, again(head, author))


def keep_version(concept: Concept, head: StoredHead) -> Started[Measured]:
    """Keeps a head as the newest version, and has it measured where that can be done."""
    number = concept.app.heads.add(concept.id, head).number
    return measure_where_possible(concept, number)


def measure_where_possible(concept: Concept, version: int) -> Started[Measured]:
    """Has a version measured again, whether or not a test picture has a label by now."""
    return concept.app.jobs.begin(DECLARED[evaluate].job_for(concept, version))


def measure_again(
    concept: Concept, version: int | None = None, listener: Listener | None = None
) -> EvaluationReport:
    """The figures of a version on the labels as they are now; waits for them."""
    done = concept.begin(evaluate, head_of(concept, version).number).wait(listener)
    found = newest_figures(concept, done.version)
    assert found is not None
    return found.report


@use_case(command="concept version compare", role=Role.VIEWER)
def compare_versions(concept: Concept, one: UsedVersion, other: UsedVersion) -> VersionComparison:
    """Figures of two versions on the same test pictures, and their differences."""
    return compare(dataset_of(concept), head_of(concept, one), head_of(concept, other))


def last_target(concept: Concept) -> str:
    """What the threshold was for when training was last asked for."""
    job = concept.latest(train)
    return str(job.arguments["target"]) if job else "f1"


def _measure(concept: Concept, head: StoredHead, progress: Progress, ranked: int = RANKED) -> bool:
    """Has the version look at the library, which is what a person waits for; then measures where that can
    be done, and says whether it could. `ranked`: the step by then, a lower one where nothing is new."""
    app = concept.app
    progress.report(1, STEPS, f"version {head.number} is trained and scores the library")
    look_at_library(concept, head)
    progress.report(ranked, STEPS, "measuring on the test pictures")
    progress.beat()  # a screen waits for it: it is not to be told half a second or a heartbeat later
    measured = bool(dataset_of(concept).evaluation_labels()[0])
    if measured:
        sequence = app.log.last_sequence(concept.id)
        dataset = dataset_of(concept, head.definition_number)
        by_annotator = partial(annotator_scores, dataset)
        report = measuring.evaluate(dataset, head, by_annotator)
        app.heads.add_evaluation(concept.id, head.number, sequence, report.model_dump(mode="json"))
    if app.jobs.is_started:  # else it would wait until the app runs, which looks for itself
        begin_look_over(concept)
    return measured
