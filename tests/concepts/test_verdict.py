"""How good a version is in one sentence, and what to do: a table of cases."""

from __future__ import annotations

from typing import Any

import pytest

from concepts.learning.report import EvaluationReport, LabelCount, Metric
from concepts.results.verdict import says_all_it_can, verdict

Share = tuple[float, float, float] | None


def metric(name: str, share: Share, note: str = "") -> Metric:
    if share is None:
        return Metric(name=name, value=None, n=3, note=note)
    value, low, high = share
    return Metric(name=name, value=value, low=low, high=high, n=50)


def report(
    right: Share, found: Share = None, *, note: str = "", flagged: int = 9, **more: Any
) -> EvaluationReport:
    metrics = (
        metric("precision", right, note),
        metric("recall", found),
        metric("base_rate", (0.2, 0.1, 0.3)),
    )
    return EvaluationReport(
        head=1,
        threshold=0.5,
        labels=(LabelCount(author_kind="person", yes=more.get("yes", 5), no=75),),
        covered=more.get("covered", 400),
        metrics=metrics,
        baselines=(),
        confusion={"true_positive": flagged, "false_positive": 0},
        curves=None,
        sentences=(),
        notes=(),
        looked_at=400,
    )


SURE, FAIR, WEAK = (0.9, 0.82, 0.96), (0.66, 0.55, 0.78), (0.31, 0.25, 0.42)

FEW = "only 5 of 80 test pictures count"
GOOD = "Good: 9 in 10 it flags are right."
WEAKLY = "Weak: 3 in 10 it flags are right."
RAISE = "It misses 1 in 10; raise the threshold."
WIDE = "Good: 8 in 10 it flags are right (66–93 %)."
GUARANTEED = "Guaranteed: at least 90 of 100 it flags are right"
EARLY = "Too early to say"
NONE = f"{EARLY}: none of 75 test pictures counts"
ONE = f"{EARLY}: only 1 of 76 test pictures counts"
UNKNOWN = f"{EARLY} what it misses: {FEW}. Label 12 more."
CERTIFIED = "At least 0.9 with 95 % confidence: certified."

CASES: dict[str, list[tuple[EvaluationReport | None, int, int, str]]] = {
    "label": [
        (None, 0, 12, "Not tested yet: 12 more test labels."),
        (report(SURE, FAIR), 40, 12, f"{GOOD} It misses 3 in 10; label 40 more."),
        (report(WEAK, WEAK), 40, 0, f"{WEAKLY} It misses 7 in 10; label 40 more."),
        (report(WEAK, WEAK), 0, 0, f"{WEAKLY} It misses 7 in 10; review the labels."),
        (report((0.97, 0.3, 1.0), SURE), 40, 12, f"{EARLY}: {FEW}. Label 12 more."),
        (report((0.97, 0.3, 1.0), SURE), 0, 1, f"{EARLY}: {FEW}. Label 1 more."),
        (report(None), 40, 12, f"{EARLY}: {FEW}. Label 12 more."),
        (report(SURE, (0.5, 0.1, 0.9)), 0, 12, f"9 in 10 it flags are right. {UNKNOWN}"),
        (report((0.99, 0.9, 1.0), None), 0, 12, f"Nearly all it flags are right. {UNKNOWN}"),
        (report((0.3, 0.15, 0.4), SURE), 40, 0, "Not better than chance yet: label 40 more."),
        (report((0.3, 0.15, 0.4), SURE), 0, 0, "Not better than chance yet: label more."),
    ],
    "test": [(None, 0, 0, "Not tested yet: test it.")],
    "threshold": [
        (report(SURE, FAIR), 0, 12, f"{GOOD} It misses 3 in 10; lower the threshold."),
        (report(FAIR, SURE), 0, 0, f"Fair: 7 in 10 it flags are right. {RAISE}"),
        (report((0.33, 0.22, 0.45), SURE), 0, 0, f"{WEAKLY} {RAISE}"),
        (report(None, flagged=0, yes=20), 40, 12, "It flags none of the test pictures; lower the threshold."),
    ],
    "pictures": [
        (report(None), 40, 0, f"{EARLY}: {FEW}, so add pictures."),
        (report(None, flagged=0), 40, 0, f"{EARLY}: {FEW}, so add pictures."),
        (report(None, flagged=0, yes=0), 40, 0, f"{NONE}, so add pictures."),
        (report(None, yes=60_000), 40, 0, f"{EARLY}: 60,075 test pictures are too few, so add pictures."),
    ],
    "results": [
        (report(None, covered=2400, yes=1), 40, 0, f"{ONE}, so judge by the results."),
        (report(SURE, (0.97, 0.9, 0.99)), 40, 0, f"{GOOD} It misses almost none; see the results."),
        (report((0.84, 0.66, 0.93), SURE), 0, 0, f"{WIDE} It misses 1 in 10; see the results."),
        (report(None, SURE, note=CERTIFIED), 40, 12, f"{GUARANTEED}; see the results."),
    ],
}


@pytest.mark.parametrize(
    ("of", "labels", "test_labels", "said", "step"),
    [(*case, step) for step, cases in CASES.items() for case in cases],
)
def test_a_version_is_judged_in_one_sentence(
    of: EvaluationReport | None, labels: int, test_labels: int, said: str, step: str
) -> None:
    found = verdict(of, labels=labels, test_labels=test_labels)
    assert (found.sentence, found.step) == (said, step)


def test_a_version_that_can_be_tested_at_once_asks_for_that_and_no_labels() -> None:
    for of, said in ((None, "Not tested yet: test it."), (report(None), f"{EARLY}: test it again.")):
        found = verdict(of, test_labels=30, stale=True)
        assert (found.sentence, found.step) == (said, "test")


@pytest.mark.parametrize("tenth", range(11))
def test_every_share_has_words(tenth: int) -> None:
    share = (tenth / 10, max(tenth / 10 - 0.1, 0), min(tenth / 10 + 0.1, 1))
    said = verdict(report((0.9, 0.82, 0.96), share)).sentence
    assert "It misses " in said
    assert verdict(report(share, (0.9, 0.82, 0.96))).sentence


@pytest.mark.parametrize(
    ("of", "short"),
    [
        (None, "not tested yet"),
        (report((0.97, 0.3, 1.0)), "too early to say"),
        (report((0.3, 0.15, 0.4), SURE), "not better than chance yet"),
        (report(SURE, FAIR), "90 % right (82–96 %)"),
        (report(SURE, None), "90 % right (82–96 %)"),
        (report(None, note=CERTIFIED), "at least 90 % right, guaranteed"),
    ],
)
def test_a_few_words_say_the_same(of: EvaluationReport | None, short: str) -> None:
    assert verdict(of).short == short


@pytest.mark.parametrize(
    ("of", "all_it_can"),
    [
        (report(SURE, FAIR), True),
        (report(None, covered=400), False),
        (report(None, covered=2400, yes=1), False),  # the next look is at 120
        (report(None, covered=2400, yes=405), True),  # and after 480 there is none
    ],
)
def test_a_step_that_more_test_labels_would_finish_is_not_done(
    of: EvaluationReport, all_it_can: bool
) -> None:
    assert says_all_it_can(of) is all_it_can
