"""How good a version is, seen from every side the Quality screen shows: thresholds, labels, mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

import numpy as np

from concepts.classifier.coverage import Coverage
from concepts.classifier.library_scores import LibraryScores
from concepts.classifier.measuring import Measured
from concepts.classifier.training import (
    check_fingerprint,
    linear_head,
)
from concepts.jobs import Listener
from concepts.labels.consensus import Decision
from concepts.labels.dataset import Material
from concepts.learning import evaluation
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import SEED, train_early
from concepts.learning.report import Curves, EvaluationReport, Metric
from concepts.library.collection import Collection
from concepts.view import View
from storage.heads import HeadFacts, StoredHead
from storage.labels import LabelEvent

BUDGETS = (5, 10, 15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500, 1000, 2000, 5000)
MOST_ROWS = 400  # thresholds sent to the browser


class HeadView(View):
    number: int
    kind: str
    definition: int
    threshold: float
    created: datetime
    details: dict[str, Any]
    report: EvaluationReport | None  # newest evaluation


class ThresholdRow(View):
    """The evaluation set with every picture from `threshold` on called a yes."""

    threshold: float
    flagged: int
    right: int
    precision: Metric
    recall: Metric


class CurvePoint(View):
    """Average precision after so many answers of people."""

    labels: int
    value: float
    low: float
    high: float


class Mistake(View):
    """A picture people checked and a version gets wrong."""

    id: str
    path: str
    said: Literal["yes", "no"]
    probability: float
    purpose: Literal["train", "evaluation"]
    simulated: bool


class QualityView(View):
    """A version measured on the answers as they are now."""

    version: HeadView
    n: int  # evaluation pictures with a yes or no
    positives: int
    simulated: int  # of n, answered by no real person
    waiting: int  # evaluation pictures nobody has looked at
    new_answers: int  # of people on other pictures, since the version was trained
    stale: bool  # answers on evaluation pictures changed since the stored report
    rows: list[ThresholdRow]
    at: ThresholdRow | None  # at the version's threshold; None where it calls no picture a yes
    curves: Curves | None
    pictures: int  # of the library, with a vector
    flagged: int | None  # of them, at the version's threshold; None until the library was scored
    flagged_at: list[int]  # at the thresholds 0, 0.001, … 1; empty until the library was scored
    coverage: Coverage | None = (
        None  # what the figures say of the library as it is; None with too few pictures
    )


def quality(
    material: Material,
    collection: Collection,
    head: StoredHead,
    measured: Measured | None,
    standing: Sequence[LabelEvent],
    scores: LibraryScores | None,
    coverage: Coverage | None = None,
) -> QualityView:
    """The version on the answers as they are now. `standing` are people's answers, `measured` the newest
    stored report, `scores` what it says of the library where that is known."""
    rows = threshold_table(material, collection, head)
    ids, truth = material.evaluation_labels()
    counts = material.decisions
    return QualityView(
        version=head_view(head, measured.report if measured else None),
        n=len(ids),
        positives=int(truth.sum()),
        simulated=sum(counts[i].simulated for i in ids),
        waiting=sum(i not in counts for i in material.evaluation),
        new_answers=sum(
            event.sequence > head.label_sequence and event.picture_id not in material.reserved
            for event in standing
        ),
        stale=measured is not None and _changed_since(measured, material, standing),
        rows=rows,
        at=at_threshold(rows, head.threshold),
        curves=evaluation_curves(material, head),
        pictures=len(material.index.ids),
        flagged=scores.flagged(head.threshold) if scores else None,
        flagged_at=scores.flagged_at_each_step() if scores else [],
        coverage=coverage,
    )


def head_view(head: HeadFacts, report: EvaluationReport | None) -> HeadView:
    return HeadView(
        number=head.number,
        kind=head.kind,
        definition=head.definition_number,
        threshold=head.threshold,
        created=head.created,
        details=head.details,
        report=report,
    )


def _changed_since(measured: Measured, material: Material, standing: Sequence[LabelEvent]) -> bool:
    """Whether an evaluation picture was answered, answered otherwise or undone since the report."""
    answered = any(
        event.sequence > measured.label_sequence and event.picture_id in material.evaluation
        for event in standing
    )
    counted = measured.report.n
    return answered or counted != len(material.evaluation_labels()[0])


def threshold_table(material: Material, collection: Collection, head: StoredHead) -> list[ThresholdRow]:
    """Precision and recall at the thresholds the evaluation pictures tell apart, highest first.

    Empty without an evaluation answer. Of more than `MOST_ROWS` evenly spread ones are kept.
    """
    check_fingerprint(head, collection)
    ids, truth = material.evaluation_labels()
    if not ids:
        return []
    probability = linear_head(head).probabilities(material.vectors(ids))
    table = evaluation.cuts(probability, truth, material.groups(ids), SEED)
    kept = np.unique(np.linspace(0, len(table) - 1, min(len(table), MOST_ROWS)).astype(int))
    return [_row(table[i]) for i in kept]


def at_threshold(rows: Sequence[ThresholdRow], threshold: float) -> ThresholdRow | None:
    """The row of the pictures called yes at `threshold`; None where it calls none a yes."""
    return next((row for row in reversed(rows) if row.threshold >= threshold), None)


def evaluation_curves(material: Material, head: StoredHead) -> Curves | None:
    """Points for the plots, from the answers as they are now; None where one kind of answer is missing."""
    ids, truth = material.evaluation_labels()
    if not truth.any() or truth.all():
        return None
    return evaluation.curves(linear_head(head).probabilities(material.vectors(ids)), truth)


def learning_curve(
    material: Material, order: Sequence[str], listener: Listener, way: str = "auto"
) -> list[CurvePoint]:
    """Average precision of heads trained, the same `way`, on the first 5, 10, … answers of people alone.

    `order` are picture ids in the order in which they were answered. Empty where the evaluation set has
    too few answers to say anything.
    """
    ids, truth = material.evaluation_labels()
    usable = [i for i in order if i not in material.reserved and _decided(material.decisions.get(i))]
    learned = material.with_vectors(usable)
    if not ids or not learned:
        return []
    vectors, groups = material.vectors(ids), material.groups(ids)
    data = TrainingSet(
        vectors=material.vectors(learned),
        positive=np.array([material.decisions[i].value == "yes" for i in learned], dtype=bool),
        weight=np.ones(len(learned)),
        group=material.groups(learned),
    )
    budgets = [*(b for b in BUDGETS if b < len(learned)), len(learned)]
    points = []
    for step, budget in enumerate(budgets):
        listener(step, len(budgets), f"learning from the first {budget} answers")
        head = train_early(data.at(slice(budget)), material.text_direction, SEED, way)
        measured = evaluation.evaluate(head.probabilities(vectors), truth, head.threshold, groups, SEED)
        figure = measured.metrics["average_precision"]
        if figure.value is None or figure.low is None or figure.high is None:
            return []
        points.append(CurvePoint(labels=budget, value=figure.value, low=figure.low, high=figure.high))
    return points


def mistakes(
    material: Material, collection: Collection, head: StoredHead, limit: int | None = None, offset: int = 0
) -> list[Mistake]:
    """Pictures that people checked and the version gets wrong, the surest mistakes first; all or a page.

    On pictures it learned from a mistake is often an answer worth a second look.
    """
    check_fingerprint(head, collection)
    checked = [i for i, decision in material.decisions.items() if decision.decided]
    checked = material.with_vectors(checked)
    if not checked:
        return []
    probability = linear_head(head).probabilities(material.vectors(checked))
    truth = np.array([material.decisions[i].value == "yes" for i in checked])
    wrong = np.flatnonzero((probability >= head.threshold) != truth)
    wrong = wrong[np.argsort(-np.abs(probability[wrong] - head.threshold), kind="stable")]
    wrong = wrong[offset:][:limit]
    paths = collection.paths([checked[row] for row in wrong])
    return [
        Mistake(
            id=checked[row],
            path=paths.get(checked[row], ""),
            said="yes" if truth[row] else "no",
            probability=float(probability[row]),
            purpose="evaluation" if checked[row] in material.reserved else "train",
            simulated=material.decisions[checked[row]].simulated,
        )
        for row in wrong
    ]


def _row(cut: evaluation.Cut) -> ThresholdRow:
    return ThresholdRow(
        threshold=cut.threshold,
        flagged=cut.flagged,
        right=cut.right,
        precision=cut.precision,
        recall=cut.recall,
    )


def _decided(decision: Decision | None) -> bool:
    return decision is not None and decision.decided
