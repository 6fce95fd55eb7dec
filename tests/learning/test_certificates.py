"""A line above which pictures are right: how many answers it takes, and how often it is not what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.certificates import run
from concepts.learning.certificates import (
    DELTA,
    ERROR,
    Certified,
    NotCertified,
    certify,
    floor_of,
    needed,
)
from concepts.learning.target import Side


def falling(n: int) -> np.ndarray:
    return np.linspace(0.99, 0.6, n)


@pytest.mark.parametrize(
    ("at_least", "errors", "answers"),
    [(0.9, 0, 29), (0.8, 0, 14), (0.95, 0, 59), (0.9, 1, 46), (0.9, 2, 61)],
)
def test_it_takes_so_many_answers(at_least: float, errors: int, answers: int) -> None:
    assert needed(at_least, 0.05, errors) == answers


def test_both_guarantees_of_a_version_together_are_wrong_no_more_often_than_one() -> None:
    assert 2 * ERROR == DELTA


def test_the_line_lies_above_the_first_error_that_is_too_many() -> None:
    right = np.ones(46, dtype=bool)
    right[35] = False
    p = falling(46)
    assert certify(p, right, 0.9, 0.05, 0.5) == Certified((p[34] + p[35]) / 2, 35, 0)


def test_all_that_was_drawn_is_above_the_line_where_all_of_it_is_right() -> None:
    assert certify(falling(46), np.ones(46, dtype=bool), 0.9, 0.05, 0.5) == Certified(0.5, 46, 0)


def test_an_error_among_the_surest_certifies_nothing_and_says_what_it_would_have_taken() -> None:
    right = np.ones(46, dtype=bool)
    right[3] = False
    assert certify(falling(46), right, 0.9, 0.05, 0.5) == NotCertified(29, 1, 46 - 29)


def test_too_few_answers_certify_nothing() -> None:
    assert certify(falling(20), np.ones(20, dtype=bool), 0.9, 0.05, 0.5) == NotCertified(20, 0, 9)


def test_pictures_of_equal_probability_are_on_one_side() -> None:
    p = np.repeat([0.9, 0.7], 25)
    right = np.arange(50) != 49
    assert certify(p, right, 0.9, 0.05, 0.6) == Certified(0.6, 50, 1)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=80), st.integers(1, 100))
def test_above_the_floor_lie_as_many_as_are_to_be_drawn(probabilities: list[float], size: int) -> None:
    p = np.array(probabilities)
    assert (p >= floor_of(p, 0.9, size)).sum() >= min(size, len(p))


@pytest.mark.parametrize(("side", "bent"), [("yes", 0.6), ("yes", 1.0), ("no", 0.6), ("no", 1.0)])
def test_a_certified_line_is_wrong_no_more_often_than_it_says(side: Side, bent: float) -> None:
    rng = np.random.default_rng(0)
    found = [run(rng, 0.3, bent, 0.9, 0.05, side) for _ in range(200)]
    assert any(share is not None for share in found)
    assert sum(share is not None and share < 0.9 for share in found) <= 0.05 * len(found)
