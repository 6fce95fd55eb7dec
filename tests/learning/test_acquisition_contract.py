"""What every registered way to choose questions keeps."""

import numpy as np
import pytest
from rounds import make_round

from concepts.learning.acquisition import ACQUISITIONS, Acquisition


@pytest.fixture(params=ACQUISITIONS)
def acquisition(request) -> Acquisition:
    return ACQUISITIONS[request.param]()


@pytest.mark.parametrize("trained", [True, False])
def test_nothing_is_asked_twice_and_near_copies_are_asked_once(acquisition, trained):
    round = make_round(per_group=3, trained=trained)
    group, asked = round.pool.group, round.labelled.asked
    chosen = [group[choice.row] for choice in acquisition.select(round, 25, np.random.default_rng(0))]
    assert len(chosen) == 25
    assert len(set(chosen)) == 25
    assert not set(chosen) & set(group[asked])


@pytest.mark.parametrize("trained", [True, False])
def test_a_pool_runs_out_without_error(acquisition, trained):
    nearly_empty, empty = (make_round(n=12, asked=asked, trained=trained) for asked in (9, 12))
    assert len(acquisition.select(nearly_empty, 5, np.random.default_rng(0))) == 3
    assert acquisition.select(empty, 5, np.random.default_rng(0)) == []


@pytest.mark.parametrize("trained", [True, False])
def test_asked_for_nothing_it_chooses_nothing(acquisition, trained):
    assert acquisition.select(make_round(trained=trained), 0, np.random.default_rng(0)) == []


def test_the_same_generator_asks_the_same(acquisition):
    first, second = (acquisition.select(make_round(), 5, np.random.default_rng(4)) for _ in range(2))
    assert first == second


def test_it_leaves_the_round_as_it_was(acquisition):
    round, same = make_round(), make_round()
    acquisition.select(round, 5, np.random.default_rng(4))
    assert np.array_equal(round.pool.vectors, same.pool.vectors)
    assert np.array_equal(round.labelled.asked, same.labelled.asked)
    assert np.array_equal(round.probability, same.probability)


def test_every_reason_is_one_that_the_screen_explains(acquisition):
    explained = {"likely", "borderline", "exploration", "random", "disagreement"}
    for trained in (True, False):
        choices = acquisition.select(make_round(trained=trained), 25, np.random.default_rng(0))
        assert {choice.reason for choice in choices} <= explained
