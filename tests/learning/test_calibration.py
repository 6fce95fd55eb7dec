"""Scores to probabilities, and thresholds for a target that is reached, missed or left open,
among pictures nobody labelled by their scores, and never laxer than the balanced one."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression

from concepts.encoders.base import unit
from concepts.errors import WrongUsageError
from concepts.learning.base import Floats, LinearHead, Rows, TrainingSet
from concepts.learning.calibration import choose_threshold, expected, platt, refit
from concepts.learning.fitting import train_head
from concepts.learning.report import Metric, about_the_target
from concepts.learning.target import Target

scored = st.lists(st.tuples(st.floats(-1e6, 1e6), st.booleans()), min_size=1, max_size=40)


@given(scored)
def test_calibration_never_reverses_a_ranking_and_is_never_certain_of_a_label(rows):
    scores, positive = np.array([s for s, _ in rows]), np.array([y for _, y in rows])
    anew = refit(np.clip(scores, -60, 60), positive)
    for fit in (platt(scores, positive, np.ones(len(rows))), anew):
        assert fit.a > 0
        assert np.isfinite([fit.a, fit.c]).all()


def test_with_many_labels_platt_is_logistic_regression_on_the_score():
    rng = np.random.default_rng(0)
    scores = rng.normal(size=20_000)
    positive = rng.random(20_000) < 1 / (1 + np.exp(-(2 * scores - 1)))
    fit = platt(scores, positive, np.ones(20_000))
    reference = LogisticRegression(C=1e6).fit(scores[:, None], positive)
    assert fit.a == pytest.approx(reference.coef_[0, 0], rel=0.01)
    assert fit.c == pytest.approx(reference.intercept_[0], rel=0.01)


def test_few_answers_leave_doubt_and_move_probabilities_little():
    fit = platt(np.array([-1.0, 1.0]), np.array([False, True]), np.ones(2))
    assert 1 / (1 + np.exp(-(fit.a + fit.c))) == pytest.approx(2 / 3, abs=0.01)
    fit = refit(np.array([0.0]), np.array([True]))
    assert (fit.a, fit.c) == (1, pytest.approx(0.4, abs=0.1))


def test_a_label_of_weight_two_is_two_labels():
    scores, positive = np.array([-1.0, 0.5, 0.2, 2.0]), np.array([False, False, True, True])
    weighted = platt(scores, positive, np.array([1.0, 1.0, 2.0, 1.0]))
    repeated = platt(np.append(scores, 0.2), np.append(positive, True), np.ones(5))
    grid = np.linspace(-3, 3, 7)
    assert np.allclose(weighted.a * grid + weighted.c, repeated.a * grid + repeated.c, atol=0.01)


@given(
    st.lists(
        st.tuples(st.sampled_from([0.1, 0.2, 0.5, 0.8, 0.9]), st.booleans()), min_size=1, max_size=30
    ).filter(lambda rows: any(y for _, y in rows)),
    st.sampled_from([Target(), Target("precision", 0.8), Target("recall", 0.8)]),
)
def test_a_threshold_gives_what_it_says_and_no_other_does_better(rows, target):
    p, truth = np.array([s for s, _ in rows]), np.array([y for _, y in rows])

    def at(cut):
        yes = p >= cut
        hits = (yes & truth).sum()
        precision, recall = hits / max(yes.sum(), 1), hits / truth.sum()
        return precision, recall, 2 * hits / (yes.sum() + truth.sum())

    chosen = choose_threshold(p, truth, target)
    assert (chosen.precision, chosen.recall, chosen.f1) == pytest.approx(at(chosen.value))
    options = [at(cut) for cut in np.unique(p)]
    if target.kind == "f1":
        assert chosen.f1 == pytest.approx(max(f1 for *_, f1 in options))
    elif target.kind == "recall":
        assert chosen.met
        assert chosen.precision == pytest.approx(max(a for a, r, _ in options if r >= 0.8))
    else:
        good = [r for a, r, _ in options if a >= 0.8]
        assert chosen.met == bool(good)
        if good:
            assert chosen.recall == pytest.approx(max(good))


def test_targets_read_as_they_are_written():
    for target in (Target(), Target("precision", 0.9), Target("recall", 1.0)):
        assert Target.parse(str(target)) == target
    assert Target.parse(" Best F1 ") == Target.parse("f1") == Target()
    assert Target.parse("precision=0.9") == Target("precision", 0.9)


@pytest.mark.parametrize("text", ["", "accuracy at least 0.9", "precision at least 0", "recall at least 2"])
def test_other_words_are_no_target(text):
    with pytest.raises(WrongUsageError, match=r"is no target\. Write f1, precision=0\.9 or recall=0\.9"):
        Target.parse(text)


@pytest.mark.parametrize(
    ("target", "said"),
    [
        (Target(), "balances both kinds of mistake"),
        (Target("precision", 0.95), "wants 95 of 100 flagged to be right"),
        (Target("recall", 0.9), "wants 90 of 100 that count to be found"),
    ],
)
def test_what_a_threshold_is_for_is_said_without_the_words_of_the_trade(target: Target, said: str) -> None:
    assert target.plainly == said


OPEN = "that is not certain. More test labels would tell."
TOO_FEW = "there are too few test labels to say whether they are."


@pytest.mark.parametrize(
    ("target", "low", "high", "said"),
    [
        ("precision at least 0.9", 0.91, 0.97, ["it flags to be right: they are."]),
        ("precision at least 0.9", 0.5, 0.8, ["it flags to be right: they are not."]),
        ("precision at least 0.9", 0.8, 0.95, [f"it flags to be right: {OPEN}"]),
        ("precision at least 0.9", None, None, [f"it flags to be right: {TOO_FEW}"]),
        ("recall at least 0.9", 0.91, 0.97, ["that count to be found: they are."]),
        *((target, 0.5, 0.6, []) for target in ("best F1", "set by hand", "none", "")),
    ],
)
def test_a_floor_is_reached_missed_or_left_open_by_its_interval(
    target: str, low: float | None, high: float | None, said: list[str]
) -> None:
    asked, other = sorted(("precision", "recall"), key=lambda name: name not in target)
    measured = Metric(name=asked, value=None if low is None else 0.5, low=low, high=high, n=60)
    anything = Metric(name=other, value=0.5, low=0.0, high=1.0, n=60)
    told = about_the_target(target, [anything, measured])
    assert told == [f"You asked for at least 90 of 100 pictures {one}" for one in said]


DIMENSION, LIBRARY, RARE = 24, 6000, 120
PRECISION, RECALL = Target("precision", 0.8), Target("recall", 0.9)
seeds = pytest.mark.parametrize("seed", range(6))


class Rare:
    """A library of which one in fifty counts, and 60 labels as the app asks for them: the likeliest by rough
    words first, then what the head is least sure of. Far more of them count than of the library."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.counts = np.arange(LIBRARY) < RARE
        vectors = rng.normal(0, 1, (LIBRARY, DIMENSION))
        vectors[:, 0] += np.where(self.counts, 6.0, 0.0)
        self.vectors = np.asarray(unit(vectors), np.float32)
        self.labelled = np.argsort(-vectors[:, 0] - rng.normal(0, 3, LIBRARY))[:40]
        while len(self.labelled) < 60:
            unsure = np.abs(self.trained(Target()).logits(self.vectors))
            unsure[self.labelled] = np.inf
            self.labelled = np.append(self.labelled, np.argsort(unsure)[:20])

    @property
    def free(self) -> Rows:
        return np.delete(np.arange(LIBRARY), self.labelled)

    @property
    def data(self) -> TrainingSet:
        rows = self.labelled
        return TrainingSet(self.vectors[rows], self.counts[rows], np.ones(len(rows)), np.arange(len(rows)))

    def trained(self, target: Target, *, by_scores: bool = True) -> LinearHead:
        def unlabelled(head: LinearHead) -> Floats:
            return head.logits(self.vectors[self.free])

        return train_head(self.data, None, 0, target, unlabelled=unlabelled if by_scores else None)


@seeds
def test_a_precision_is_reached_where_what_counts_is_rare_and_kept_as_it_is_likely_to_be(seed: int) -> None:
    rare = Rare(seed)
    assert rare.data.positive.mean() > 10 * rare.counts.mean()
    head = rare.trained(PRECISION)
    flagged = head.probabilities(rare.vectors[rare.free]) >= head.threshold
    assert rare.counts[rare.free][flagged].mean() >= PRECISION.at_least
    likely = json.loads(json.dumps(head.details))["expected"]
    assert (likely["flagged"], likely["of"]) == (flagged.sum(), len(rare.free))
    assert likely["low"] <= likely["value"] <= likely["high"]


@seeds
def test_a_precision_never_flags_more_than_no_target_and_a_recall_never_less(seed: int) -> None:
    rare = Rare(seed)
    balanced, blind = rare.trained(Target()), rare.trained(Target(), by_scores=False)
    assert balanced.weights.tobytes() == blind.weights.tobytes()  # whatever the library holds
    assert (balanced.bias, balanced.threshold, balanced.details) == (
        blind.bias,
        blind.threshold,
        blind.details,
    )
    for target in (Target("precision", 0.1), PRECISION):
        assert rare.trained(target).threshold >= balanced.threshold
    for target in (Target("recall", 0.1), RECALL):
        assert rare.trained(target).threshold <= balanced.threshold


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.booleans()), min_size=2, max_size=40).filter(
        lambda rows: len({yes for _, yes in rows}) == 2
    ),
    st.lists(st.floats(-30, 30), min_size=1, max_size=60),
    st.sampled_from([PRECISION, RECALL]),
)
def test_what_is_expected_is_a_share_with_a_range_around_it(labels, unlabelled, target) -> None:
    scores, positive = (np.array(column) for column in zip(*labels, strict=True))
    found = expected(scores, positive, np.ones(len(scores)), np.array(unlabelled), target)
    assert (found.low <= found.value + 1e-6).all()
    assert (found.value <= found.high + 1e-6).all()
    assert ((found.low >= 0) & (found.high <= 1)).all()
    rises = np.diff(found.value) * (1 if target.kind == "recall" else -1)
    assert (rises >= -1e-9).all()  # who flags fewer is right more often, and finds fewer
