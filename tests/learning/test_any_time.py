"""Limits of a share that hold at every look at once."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.learning.intervals import clopper_pearson, share_at_any_time

ERROR, ANSWERS = 0.05, 200


def test_before_any_answer_everything_is_possible() -> None:
    assert share_at_any_time(0, 0, 0.05) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("right", "drawn"), [(0, 1), (1, 1), (5, 5), (50, 50), (0, 50), (33, 50), (400, 1000)]
)
def test_the_limits_hold_the_share_and_are_wider_than_those_of_a_single_look(right: int, drawn: int) -> None:
    low, high = share_at_any_time(right, drawn, 0.05)
    once_low, once_high = clopper_pearson(right, drawn, 0.05)
    assert 0 <= low <= right / drawn <= high <= 1
    assert low <= float(once_low[()]) + 1e-9
    assert high >= float(once_high[()]) - 1e-9


def test_yes_and_no_are_alike() -> None:
    low, high = share_at_any_time(7, 30, 0.05)
    other = share_at_any_time(23, 30, 0.05)
    assert (1 - high, 1 - low) == pytest.approx(other)


@pytest.fixture(scope="module")
def limits() -> dict[tuple[int, int], tuple[float, float]]:
    return {(k, n): share_at_any_time(k, n, ERROR) for n in range(1, ANSWERS + 1) for k in range(n + 1)}


@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_looking_after_each_of_200_answers_misses_the_truth_in_fewer_than_5_of_100_runs(
    share: float, limits: dict[tuple[int, int], tuple[float, float]]
) -> None:
    rng, runs = np.random.default_rng(0), 400
    missed = 0
    for run in rng.random((runs, ANSWERS)) < share:
        right = np.cumsum(run)
        seen = [limits[int(k), n] for n, k in enumerate(right, start=1)]
        missed += any(not low <= share <= high for low, high in seen)
    assert missed <= ERROR * runs
