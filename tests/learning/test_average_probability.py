"""Whether probabilities are right on average, with an interval that holds the truth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from concepts.learning.evaluation import about_probabilities, probability_gap
from concepts.learning.intervals import mean_interval


@given(arrays(float, st.integers(0, 80), elements=st.floats(-1, 1)))
def test_an_interval_of_a_mean_stays_within_the_bounds_and_near_the_mean(values):
    low, high = mean_interval(values, -1, 1, 0)
    assert -1 <= low <= high <= 1
    if len(values):
        assert low - 1e-9 <= values.mean() <= high + 1e-9


def test_more_values_narrow_the_interval_and_the_same_seed_repeats_it():
    values = np.random.default_rng(0).random(400)
    few, many = (mean_interval(values[:n], 0, 1, 0) for n in (40, 400))
    assert many[1] - many[0] < 0.5 * (few[1] - few[0])
    assert mean_interval(values, 0, 1, 0) == mean_interval(values, 0, 1, 0)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_the_interval_holds_the_truth_at_least_as_often_as_it_says_where_a_normal_one_does_not(share):
    """40 redrawn sets of 60."""
    rng = np.random.default_rng(0)
    truth = rng.random(50_000) < share
    ratio = 2.5 * rng.normal(np.where(truth, 2.5, 0)) - 2.5**2 / 2
    p = 1 / (1 + np.exp(-2.5 * (ratio + np.log(share / (1 - share)))))  # too sure
    gap = (p - truth).mean()
    held = normal = 0
    for seed in range(40):
        rows = rng.integers(0, len(p), 60)
        found = probability_gap(p[rows], truth[rows], np.arange(60), seed)
        held += found.low <= gap <= found.high
        half = 1.96 * (p[rows] - truth[rows]).std() / 60**0.5
        normal += abs(found.value - gap) <= half
    assert held >= 39
    assert share > 0.05 or normal < 36


def test_near_copies_are_one_piece_of_evidence():
    rng = np.random.default_rng(1)
    p, truth = rng.random(60), rng.random(60) < 0.5
    once = probability_gap(p, truth, np.arange(60), 0)
    copied = probability_gap(np.repeat(p, 9), np.repeat(truth, 9), np.repeat(np.arange(60), 9), 0)
    assert (copied.value, copied.low, copied.high) == pytest.approx((once.value, once.low, once.high))


@pytest.mark.parametrize(
    ("added", "said"), [(0.3, "too high, by"), (-0.3, "too low, by"), (0.0, "right, as far as")]
)
def test_words_say_in_which_direction_probabilities_are_off(added, said):
    rng = np.random.default_rng(2)
    truth = rng.random(400) < 0.5
    (sentence,) = about_probabilities([probability_gap(np.full(400, 0.5 + added), truth, np.arange(400), 0)])
    assert said in sentence


def test_of_few_pictures_nothing_is_said():
    found = probability_gap(np.full(12, 0.5), np.arange(12) < 6, np.arange(12), 0)
    assert found.value is None
    assert "18 more" in found.note
    assert about_probabilities([found]) == []
