"""How good a version is in one sentence, with what to do next: the same words on every screen."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal

from concepts.learning.evaluation import FEWEST
from concepts.learning.report import EvaluationReport, Metric
from concepts.learning.waves import LOOKS, SHARE, next_look

RIGHT, FOUND = 0.8, 0.6  # shares from which on a version is called good
WEAK_RIGHT, WEAK_FOUND = 0.5, 0.3  # and under which it is called weak
CERTIFIED = re.compile(r"At least ([\d.]+) with .* certified\.")  # as a report notes it of a guarantee


@dataclass(frozen=True)
class Verdict:
    """`said`: how good it is, and `todo`: what to do about it, both without a full stop. `step` is where that
    is done; `known`: whether anything can be said by now; `figure`: how many are right, if that is known."""

    said: str
    todo: str
    step: Literal["label", "test", "pictures", "threshold", "results"]
    known: bool = True
    figure: str = ""

    @property
    def sentence(self) -> str:
        return f"{self.said}{'; ' if self.known else ': '}{self.todo}."

    @property
    def short(self) -> str:
        """A few words of it."""
        return self.figure or f"{self.said[0].lower()}{self.said[1:]}"


def verdict(
    report: EvaluationReport | None,
    *,
    labels: int = 0,
    test_labels: int = 0,
    stale: bool = False,
    done: bool = False,
) -> Verdict:
    """`labels`: how many more would help, 0 if there are enough. `test_labels`: how many more bring the next
    figures, 0 if the test set is used up. `stale`: whether testing now would say something else. `done`:
    whether hardly a picture is left that counts, so that nothing more is asked."""
    test_labels = 0 if done else test_labels
    if report is None:
        todo = "" if stale else _test_labels(test_labels)
        return Verdict("Not tested yet", todo or "test it", "label" if todo else "test", known=False)
    right, found = report.metric("precision"), report.metric("recall")
    notes = (metric.note for metric in report.metrics if metric.name == "precision")
    guarantee = next((match for note in notes if (match := CERTIFIED.fullmatch(note))), None)
    if certified := (f"{100 * float(guarantee[1]):.3g}" if guarantee else ""):
        said = f"Guaranteed: at least {certified} of 100 it flags are right"
        return Verdict(said, "see the results", "results", figure=f"at least {certified} % right, guaranteed")
    count, confusion = sum(labels.yes for labels in report.labels), report.confusion
    if confusion and count >= FEWEST and not confusion["true_positive"] + confusion["false_positive"]:
        return Verdict("It flags none of the test pictures", "lower the threshold", "threshold")
    if right is None or right.is_wide:
        return _too_early("Too early to say", report, count, test_labels, stale, done)
    base = report.metric("base_rate")
    if base is not None and (right.low or 0) <= (base.value or 0):
        said = "Not better than chance yet"
        return Verdict(said, f"label {labels} more" if labels else "label more", "label", known=False)
    value, low, high = (100 * (share or 0) for share in (right.value, right.low, right.high))
    are_right, figure = _right(right), (f"{value:.0f} % right ({low:.0f}–{high:.0f} %)")
    if found is None or found.is_wide:
        said = f"{are_right[0].upper()}{are_right[1:]}. Too early to say what it misses"
        return replace(_too_early(said, report, count, test_labels, stale, done), figure=figure)
    precision, recall = right.value or 0, found.value or 0
    said = f"{_level(precision, recall)}: {are_right}. It misses {_in_ten(1 - recall)}"
    if precision >= RIGHT and recall >= RIGHT:
        return Verdict(said, "see the results", "results", figure=figure)
    if labels:
        return Verdict(said, f"label {labels} more", "label", figure=figure)
    if max(precision, recall) < RIGHT:  # one threshold can't mend both
        return Verdict(said, "review the labels", "label", figure=figure)
    move = "raise" if precision < RIGHT else "lower"
    return Verdict(said, f"{move} the threshold", "threshold", figure=figure)


def says_all_it_can(report: EvaluationReport) -> bool:
    """Whether it says how good a version is, or no more test labels would bring it to."""
    said = verdict(report, test_labels=next_look(report.n, report.covered or 0))  # none or some
    return said.known or said.step == "results"


def _too_early(
    said: str, report: EvaluationReport, count: int, test_labels: int, stale: bool, done: bool
) -> Verdict:
    if stale:
        return Verdict(said, "test it again", "test", known=False)
    why, todo = "", _test_labels(test_labels)
    if count < FEWEST:
        few = f"only {count}" if count else "none"
        why = f"{few} of {report.n:,} test pictures {'count' if count > 1 else 'counts'}"
    if todo:
        return Verdict(said, f"{why}. Label {test_labels} more" if why else todo, "label", known=False)
    why = why or f"{report.n:,} test pictures are too few"
    if done or SHARE * (report.covered or 0) >= LOOKS[-1]:  # more test no more
        return Verdict(said, f"{why}, so judge by the results", "results", known=False)
    return Verdict(said, f"{why}, so add pictures", "pictures", known=False)


def _test_labels(more: int) -> str:
    return f"{more} more test {'label' if more == 1 else 'labels'}" if more else ""


def _right(share: Metric) -> str:
    """With its range where that reaches from good to not good."""
    value, low, high = share.value or 0, share.low or 0, share.high or 0
    unsure = f" ({100 * low:.0f}–{100 * high:.0f} %)" if low < RIGHT <= high else ""
    return f"{_in_ten(value)} it flags {'is' if round(10 * value) == 1 else 'are'} right{unsure}"


def _in_ten(share: float) -> str:
    tenths = round(10 * share)
    return {0: "almost none", 10: "nearly all"}.get(tenths, f"{tenths} in 10")


def _level(precision: float, recall: float) -> str:
    if precision >= RIGHT and recall >= FOUND:
        return "Good"
    return "Weak" if precision < WEAK_RIGHT or recall < WEAK_FOUND else "Fair"
