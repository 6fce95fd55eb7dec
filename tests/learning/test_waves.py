"""Waves of pictures that measure: how many, from where, and how many of their answers may be looked at."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.waves import (
    HEAD_START,
    LOOKS,
    SHARE,
    Strata,
    about_waiting,
    allocation,
    draw,
    looked_at,
    measures_next,
    next_look,
    next_size,
    strata,
    to_go,
)


@given(st.integers(0, 600), st.integers(0, 5000))
def test_the_next_figures_come_where_a_wave_ends(answered: int, pictures: int) -> None:
    look = next_look(answered, pictures)
    assert look == 0 or (look > answered and looked_at(look, look, pictures) == look)


def test_a_label_given_before_its_turn_brings_the_figures_no_nearer_than_the_first_ones() -> None:
    assert to_go([], 764) == 30
    assert to_go([True] * 28 + [False] * 2 + [True] * 2, 764) == 2
    assert to_go([True] * 57 + [False] * 3 + [True] * 5, 764) == 3
    assert to_go([True] * 12, 60) == 0


@given(st.integers(0, 30), st.integers(0, 200))
def test_learning_has_a_start_and_the_first_look_comes_soon_after(first_look: int, more: int) -> None:
    asked: list[bool] = []
    since = 0
    while len(asked) < 4 * first_look + 3 + more:
        asked.append(measures_next(since, len(asked), sum(asked), first_look))
        since = 0 if asked[-1] else since + 1
    start = int(np.ceil(HEAD_START * first_look))
    assert not any(asked[:start])
    assert sum(asked[: start + 2 * first_look]) == first_look
    after = asked[start + 2 * first_look :]
    assert abs(sum(after) - len(after) / 3) <= 1


@given(st.integers(0, 100_000))
def test_waves_end_at_the_looks_and_leave_four_fifths_of_a_small_library(pictures: int) -> None:
    drawn, ends = 0, []
    while size := next_size(drawn, pictures):
        drawn += size
        ends.append(drawn)
    assert drawn == min(LOOKS[-1], int(SHARE * pictures))
    assert {look for look in LOOKS if look <= drawn} <= set(ends)


@given(st.integers(0, 600), st.integers(0, 600), st.integers(0, 5000))
def test_figures_are_of_answered_pictures_only_and_never_of_more_looks_than_there_are(
    answered: int, drawn: int, pictures: int
) -> None:
    answered = min(answered, drawn)
    assert looked_at(answered, drawn, pictures) <= answered
    seen = {looked_at(n, drawn, pictures) for n in range(drawn + 1)}
    assert len(seen - {0}) <= len(LOOKS) + (drawn not in LOOKS)


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=3), st.integers(0, 300))
def test_a_wave_takes_as_many_as_it_says_and_from_no_stratum_more_than_it_has(
    of: list[int], size: int
) -> None:
    taken = allocation(of, size)
    assert sum(taken) == min(size, sum(of))
    assert all(0 <= n <= most for n, most in zip(taken, of, strict=True))
    taken = allocation([8000, 1500, 500], 100)  # half of it from everything alike
    assert all(n >= 0.5 * 100 * size / 10_000 - 1 for n, size in zip(taken, [8000, 1500, 500], strict=True))
    assert taken[-1] > 5 * 100 * 500 / 10_000


def test_the_flagged_are_a_stratum_of_their_own() -> None:
    logits = np.linspace(-5, 5, 1000)
    cut = strata(logits, 4.0, 60)
    assert np.bincount(cut.of(logits)).tolist() == [600, 300, 100]
    assert set(np.flatnonzero(cut.of(logits) == 2)) == set(np.flatnonzero(logits >= 4.0))
    assert strata(np.full(7, 2.0), 0.0, 30) == Strata(())  # nothing tells these apart


def test_within_a_stratum_any_picture_is_as_likely_as_any_other() -> None:
    stratum = np.repeat([0, 1, 2], [60, 20, 10])
    counts = np.zeros(90)
    for seed in range(2000):
        counts[draw(stratum, 20, np.random.default_rng(seed))] += 1
    for s, taken in zip(range(3), allocation([60, 20, 10], 20), strict=True):
        expected = 2000 * taken / (stratum == s).sum()
        assert np.abs(counts[stratum == s] - expected).max() < 5 * np.sqrt(expected)


def test_why_figures_rest_on_fewer_answers_than_measure_is_said_with_both_numbers() -> None:
    said = about_waiting(30, 57, 2000)
    assert said == "These figures rest on the first 30 of 57 test labels. The next come at 60."
    assert "without 2 that say neither yes nor no." in about_waiting(30, 31, 2000, undecided=2)
    assert "when all pictures drawn before are labelled" in about_waiting(30, 61, 2000)
    assert (about_waiting(30, 30, 2000), about_waiting(0, 12, 2000)) == ("", "")
