"""A line above which pictures are right: how many answers it takes, and how often it is not what it says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.certificates import run
from concepts.learning.certificates import DELTA, ERROR, Certified, NotCertified, certify, floor_of, needed
from concepts.learning.target import Side


def falling(n: int) -> np.ndarray:
    return np.linspace(0.99, 0.6, n)


@pytest.mark.parametrize(
    ("at_least", "errors", "answers"),
    [(0.9, 0, 29), (0.8, 0, 14), (0.95, 0, 59), (0.9, 1, 46), (0.9, 2, 61)],
)
def test_it_takes_so_many_answers(at_least: float, errors: int, answers: int) -> None:
    assert needed(at_least, 0.05, errors) == answers
    assert 2 * ERROR == DELTA  # both guarantees of a version together are wrong no more often than one


@pytest.mark.parametrize(
    ("p", "wrong", "found"),
    [
        # above the first error that is too many
        (falling(46), 35, Certified((falling(46)[34] + falling(46)[35]) / 2, 35, 0)),
        (falling(46), -1, Certified(0.5, 46, 0)),  # all that was drawn
        (falling(46), 3, NotCertified(29, 1, 46 - 29)),  # an error among the surest
        (falling(20), -1, NotCertified(20, 0, 9)),
        (np.repeat([0.9, 0.7], 25), 49, Certified(0.5, 50, 1)),  # equal ones are on one side
    ],
)
def test_a_line_lies_where_the_errors_above_it_are_few_enough(
    p: np.ndarray, wrong: int, found: Certified | NotCertified
) -> None:
    assert certify(p, np.arange(len(p)) != wrong, 0.9, 0.05, 0.5) == found


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
