"""Proportional odds and what is told of grades."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad, minimize

from concepts.errors import DiscernError
from concepts.learning import scaled
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import train_head
from concepts.learning.scale import Scale, ScaleLabels
from concepts.learning.scaled import cuts_of, dealt, doubt, grades, stretched
from concepts.learning.scaled_figures import grade_figures, quadratic_kappa, rounded

FIVE = Scale.graded(5)


def possible_of(said):
    """(n, options) of grades, from 1."""
    return np.array([FIVE.possible(FIVE.counts(g - 1), str(g)) for g in said])


def ordinal(n=200, d=6, seed=0, noise=1.0):
    """Unit vectors (n, d) and grades (n,) 1 to 5 of a direction in them."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n, d))
    X /= np.linalg.norm(X, axis=1, keepdims=True)
    latent = 6 * X[:, 0] + noise * rng.logistic(size=n)
    return X.astype(np.float32), np.digitize(latent, [-3, -1, 1, 3]) + 1


def training_set(X, said):
    labels = ScaleLabels(FIVE, possible_of(said))
    return TrainingSet(X, np.isin(said, (3, 4, 5)), np.ones(len(X)), np.arange(len(X)), labels)


@given(st.integers(2, 40), st.integers(3, 7), st.integers(0, 2**31))
def test_cuts_fall_and_probabilities_add_up_whatever_was_said(n, grades, seed):
    rng = np.random.default_rng(seed)
    possible = np.zeros((n, grades), bool)
    for row in possible:
        low = rng.integers(grades)
        row[low : rng.integers(low, grades) + 1] = True
    found = scaled.fit_odds(rng.standard_normal((n, 3)), possible, rng.random(n) + 0.1, 1.0)
    assert np.isfinite(found.weights).all()
    assert (np.diff(found.cuts) < 0).all()
    p = scaled.grade_probabilities(10 * rng.standard_normal(20), found.cuts)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (p >= 0).all()


@given(st.lists(st.floats(-30, 30), min_size=2, max_size=20), st.integers(0, 2**31))
def test_the_mean_grade_rises_with_the_score_and_so_does_every_chance_of_more(scores, seed):
    rng = np.random.default_rng(seed)
    cuts = np.sort(rng.normal(0, 3, 4))[::-1] - np.arange(4) * 1e-3
    ordered = np.sort(np.array(scores))
    assert (np.diff(scaled.mean_grade(ordered, cuts)) >= 0).all()
    above = 1 - np.cumsum(scaled.grade_probabilities(ordered, cuts), axis=1)
    assert (np.diff(above, axis=0) >= -1e-12).all()


def test_the_slopes_of_the_loss_are_those_of_finite_differences():
    low, high = np.array([0, 4, 2, 1, 0]), np.array([0, 4, 2, 3, 4])
    at = np.append(np.random.default_rng(1).standard_normal(5), [2.0, 0.5, -0.3, -2.5])  # scores and cuts

    def loss(x):
        return scaled.interval_loss(x[:5], x[5:], low, high)[0].sum()

    def slopes(x):
        _, of_score, (of_a, of_b) = scaled.interval_loss(x[:5], x[5:], low, high)
        return np.append(of_score, [of_a[low == k + 1].sum() + of_b[high == k].sum() for k in range(4)])

    assert check_grad(loss, slopes, at) < 1e-5


def test_of_two_grades_it_is_logistic_regression():
    """Solved by another optimiser from the textbook's formula."""
    rng = np.random.default_rng(3)
    X = rng.standard_normal((120, 3))
    yes = X @ [1.5, -1.0, 0.0] + rng.logistic(size=120) > 0.4
    possible = np.column_stack([~yes, yes])

    def loss(theta):
        margin = np.where(yes, 1, -1) * (X @ theta[:3] + theta[3])
        return np.logaddexp(0, -margin).sum() + theta[:3] @ theta[:3] / (2 * 5.0) + 0.025 * theta[3] ** 2

    reference = minimize(loss, np.zeros(4), method="BFGS", options={"gtol": 1e-8}).x
    found = scaled.fit_odds(X, possible, np.ones(120), 5.0)
    np.testing.assert_allclose([*found.weights, found.cuts[0]], reference, atol=1e-4)


def test_it_finds_what_made_the_grades_and_without_a_direction_how_often_each_was_said():
    X, said = ordinal(n=4000)
    found = scaled.fit_odds(X, possible_of(said), np.ones(4000), 1e4)
    np.testing.assert_allclose([*found.cuts, found.weights[0]], [3, 1, -1, -3, 6], atol=0.4)
    assert np.abs(found.weights[1:]).max() < 0.4
    found = scaled.fit_odds(np.zeros((4000, 1)), possible_of(said), np.ones(4000), 1.0)
    p = scaled.grade_probabilities(np.zeros(1), found.cuts)[0]
    np.testing.assert_allclose(p, np.bincount(said)[1:] / 4000, atol=2e-3)


def test_a_plain_yes_teaches_that_one_of_the_grades_that_count_is_right():
    X, said = ordinal(n=300)
    exact = possible_of(said)
    coarse = np.array([FIVE.possible(bool(g >= 3)) for g in said])
    half = np.where((np.arange(300) % 2 == 0)[:, None], exact, coarse)
    other, truth = ordinal(n=500, seed=9)

    def off(possible):
        found = scaled.fit_odds(X, possible, np.ones(300), 10.0)
        return np.abs(scaled.mean_grade(other @ found.weights, found.cuts) - truth).mean()

    few = np.where((np.arange(300) % 10 == 0)[:, None], exact, coarse)
    assert off(half) < off(exact) + 0.05
    assert off(few) < off(exact) + 0.15


def test_a_head_of_grades_has_its_bias_at_the_first_grade_that_counts_and_doubts_by_the_variance():
    head = train_head(training_set(*ordinal()), None, 0)
    cuts = cuts_of(head.details)
    assert head.bias == cuts[1]  # between 2 and 3
    assert head.kind == "proportional odds"
    assert 0 < head.threshold < 1
    X, _ = ordinal(n=50, seed=4)
    p = scaled.grade_probabilities(head.logits(X) - head.bias, cuts)
    g = np.arange(1, 6)
    np.testing.assert_allclose(doubt(head, X), (p * (g - (p @ g)[:, None]) ** 2).sum(axis=1))


def test_the_mean_grade_errs_less_than_the_likeliest_grade():
    X, said = ordinal(n=150, d=20, noise=2.0)
    other, truth = ordinal(n=2000, d=20, seed=5, noise=2.0)
    head = train_head(training_set(X, said), None, 0)
    p = scaled.grade_probabilities(head.logits(other) - head.bias, cuts_of(head.details))
    likeliest = p.argmax(axis=1) + 1
    mean = grades(head, other)
    assert np.square(mean - truth).mean() < 0.9 * np.square(likeliest - truth).mean()


def test_with_one_grade_alone_there_is_a_head_of_yes_and_no():
    X, _ = ordinal(n=10)
    data = training_set(X, np.full(10, 4))
    assert train_head(data, np.eye(6, dtype=np.float32)[0], 0).kind == "text"


def test_folds_hold_every_grade_out_about_as_often_and_cut_no_group():
    said = np.repeat([1, 2, 3, 4, 5], 20)
    group = np.arange(100) // 2
    folds = dealt(possible_of(said), group, 0)
    assert sorted(np.concatenate([test for _, test in folds])) == list(range(100))
    for train, test in folds:
        assert not set(group[train]) & set(group[test])
        assert np.ptp(np.bincount(said[test], minlength=6)[1:]) <= 2


def test_scores_that_say_nothing_are_stretched_to_nothing():
    rng = np.random.default_rng(0)
    said = rng.integers(1, 6, 200)
    a, cuts = stretched(-said + rng.normal(0, 0.1, 200), possible_of(said), np.ones(200))
    assert a < 0.01
    assert (np.diff(cuts) < 0).all()


# Figures


def test_kappa_is_that_of_scikit_learn():
    from sklearn.metrics import cohen_kappa_score

    rng = np.random.default_rng(0)
    said, other, weight = rng.integers(0, 4, 60), rng.integers(0, 4, 60), rng.integers(1, 5, 60)
    theirs = cohen_kappa_score(said, other, weights="quadratic", sample_weight=weight)
    assert quadratic_kappa(weight[None].astype(float), said, other, 4)[0] == pytest.approx(theirs)


def test_figures_hold_the_truth_as_often_as_they_say():
    """Of grades that are right as often as they are."""
    held = {"exact": 0, "kappa": 0}
    rng = np.random.default_rng(0)

    def draw(n):
        latent = rng.standard_normal(n)
        said = np.digitize(latent, [-1, -0.3, 0.3, 1]) + 1
        return said, np.clip(3 + 1.2 * latent + rng.normal(0, 0.7, n), 1, 5)

    said, mean = draw(200_000)
    one = np.ones((1, len(said)))
    truth = {
        "exact": (rounded(mean, 5) == said).mean(),
        "kappa": quadratic_kappa(one, said - 1, rounded(mean, 5) - 1, 5)[0],
    }
    for seed in range(60):
        said, mean = draw(40)
        found = grade_figures(mean, said, 5, np.arange(40), np.ones(40), seed)
        for name in held:
            metric = getattr(found, name)
            held[name] += metric.low <= truth[name] <= metric.high
    assert min(held.values()) >= 56  # of 60


def perfect(said, group=None):
    """Figures of grades that are right throughout."""
    group = np.arange(len(said)) if group is None else group
    return grade_figures(said.astype(float), said, 5, group, np.ones(len(said)), 0)


def test_perfect_grades_of_few_pictures_or_of_copies_are_not_certain():
    found = perfect(np.arange(25) % 5 + 1)
    assert (found.exact.value, found.kappa.value) == (1, 1)
    assert found.exact.low < 0.9
    assert found.kappa.low < 0.999
    assert np.trace(found.table) == 25
    found = perfect(np.arange(12) % 5 + 1)
    assert found.kappa.value is None
    assert "3 more test labels" in found.kappa.note
    assert "3 more test labels" in found.sentences[0]
    said = np.tile([1, 5], 20)
    assert perfect(said, np.tile([0, 1], 20)).exact.low < perfect(said).exact.low


# The scale


def test_a_scale_is_read_as_it_was_with_names_for_its_ends_or_for_each_grade():
    for scale in (
        Scale.graded(7, 5),
        Scale.graded(10, names=["not at all", "very"]),
        Scale.of_classes(["Kitchen", " Bath  room "]),
    ):
        assert Scale.read(scale.as_document()) == scale
    assert Scale.read(None) is None
    assert Scale.graded(4, names=["never", " all  of it "]).names == ("never", "", "", "all of it")
    assert Scale.graded(3, names=["low", "", "high"]).names == ("low", "", "high")
    assert Scale.graded(3, names=["", " "]).names == ()


@pytest.mark.parametrize(
    "make",
    [
        *(
            partial(Scale.of_classes, names)
            for names in (["a"], ["none", "b"], ["", "b"], ["Leave out", "b"])
        ),
        *(partial(Scale.graded, n, line) for n, line in ((2, None), (11, None), (5, 1), (5, 6))),
        *(partial(Scale.graded, 5, names=names) for names in (["one"], ["a", "b", "c"])),
        *(
            partial(of, names)
            for names in (["a", "A"], ["yes", "b"], ["1", "b"], ["x" * 61, "b"])
            for of in (Scale.of_classes, partial(Scale.graded, 5, None))
        ),
    ],
)
def test_scales_that_make_no_sense_and_names_that_could_mean_something_else_are_refused(make):
    with pytest.raises(DiscernError):
        make()
