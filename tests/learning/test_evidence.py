"""Evidence from votes is a fair bet: whoever looks after each of them is wrong no more often than said."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from concepts.learning.intervals import evidence

SHARES = st.lists(st.floats(0.05, 0.95), min_size=1, max_size=8)


@given(SHARES)
@settings(deadline=None)
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
@settings(deadline=None)
def test_another_vote_for_it_is_more_evidence_and_one_against_it_less(shares, data):
    votes = np.array(data.draw(st.lists(st.booleans(), min_size=len(shares), max_size=len(shares))))
    least, before = np.array(shares), evidence(votes, np.array(shares))

    assert evidence(np.append(votes, True), np.append(least, 0.5)) > before
    assert evidence(np.append(votes, False), np.append(least, 0.5)) < before


def test_no_votes_are_no_evidence():
    assert evidence(np.zeros(0, bool), np.zeros(0)) == 1
