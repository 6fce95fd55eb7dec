"""Figures at one threshold and at every one, and probabilities on average, with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    average_precision_score,
    brier_score_loss,
    f1_score,
    precision_recall_curve,
    precision_score,
    recall_score,
    roc_auc_score,
)

from concepts.learning.evaluation import (
    COUNTS,
    ENOUGH,
    ERROR,
    METRICS,
    _Ranked,
    compare,
    consistency,
    curves,
    cuts,
    evaluate,
    one_of_each,
)
from concepts.learning.report import Metric, about_unlabelled
from concepts.learning.stratified import StratifiedCounts


def example(n=200, seed=0, decimals=2):
    """Rounded probabilities, so that there are ties."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < 0.3
    p = np.clip(rng.normal(0.3 + 0.3 * truth, 0.2), 0, 1).round(decimals)
    return p, truth, np.arange(n)


def figures(p, truth, weights=None):
    precision, recall, _ = precision_recall_curve(truth, p, sample_weight=weights)
    return {
        "average_precision": average_precision_score(truth, p, sample_weight=weights),
        "roc_auc": roc_auc_score(truth, p, sample_weight=weights),
        "f1": f1_score(truth, p >= 0.5, sample_weight=weights),
        "precision": precision_score(truth, p >= 0.5, sample_weight=weights),
        "recall": recall_score(truth, p >= 0.5, sample_weight=weights),
        "recall_at_precision_0.8": recall[precision >= 0.8].max(),
        "recall_at_precision_0.9": recall[precision >= 0.9].max(),
        "brier": brier_score_loss(truth, p, sample_weight=weights),
        "base_rate": np.average(truth, weights=weights),
    }


@pytest.mark.parametrize("decimals", [1, 2, 9])
def test_figures_are_those_of_sklearn_and_the_same_seed_gives_the_same(decimals):
    p, truth, group = example(decimals=decimals)
    report = evaluate(p, truth, 0.5, group, 0)
    for name, value in figures(p, truth).items():
        assert report.metrics[name].value == pytest.approx(value), name
        assert report.metrics[name].low <= value <= report.metrics[name].high
    assert report == evaluate(p, truth, 0.5, group, 0)
    weights = np.random.default_rng(1).uniform(0.2, 5, len(p))
    weighted = evaluate(p, truth, 0.5, group, 0, weights)
    for name, value in figures(p, truth, weights).items():
        if name not in COUNTS:  # they are counted in strata
            assert weighted.metrics[name].value == pytest.approx(value), name


@given(st.integers(0, 1000))
def test_a_redrawn_set_gives_what_sklearn_gives_on_the_repeated_pictures(seed):
    p, truth, _ = example(40, seed, decimals=1)
    times = np.random.default_rng(seed).multinomial(40, np.full(40, 1 / 40))
    repeated = np.repeat(truth, times), np.repeat(p, times)
    if not 0 < repeated[0].sum() < 40:
        return
    ranked = _Ranked(p, truth, 0.5)
    drawn = times[None, ranked.order].astype(float)
    for name, theirs in (("average_precision", average_precision_score), ("roc_auc", roc_auc_score)):
        assert METRICS[name](ranked, drawn)[0] == pytest.approx(theirs(*repeated))


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth = rng.random(100_000) < 0.3
    p = 1 / (1 + np.exp(-rng.normal(2.0 * truth - 1)))
    whole = roc_auc_score(truth, p)
    held = 0
    for seed in range(60):
        rows = rng.choice(len(p), 150, replace=False)
        metric = evaluate(p[rows], truth[rows], 0.5, np.arange(150), seed).metrics["roc_auc"]
        held += metric.low <= whole <= metric.high
    assert held >= 52


def test_near_copies_narrow_no_interval():
    p, truth, group = example(60)
    once = evaluate(p, truth, 0.5, group, 0).metrics["roc_auc"]
    copied = evaluate(np.repeat(p, 10), np.repeat(truth, 10), 0.5, np.repeat(group, 10), 0).metrics["roc_auc"]
    alone = evaluate(np.repeat(p, 10), np.repeat(truth, 10), 0.5, np.arange(600), 0).metrics["roc_auc"]
    assert copied.high - copied.low == pytest.approx(once.high - once.low, rel=0.15)
    assert alone.high - alone.low < 0.5 * (once.high - once.low)


def test_too_few_pictures_give_a_sentence_instead_of_a_number():
    p, truth = np.linspace(0, 1, 20), np.arange(20) >= 18
    metric = evaluate(p, truth, 0.5, np.arange(20), 0).metrics["average_precision"]
    assert metric.value is None
    assert metric.note == "Too few to say: 8 more test pictures that count needed (there are 2)."
    one_short = evaluate(np.linspace(0, 1, 20), np.arange(20) >= 11, 0.5, np.arange(20), 0)
    assert "1 more test picture that counts needed" in one_short.metrics["average_precision"].note
    assert evaluate(p, ~truth, 0.5, np.arange(20), 0).metrics["roc_auc"].value is None
    assert evaluate(p, truth, 0.5, np.arange(20), 0).metrics["brier"].value is None
    empty = evaluate(np.empty(0), np.empty(0, bool), 0.5, np.empty(0, np.int64), 0)
    assert all(metric.value is None and metric.note for metric in empty.metrics.values())


def test_ten_right_of_ten_is_not_certainty():
    p, truth = np.r_[np.full(10, 0.9), np.full(30, 0.1)], np.arange(40) < 10
    metrics = evaluate(p, truth, 0.5, np.arange(40), 0).metrics
    assert metrics["precision"].value == 1
    assert metrics["precision"].low < 0.75
    assert metrics["average_precision"].low < 0.75
    assert metrics["roc_auc"].low < 0.95


def test_scores_that_are_no_probabilities_are_judged_as_a_ranking():
    p, truth, group = example()
    ranking = evaluate(4 * p - 2, truth, 0.0, group, 0)
    assert (
        ranking.metrics["average_precision"] == evaluate(p, truth, 0.5, group, 0).metrics["average_precision"]
    )
    assert ranking.metrics["brier"].value is None
    assert ranking.curves is None


def test_a_better_head_is_better_on_the_same_redrawn_pictures():
    p, truth, group = example(400)
    worse = np.random.default_rng(5).permutation(p)
    difference = compare(p, worse, truth, group, 0)
    assert 0 < difference.low < difference.value < difference.high
    nothing = compare(p, p, truth, group, 0)
    assert (nothing.value, nothing.low, nothing.high) == (0, 0, 0)


def test_curves_are_ready_to_plot():
    p, truth, _ = example(500)
    drawn = curves(p, truth)
    assert sum(point.n for point in drawn.reliability) == 500
    assert sum(drawn.histogram_yes) == truth.sum()
    assert sum(drawn.histogram_no) == (~truth).sum()
    share, _ = calibration_curve(truth, p, n_bins=10, strategy="quantile")
    assert [point.observed for point in drawn.reliability] == pytest.approx(share)
    assert list(drawn.recall) == sorted(drawn.recall)


@pytest.fixture
def scored() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    probability, truth, _ = example(80, seed=4)
    return probability, truth, np.random.default_rng(4).integers(0, 60, 80)


def test_each_cut_has_the_figures_of_its_threshold(scored) -> None:  # type: ignore[no-untyped-def]
    probability, truth, group = scored
    table = cuts(probability, truth, group, most=100)
    assert [cut.threshold for cut in table] == sorted(set(probability), reverse=True)
    for cut in table[:: len(table) // 6]:
        said = StratifiedCounts([[one_of_each(*scored)]], cut.threshold, ERROR / len(table))
        for name in ("precision", "recall"):
            mine, whole = getattr(cut, name), said.figure(name)
            assert (mine.value, mine.low, mine.high, mine.n) == (whole.value, whole.low, whole.high, whole.n)
        assert cut.flagged == (probability >= cut.threshold).sum()


def test_what_holds_at_all_thresholds_at_once_is_less_than_what_holds_at_one(scored) -> None:  # type: ignore[no-untyped-def]
    probability, truth, group = scored
    table = cuts(*scored, most=20)
    assert len(table) == 20
    cut = table[10]
    alone = evaluate(probability, truth, cut.threshold, group, 0).metrics["precision"]
    assert cut.precision.low < alone.low
    assert cut.precision.value == alone.value


EARLY = "Too early to say how many of 40 flagged pictures that nobody labelled are right"


@pytest.mark.parametrize(
    ("value", "low", "high", "said"),
    [
        (0.775, 0.6, 0.925, "Of 40 flagged pictures that nobody labelled, about 31 are right (24 to 37)."),
        (0.6, 0.25, 0.9, f"{EARLY}: 10 to"),
        (None, None, None, f"{EARLY}. Lab"),
    ],
)
def test_how_many_unlabelled_finds_are_right_is_a_number_only_where_its_range_is_narrow(
    value, low, high, said
):
    metric = Metric(name="precision", value=value, low=low, high=high, n=12, note="Label some.")
    assert about_unlabelled(metric, 40).startswith(said)
    assert about_unlabelled(metric, 0) == about_unlabelled(None, 40) == ""


# Labels given a second time: how often people say the same.
SAID = [("yes", "yes")] * 12 + [("no", "no")] * 15 + [("yes", "no")] * 2 + [("no", "unsure")]


def test_what_was_said_twice_is_counted_by_the_first_answer_and_limits_a_classifier() -> None:
    found = consistency(SAID, answers=200, people=1)
    assert (found.n, found.same, found.yes_to_no, found.no_to_yes, found.to_unsure) == (30, 27, 2, 0, 1)
    exact = binomtest(27, 30).proportion_ci(0.95)
    assert (found.share.low, found.share.high) == pytest.approx((exact.low, exact.high))
    assert (found.ceiling.low, found.ceiling.value) == pytest.approx(((1 + exact.low) / 2, 0.95))
    assert found.different.value == pytest.approx(20)
    assert 3 <= found.different.low < 20 < found.different.high <= 173
    assert found.sentences[0].startswith(
        "You labelled 27 of 30 pictures the same way twice (73–98 of 100): no classifier can be expected to "
        "agree with your labels on more than about 95 of 100"
    )
    assert "about 20 of the 200 test labels would be different" in found.sentences[1]
    found = consistency(SAID[:12], answers=12, people=2)
    assert found.sentences[0] == "People labelled 12 of 12 pictures the same way twice (74–100 of 100)."
    assert "So none of the 12 test labels" in found.sentences[1]


def test_too_few_are_counted_and_nothing_is_said_of_them() -> None:
    found = consistency(SAID[: ENOUGH - 1], answers=200, people=1)
    assert (found.same, found.share.value, found.different.value, found.sentences) == (9, None, None, ())
    assert found.share.note == "1 more pictures labelled twice are needed."
    assert consistency([], answers=200, people=0) is None
