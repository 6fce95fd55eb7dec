"""Use cases of trained versions: train, measure, compare, export, score."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from concepts.classifier.library_scores import ScoreOrder
from concepts.classifier.measuring import MeasuredVersion as Figures
from concepts.classifier.measuring import evaluate
from concepts.classifier.quality import (
    CurvePoint,
    HeadView,
    QualityView,
    head_view,
    learning_curve,
    quality,
)
from concepts.classifier.training import TrainResult, check_fingerprint, require_both, train, way_of
from concepts.classifier.versions import (
    ScoredPage,
    VersionComparison,
    again,
    compare,
    head_views,
    is_up_to_date,
    scored_page,
    with_threshold,
)
from concepts.collaborator.setups import annotator_scores
from concepts.jobs import Listener, Progress
from concepts.jobs.job import read_job
from concepts.learning.heads import HEADS
from concepts.learning.report import EvaluationReport
from concepts.learning.target import Target
from concepts.publishing.export import (
    write_plots,
)
from concepts.workbench.answers import Answers
from concepts.workbench.context import Context
from concepts.workbench.jobs import (
    Curve,
    DrawCurve,
    Evaluate,
    LibraryScored,
    LookOver,
    Measured,
    ScoreLibrary,
    Train,
    Trained,
)
from concepts.workbench.review import Review
from storage.heads import StoredHead
from storage.tables import ConceptRow

STEPS, RANKED = 3, 2  # of a training: how many there are, and after how many the library is in its new order

PLENTY = 20  # yes and no to learn from: with so many the request needn't look whether a training has both


class Versions:
    """Trained versions and their use."""

    def __init__(self, context: Context, answers: Answers, review: Review) -> None:
        self._context = context
        self._answers = answers
        self._review = review
        context.jobs.register(Train, self._train)
        context.jobs.register(Evaluate, self._evaluate)
        context.jobs.register(DrawCurve, self._draw_curve)
        context.jobs.register(ScoreLibrary, self._score_library)

    def train(self, name: str, *, target: str = "f1", head: str = "auto") -> TrainResult:
        """Trains and keeps the next version from all answers so far. `head` names a registered one.

        Raises `UnknownMethodError`, which lists them, before anything is done.
        """
        HEADS.require(head)
        return self._train_now(self._context.concept(name), target, head)

    def evaluate(
        self, name: str, *, version: int | None = None, plots: Path | None = None
    ) -> EvaluationReport:
        """Measures a version on the evaluation set, beside the baselines; kept with the version."""
        concept, head = self._context.version(name, version)
        report = self._evaluate_now(concept, head)
        if plots:
            dataset = self._context.dataset(concept, head.definition_number)
            write_plots(concept.name, dataset, head, report, plots)
        return report

    def submit_train(self, name: str, *, target: str = "f1", head: str = "auto") -> int:
        """Trains, measures and scores the library in the background; returns the job's id.

        Raises at once for what is no target or no head, and `NotEnoughLabelsError`.
        """
        Target.parse(target)
        HEADS.require(head)
        concept = self._context.concept(name)
        count = self._context.counts.now(concept.id)
        if min(count.teach_yes, count.teach_no) < PLENTY or concept.scale:
            require_both(self._context.dataset(concept))  # which reads all that a training reads
        return self._context.jobs.submit(Train(concept.id, target, head))

    def last_target(self, name: str) -> str:
        """What the threshold was for when training was last asked for."""
        job = self._context.jobs.store.latest([Train.kind], self._context.concept(name).id)
        return read_job(Train, job).target if job else Train.target

    def submit_evaluation(self, name: str, version: int) -> int:
        """Measures a version again in the background; returns the job's id."""
        return self._context.jobs.submit(Evaluate(self._context.concept(name).id, version))

    def quality(self, name: str, *, version: int | None = None) -> QualityView:
        """How good a version is, on the answers as they are now."""
        concept, head = self._context.version(name, version)
        standing = self._context.log.standing(concept.id, ("person", "simulated"))
        scores = self._context.library_scores(concept.id, head)
        measured = self._context.measured(concept, head.number)
        dataset = self._context.dataset(concept)
        looked = self._context.jobs.newest_done(LookOver, concept.id)
        covered = looked.coverage if looked else None
        removed = self._removed_since(concept, measured)
        return quality(dataset, head, measured, standing, scores, covered, removed)

    def _removed_since(self, concept: ConceptRow, measured: Figures | None) -> int:
        if measured is None:
            return 0
        removed = self._context.collection.removed
        return removed.measured_before(concept.id, measured.label_sequence, measured.created)

    def versions(self, name: str, limit: int | None = None, offset: int = 0) -> list[HeadView]:
        """Every version with its newest figures, the oldest first; all of them or a page."""
        return head_views(self._context.heads, self._context.concept(name).id, limit, offset)

    def version(self, name: str, number: int) -> HeadView:
        """One version with its newest figures. Raises `UnknownVersionError`."""
        concept, head = self._context.version(name, number)
        measured = self._context.measured(concept, head.number)
        return head_view(head, measured.report if measured else None)

    def learning_curve(self, name: str) -> list[CurvePoint]:
        """What each answer helped, as computed after the last training; empty before that."""
        done = self._context.jobs.newest_done(DrawCurve, self._context.concept(name).id)
        return done.points if done else []

    def set_threshold(
        self, name: str, version: int | None, threshold: float, *, author: str, measure: bool = True
    ) -> int:
        """Keeps a version with a threshold set by hand as the newest one; returns its number.

        `measure`: in the background, which takes a process that goes on.
        """
        concept, head = self._context.version(name, version)
        return self._keep(concept, with_threshold(head, threshold, author), measure)

    def use_again(self, name: str, version: int, *, author: str, measure: bool = True) -> int:
        """Makes an older version the one in use by keeping it once more; returns its new number."""
        concept, head = self._context.version(name, version)
        check_fingerprint(head, self._context.collection)
        return self._keep(concept, again(head, author), measure)

    def compare_versions(self, name: str, one: int, other: int) -> VersionComparison:
        """Figures of two versions on the same evaluation pictures, and their differences."""
        concept, first = self._context.version(name, one)
        _, second = self._context.version(name, other)
        return compare(self._context.dataset(concept), self._context.collection, first, second)

    def scored_pictures(
        self, name: str, order: ScoreOrder, *, version: int | None = None, start: int = 0, size: int = 24
    ) -> ScoredPage | None:
        """A page of the library as a version ranks it. None where the library is large and was not scored
        yet: `submit_score_library` does that."""
        concept, head = self._context.version(name, version)
        scores = self._context.library_scores(concept.id, head)
        if scores is None:
            return None
        if not scores.is_ranked and order != "borderline":  # as after a restart: the next look has it
            self._context.background.submit(self._context.rank_library, concept, head, wait=False)
        decisions = self._answers.decisions(concept.name)
        apart = self._context.store.kept_apart(concept.id) - decisions.keys()
        waiting = self._context.collection.frames.among(concept.id, apart)
        return scored_page(self._context.collection, scores, head, decisions, order, start, size, waiting)

    def ranked_pictures(
        self,
        name: str,
        order: ScoreOrder,
        *,
        version: int | None = None,
        start: int = 0,
        size: int = 24,
        listener: Listener | None = None,
    ) -> ScoredPage:
        """The same, and waits until the library was scored and ranked where that takes long."""
        page = self.scored_pictures(name, order, version=version, start=start, size=size)
        if page is None or not (page.by_look_alikes or order == "borderline"):
            concept, head = self._context.version(name, version)
            if page is None:
                self._context.jobs.resume(self.submit_score_library(name, head.number), listener)
            else:
                self._context.rank_library(concept, head, wait=True)
            page = self.scored_pictures(name, order, version=version, start=start, size=size)
        assert page is not None
        return page

    def submit_score_library(self, name: str, version: int) -> int:
        """Has a version look at every picture of the library; returns the job's id."""
        return self._context.jobs.submit(ScoreLibrary(self._context.concept(name).id, version))

    def keep_scored(self, name: str) -> None:
        """Has the newest version look at a library that is too large to wait for, as after a restart, where
        that neither goes on nor was stopped or failed the last time."""
        concept, head = self._context.version(name, None)
        if self._context.library_scores(concept.id, head) is not None:
            return
        last = self._context.jobs.store.latest([ScoreLibrary.kind], concept.id)
        if last is None or last.state == "done" or read_job(ScoreLibrary, last).version != head.number:
            self.submit_score_library(name, head.number)

    def _train(self, job: Train, progress: Progress) -> Trained:
        concept = self._context.store.get(job.concept_id)
        progress.report(0, STEPS, "learning from your answers")
        newest, definition = self._context.heads.get(concept.id), self._context.revision(concept).number
        sequence, fingerprint = (
            self._context.log.last_sequence(concept.id),
            self._context.collection.recorded().fingerprint,
        )
        if newest and is_up_to_date(newest, sequence, definition, fingerprint, job.target, job.head):
            number, new = newest.number, False
        else:
            with self._context.jobs.precedence.first():
                number, new = self._train_now(concept, job.target, job.head).number, True
        return Trained(version=number, new=new, measured=self._measure(concept, number, progress))

    def _evaluate(self, job: Evaluate, progress: Progress) -> Measured:
        concept = self._context.store.get(job.concept_id)
        return Measured(version=job.version, measured=self._measure(concept, job.version, progress))

    def _draw_curve(self, job: DrawCurve, progress: Progress) -> Curve:
        concept = self._context.store.get(job.concept_id)
        order = dict.fromkeys(
            e.picture_id for e in self._context.log.standing(concept.id, ("person", "simulated"))
        )
        way = way_of(self._context.head(concept, None))
        return Curve(
            points=learning_curve(
                self._context.dataset(concept), self._context.collection, list(order), progress.report, way
            )
        )

    def _score_library(self, job: ScoreLibrary, progress: Progress) -> LibraryScored:
        concept = self._context.store.get(job.concept_id)
        head = self._context.head(concept, job.version)
        progress.report(0, None, "looking at every picture")
        return LibraryScored(pictures=self._look_at_library(concept, head))

    def _train_now(self, concept: ConceptRow, target: str, head: str) -> TrainResult:
        self._context.draw_evaluation(concept)
        sequence = self._context.log.last_sequence(concept.id)
        dataset, collection = self._context.dataset(concept), self._context.collection
        return train(dataset, self._context.heads, collection, sequence, target, head)

    def _evaluate_now(self, concept: ConceptRow, head: StoredHead) -> EvaluationReport:
        """Measures a version and keeps the report with it."""
        sequence = self._context.log.last_sequence(concept.id)
        dataset = self._context.dataset(concept, head.definition_number)
        collection = self._context.collection
        report = evaluate(dataset, collection, head, partial(annotator_scores, dataset, collection))
        self._context.heads.add_evaluation(concept.id, head.number, sequence, report.model_dump(mode="json"))
        return report

    def _measure(self, concept: ConceptRow, number: int, progress: Progress) -> bool:
        """Has the version look at the library, which is what a person waits for; then measures where that can
        be done, and says whether it could."""
        head = self._context.head(concept, number)
        progress.report(1, STEPS, "looking at the whole library")
        self._look_at_library(concept, head)
        progress.report(RANKED, STEPS, "measuring on the pictures kept apart")
        progress.beat()  # a screen waits for it: it is not to be told half a second or a heartbeat later
        measured = bool(self._context.dataset(concept).evaluation_labels()[0])
        if measured:
            self._evaluate_now(concept, head)
        if measured:
            answers = self._context.log.last_sequence(concept.id)
            self._context.jobs.submit(DrawCurve(concept.id, answers))
        self._review.look_over(concept.name)
        return measured

    def _look_at_library(self, concept: ConceptRow, head: StoredHead) -> int:
        """Scores and ranks it, and says how many pictures that are."""
        with self._context.jobs.precedence.first():
            scores = self._context.scores.of(head, self._context.collection.vectors_for(concept.id))
            self._context.rank_library(concept, head, wait=True)
        return len(scores.probability)

    def _keep(self, concept: ConceptRow, head: StoredHead, measure: bool) -> int:
        number = self._context.heads.add(concept.id, head).number
        if measure:
            self._context.jobs.submit(Evaluate(concept.id, number))
        return number
