"""Limits and bets that hold however often one looks."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.intervals import clopper_pearson, evidence, share_at_any_time

ERROR, ANSWERS = 0.05, 200


@pytest.mark.parametrize(
    ("right", "drawn"), [(0, 1), (1, 1), (5, 5), (50, 50), (0, 50), (33, 50), (400, 1000)]
)
def test_the_limits_hold_the_share_and_are_wider_than_those_of_a_single_look(right: int, drawn: int) -> None:
    low, high = share_at_any_time(right, drawn, 0.05)
    once_low, once_high = clopper_pearson(right, drawn, 0.05)
    assert 0 <= low <= right / drawn <= high <= 1
    assert low <= float(once_low[()]) + 1e-9
    assert high >= float(once_high[()]) - 1e-9
    assert share_at_any_time(drawn - right, drawn, 0.05) == pytest.approx((1 - high, 1 - low))
    assert share_at_any_time(0, 0, 0.05) == (0.0, 1.0)


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


SHARES = st.lists(st.floats(0.05, 0.95), min_size=1, max_size=8)


@given(SHARES)
def test_where_votes_are_for_it_just_as_often_as_they_have_to_be_it_is_one_on_average(shares):
    least = np.array(shares)
    mean = 0.0
    for votes in product([False, True], repeat=len(shares)):
        chance = np.where(votes, least, 1 - least).prod()
        mean += chance * evidence(np.array(votes), least)

    assert abs(mean - 1) < 1e-9


def test_who_looks_after_each_vote_is_wrong_no_more_often_than_said():
    rng, called = np.random.default_rng(0), 0
    for _ in range(400):
        votes = rng.random(60) < 0.6
        called += any(evidence(votes[:n], np.full(n, 0.6)) >= 10 for n in range(1, 61))

    assert called / 400 <= 0.1


@given(SHARES, st.data())
def test_another_vote_for_it_is_more_evidence_and_one_against_it_less(shares, data):
    votes = np.array(data.draw(st.lists(st.booleans(), min_size=len(shares), max_size=len(shares))))
    least, before = np.array(shares), evidence(votes, np.array(shares))

    assert evidence(np.append(votes, True), np.append(least, 0.5)) > before
    assert evidence(np.append(votes, False), np.append(least, 0.5)) < before
    assert evidence(votes[:0], least[:0]) == 1
