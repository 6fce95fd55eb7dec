"""How good a version is, seen from every side the Check screen shows: thresholds and labels."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from concepts.labelling.dataset import ConceptDataset
from concepts.labelling.label_cache import label_cache_of
from concepts.learning.report import Consistency, Curves, CutFigures, EvaluationReport, target_met
from concepts.learning.waves import next_look
from concepts.results.library_scores import LibraryScores
from concepts.results.measuring import (
    MeasuredVersion,
    answered_twice,
    earlier_labels,
    pictures,
    what_waits,
)
from concepts.view import View
from storage.database import chunks
from storage.frames import Frame
from storage.heads import HeadFacts, StoredHead

GROWN = 0.05  # the share of pictures that came after the figures, from which on it is said


class HeadView(View):
    number: int
    kind: str
    definition: int
    threshold: float
    created: datetime
    details: dict[str, Any]
    report: EvaluationReport | None  # newest evaluation


class QualityView(View):
    """A version measured on the labels as they are now."""

    version: HeadView
    n: int  # test pictures with a yes or no
    positives: int
    simulated: int  # of n, answered by no real person
    waiting: int  # test pictures nobody has looked at
    new_answers: int  # to learn from, since the version was trained
    stale: bool  # answers on test pictures changed since the stored report
    rows: list[CutFigures]  # thresholds to choose from, highest first
    at: CutFigures | None  # at the version's own threshold; None where it calls no picture a yes
    curves: Curves | None
    next_look: int  # test labels after which there are the next figures; 0 where there are no more
    answered: int  # test labels so far
    to_go: int  # test labels until the next figures; 0: at once, or no more
    pictures: int  # of the library, with a vector
    flagged: int | None  # of them, at the version's threshold; None until the library was scored
    flagged_at: list[int]  # at the thresholds 0, 0.001, … 1; empty until the library was scored
    waiting_answers: str = ""  # why the figures rest on fewer answers than there are; empty where on all
    newer: str = ""  # how many pictures came after the figures, in words; empty for few
    consistency: Consistency | None = None  # of the answers as they are now; None where none was asked twice
    earlier: str = ""  # how many test labels are of an earlier description, in words; empty for none
    to_label_again: int = 0  # of them, until those given anew take their place; they are on Review
    looks_in: str = ""  # the collections the concept looks in, in words; empty: the whole library
    elsewhere: str = ""  # what the figures are of, where the concept looks elsewhere by now, in words
    removed: int = 0  # answers in the figures about pictures that were removed from the library since


def quality(
    dataset: ConceptDataset,
    head: StoredHead,
    measured: MeasuredVersion | None,
    scores: LibraryScores | None,
    removed: int = 0,
) -> QualityView:
    """The version on the answers as they are now. `measured` is the newest stored report, `scores` what it
    says of the library where that is known."""
    report = measured.report if measured else None
    moved = elsewhere(report, dataset.frame) if report else ""
    stale = is_stale(measured, dataset)
    return QualityView(
        version=head_view(head, report),
        n=report.n if report else 0,
        positives=sum(count.yes for count in report.labels) if report else 0,
        simulated=sum(c.yes + c.no for c in report.labels if c.author_kind == "simulated") if report else 0,
        waiting=sum(i not in dataset.decisions for i in dataset.evaluation),
        new_answers=new_answers(dataset, head),
        stale=stale,
        rows=list(report.cuts) if report else [],
        at=at_threshold(report) if report else None,
        curves=report.curves if report else None,
        next_look=next_look(len(dataset.measuring), dataset.pictures),
        answered=dataset.answered_blindly,
        to_go=0 if stale else dataset.to_next_figures,
        waiting_answers="" if stale else what_waits(dataset, report.n) if report else "",
        pictures=len(dataset.index.ids),
        flagged=scores.flagged(head.threshold) if scores else None,
        flagged_at=scores.flagged_at_each_step() if scores else [],
        newer=newer(report, len(dataset.index.ids)) if report and not moved else "",
        consistency=answered_twice(dataset),
        earlier=earlier_labels(dataset),
        to_label_again=len(dataset.measuring_labels.left),
        looks_in="" if dataset.frame.is_whole else dataset.frame.name,
        elsewhere=moved,
        removed=removed,
    )


def head_view(head: HeadFacts, report: EvaluationReport | None) -> HeadView:
    met = target_met(str(head.details.get("target", "")), report.metrics if report else ())
    facts = vars(head) | {"details": head.details | {"target_met": met}}
    return HeadView(definition=head.definition_number, report=report, **facts)


def new_answers(dataset: ConceptDataset, head: StoredHead) -> int:
    """How many pictures there are to learn from that were answered since the version was trained."""
    changed = sorted(dataset.log.changed_since(dataset.concept_id, head.label_sequence) - dataset.reserved)
    decisions = label_cache_of(dataset.handle.app).decisions(dataset.concept_id)
    since = {
        event.picture_id
        for ids in chunks(changed)
        for event in dataset.log.standing(dataset.concept_id, ("person", "simulated"), ids)
        if event.sequence > head.label_sequence
    }
    return sum(i in decisions and decisions[i].decided for i in since)


def is_stale(measured: MeasuredVersion | None, dataset: ConceptDataset) -> bool:
    """Whether a test now would say something else of what the concept looks in now."""
    moved = elsewhere(measured.report, dataset.frame) if measured else ""
    return _changed_since(measured, dataset) and (not moved or bool(dataset.measuring))


def _changed_since(measured: MeasuredVersion | None, dataset: ConceptDataset) -> bool:
    """Whether measuring now would say something else: more pictures measure, an answer was undone, or those
    under the newest description count by now."""
    ids, truth = dataset.evaluation_labels()
    if measured is None:
        return bool(ids)
    if measured.report.earlier and not dataset.measuring_labels.earlier:
        return True
    labels = measured.report.labels
    return (sum(c.yes for c in labels), measured.report.n) != (int(truth.sum()), len(ids))


def at_threshold(report: EvaluationReport) -> CutFigures | None:
    """The figures at the version's own threshold; None where nothing that measures is flagged."""
    found = {metric.name: metric for metric in report.metrics}
    right = report.confusion["true_positive"]
    flagged = right + report.confusion["false_positive"]
    if not flagged or not {"precision", "recall"} <= found.keys():
        return None
    return CutFigures(
        threshold=report.threshold,
        flagged=flagged,
        right=right,
        precision=found["precision"],
        recall=found["recall"],
    )


def newer(report: EvaluationReport, now: int) -> str:
    """How many of the pictures there are `now` came after the figures, in words; empty for few. Only later
    draws of test pictures speak for those."""
    came = now - report.looked_at
    if came < GROWN * now:
        return ""
    return f"{pictures(came)} came after this test, {100 * came / now:.0f} % of all. It doesn’t cover them."


def elsewhere(report: EvaluationReport, now: Frame) -> str:
    """What figures are of, where the concept looks in other collections by now; empty where it doesn't. That
    a collection has grown is no other one: see `newer`."""
    was = Frame.of([one.model_dump() for one in report.looks_in])
    if was.ids == now.ids:
        return ""
    return (
        f"These figures are of {pictures(report.looked_at)} in {was.name}. The concept searches {now.name} "
        "now, which they don’t cover."
    )
