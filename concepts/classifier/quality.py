"""How good a version is, seen from every side the Check screen shows: thresholds and labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from concepts.classifier.library_scores import LibraryScores
from concepts.classifier.measuring import (
    MeasuredVersion,
    answered_twice,
    earlier_labels,
    pictures,
    what_waits,
)
from concepts.labelling.dataset import ConceptDataset
from concepts.learning.fitting import SEED
from concepts.learning.report import (
    Consistency,
    Curves,
    CutFigures,
    EvaluationReport,
    target_met,
)
from concepts.learning.two_samples import difference, share_unlike
from concepts.learning.waves import next_look
from concepts.view import View
from storage.frames import Frame
from storage.heads import HeadFacts, StoredHead
from storage.vectors.reader import VectorReader

FEWEST = 20  # measured pictures, below which nothing can be said
LOOKED_AT = 2000  # pictures of the library, at random: a share is then known to within two points
SURE = 0.01  # p-value below which the library is said to differ: the notice is looked at again and again

Groups = Callable[[Sequence[str]], Sequence[str]]  # ids → names of near-duplicate groups


class Coverage(View):
    """The library beside the pictures that measured. `unlike` of its pictures are like none of those."""

    n_measured: int
    n_library: int
    p_value: float  # of measured and library being alike
    share_unlike: float
    unlike: int
    sentence: str  # empty where the figures cover the library as far as can be told


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
    coverage: Coverage | None = None  # what they say of the library as it is; None with too few pictures
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
    coverage: Coverage | None = None,
    removed: int = 0,
) -> QualityView:
    """The version on the answers as they are now. `measured` is the newest stored report, `scores` what it
    says of the library where that is known."""
    report, counts = measured.report if measured else None, dataset.decisions
    moved = elsewhere(report, dataset.frame) if report else ""
    stale = _changed_since(measured, dataset) and (not moved or bool(dataset.measuring))
    return QualityView(
        version=head_view(head, report),
        n=report.n if report else 0,
        positives=sum(count.yes for count in report.labels) if report else 0,
        simulated=sum(c.yes + c.no for c in report.labels if c.author_kind == "simulated") if report else 0,
        waiting=sum(i not in counts for i in dataset.evaluation),
        new_answers=len(
            {
                event.picture_id
                for event in dataset.log.standing(dataset.concept_id, ("person", "simulated"))
                if event.sequence > head.label_sequence
                and event.picture_id not in dataset.reserved
                and event.picture_id in counts
                and counts[event.picture_id].decided
            }
        ),
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
        coverage=coverage,
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


def coverage(measured: Sequence[str], index: VectorReader, groups: Groups) -> Coverage | None:
    """What figures from the pictures `measured`, ids with a vector, say of the library as it is now.

    `measured` must be drawn with equal chances: what was drawn by score differs from the library by design.
    `groups` are named by their smallest id, whose picture stands for the others: copies are no news.
    None with too few pictures on either side. Takes half a second, whatever the library's size.
    """
    if len(measured) < FEWEST:
        return None
    rng = np.random.default_rng(SEED)
    known = set(groups(measured))
    some = [measured[row] for row in np.sort(rng.permutation(len(measured))[:LOOKED_AT])]
    places = np.sort(rng.permutation(len(index.ids))[: LOOKED_AT + len(measured)])
    drawn = index.ids.at(places)
    others = [i for i, group in zip(drawn, groups(drawn), strict=True) if i == group and group not in known]
    if len(others) < FEWEST:
        return None
    one, other = index.vectors(some), index.vectors(others)
    p_value = difference(one, other, SEED)
    # Of the pictures measured none is unlike what was measured.
    share = share_unlike(one, other) * (1 - min(len(known) / len(index.ids), 1))
    unlike, sentence = round(share * len(index.ids)), ""
    if p_value < SURE:
        sentence = (
            "The library is no longer like the test set."
            if share < 0.005
            else f"About {pictures(unlike)} ({100 * share:.0f} % of the library) look unlike the test set."
        )
    return Coverage(
        n_measured=len(measured),
        n_library=len(index.ids),
        p_value=p_value,
        share_unlike=share,
        unlike=unlike,
        sentence=sentence,
    )


def elsewhere(report: EvaluationReport, now: Frame) -> str:
    """What figures are of, where the concept looks in other collections by now; empty where it doesn't. That
    a collection has grown is no other one: what it has grown by is what `coverage` looks for."""
    was = Frame.of([one.model_dump() for one in report.looks_in])
    if was.ids == now.ids:
        return ""
    return (
        f"These figures are of {pictures(report.looked_at)} in {was.name}. The concept searches {now.name} "
        "now, which they don’t cover."
    )
