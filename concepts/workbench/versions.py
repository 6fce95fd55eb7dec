"""A concept's trained versions: train, measure, compare, go back."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.collaborator.setups import annotator_scores
from concepts.jobs import Listener, Progress, Started
from concepts.jobs.job import read_job
from concepts.labelling.framed_parts import follow_frames
from concepts.learning.heads import HEADS
from concepts.learning.report import EvaluationReport
from concepts.learning.target import SPELLING, Target
from concepts.results.measuring import evaluate, require_test_labels
from concepts.results.quality import HeadView, QualityView, head_view, quality
from concepts.results.review import begin_look_over
from concepts.results.training import check_fingerprint, learned_from, require_both, train
from concepts.results.versions import (
    VersionComparison,
    again,
    compare,
    head_views,
    is_up_to_date,
    with_threshold,
)
from concepts.use_cases.parameters import AuthorName, Limit, Offset
from concepts.workbench.jobs import Evaluate, Measured, Train, Trained
from concepts.workbench.operation import operation
from storage.heads import StoredHead

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

STEPS, RANKED = 3, 2  # of a training: how many there are, and after how many the library is in its new order
PLENTY = 20  # yes and no to learn from: with so many the request needn't look whether a training has both

Version = Annotated[
    int | None, Field(ge=1, le=2**31 - 1, description="The number of a version; without it, the newest.")
]
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
        description=f"The kind of head: {', '.join(HEADS)}. `auto` takes the one that suits the labels.",
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


class Versions:
    """Trained versions of a concept. All are kept; the newest is the one in use."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context

    @operation("POST /versions", command="train", tool="train")
    def train(self, target: TargetText = "f1", head: HeadName = "auto") -> Started[Trained]:
        """Train a new version from all labels, measure it, and score the library. Older versions stay. Where
        nothing that it learns from changed since the newest version, that one is measured again.

        Raises at once for what is no target or no head, and `NotEnoughLabelsError`.
        """
        Target.parse(target)
        HEADS.require(head)
        count = self._context.label_cache.count(self._concept.id)
        if min(count.teach_yes, count.teach_no) < PLENTY or self._concept.row.scale:
            require_both(self._concept.dataset())  # reads all that a training reads
        return self._context.jobs.begin(Train(self._concept.id, target, head))

    @operation("GET /versions")
    def all(self, limit: Limit = 50, offset: Offset = 0) -> list[HeadView]:
        """Every version with its newest figures, the oldest first."""
        return head_views(self._context.heads, self._concept.id, limit, offset)

    @operation("GET /versions/{version}")
    def one(self, version: Version = None, beside: OtherVersion = None) -> VersionView:
        """One version with its newest figures, and beside another one.

        Raises `UnknownError`.
        """
        head = self.head(version)
        found = self._context.measured(self._concept.row, head.number)
        view = head_view(head, found.report if found else None)
        comparison = self.compare(head.number, beside) if beside else None
        return VersionView(**dict(view), comparison=comparison)

    @operation("GET /versions/{version}/quality")
    def quality(self, version: Version = None) -> QualityView:
        """How good a version is at every threshold, on the labels as they are now."""
        context, row = self._context, self._concept.row
        head = self.head(version)
        measured = context.measured(row, head.number)
        removed = 0
        if measured is not None:
            since = measured.label_sequence, measured.created
            removed = context.collection.removed.measured_before(row.id, *since)
        return quality(
            context.dataset(row),
            head,
            measured,
            context.library_scores(row.id, head),
            removed,
        )

    @operation("POST /versions/{version}/evaluate")
    def evaluate(self, version: Version = None) -> Started[Measured]:
        """Measure a version again, on the labels as they are now, and beside what simpler ways reach.

        Raises `NotEnoughLabelsError` where no test picture has a label.
        """
        require_test_labels(self._concept.dataset())
        return self._context.jobs.begin(Evaluate(self._concept.id, self.head(version).number))

    @operation("POST /versions/{version}/use", command="version use")
    def use(
        self, version: UsedVersion, threshold: NewThreshold = None, *, author: AuthorName
    ) -> Started[Measured]:
        """Use an older version again, or one with another threshold. It is kept as the newest version and
        measured; all others stay."""
        head = self.head(version)
        if threshold is not None:
            return self.keep(with_threshold(head, threshold, author))
        check_fingerprint(head, self._context.collection)
        return self.keep(again(head, author))

    def keep(self, head: StoredHead) -> Started[Measured]:
        """Keeps a head as the newest version, and has it measured where that can be done."""
        number = self._context.heads.add(self._concept.id, head).number
        return self._context.jobs.begin(Evaluate(self._concept.id, number))

    def head(self, version: int | None = None) -> StoredHead:
        """The newest version, or the one asked for. Raises `UnknownError`."""
        return self._context.head(self._concept.row, version)

    def measure(self, version: int | None = None, listener: Listener | None = None) -> EvaluationReport:
        """The figures of a version on the labels as they are now; waits for them."""
        done = self.evaluate(self.head(version).number).wait(listener)
        found = self._context.measured(self._concept.row, done.version)
        assert found is not None
        return found.report

    def compare(self, one: int, other: int) -> VersionComparison:
        """Figures of two versions on the same test pictures, and their differences."""
        dataset = self._concept.dataset()
        return compare(dataset, self.head(one), self.head(other))

    def last_target(self) -> str:
        """What the threshold was for when training was last asked for."""
        job = self._context.jobs.store.latest([Train.kind], self._concept.id)
        return read_job(Train, job).target if job else Train.target

    # What the jobs do

    def train_now(self, job: Train, progress: Progress) -> Trained:
        context, row = self._context, self._concept.row
        progress.report(0, STEPS, "learning from your labels")
        follow_frames(self._concept)
        notes: tuple[str, ...] = ()
        with context.jobs.precedence.first():
            context.draw_evaluation(row)
            newest, sequence = context.heads.get(row.id), context.log.last_sequence(row.id)
            dataset = context.dataset(row)
            new = not (newest and is_up_to_date(newest, learned_from(dataset, job.target, job.head)))
            if new:
                notes = train(dataset, context.heads, sequence, job.target, job.head)
        head = self.head()
        return Trained(
            version=head.number,
            kind=head.kind,
            threshold=head.threshold,
            notes=notes,
            new=new,
            measured=self._measure(head, progress, RANKED if new else 1),
        )

    def evaluate_now(self, job: Evaluate, progress: Progress) -> Measured:
        return Measured(version=job.version, measured=self._measure(self.head(job.version), progress))

    def _measure(self, head: StoredHead, progress: Progress, ranked: int = RANKED) -> bool:
        """Has the version look at the library, which is what a person waits for; then measures where that can
        be done, and says whether it could. `ranked`: the step by then, a lower one where nothing is new."""
        context, row = self._context, self._concept.row
        progress.report(1, STEPS, f"version {head.number} is trained and scores the library")
        self._concept.scores.look_at_library(head)
        progress.report(ranked, STEPS, "measuring on the test pictures")
        progress.beat()  # a screen waits for it: it is not to be told half a second or a heartbeat later
        measured = bool(context.dataset(row).evaluation_labels()[0])
        if measured:
            sequence = context.log.last_sequence(row.id)
            dataset = context.dataset(row, head.definition_number)
            by_annotator = partial(annotator_scores, dataset)
            report = evaluate(dataset, head, by_annotator)
            context.heads.add_evaluation(row.id, head.number, sequence, report.model_dump(mode="json"))
        if context.jobs.is_started:  # else it would wait until the app runs, which looks for itself
            begin_look_over(self._concept)
        return measured
