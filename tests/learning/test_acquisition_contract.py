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
    assert acquisition.select(round, 0, np.random.default_rng(0)) == []
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


def test_the_same_generator_asks_the_same_and_leaves_the_round_as_it_was(acquisition):
    round, same = make_round(), make_round()
    first, second = (acquisition.select(one, 5, np.random.default_rng(4)) for one in (round, same))
    assert first == second == acquisition.select(round, 5, np.random.default_rng(4))
    fresh = make_round()
    assert np.array_equal(round.pool.vectors, fresh.pool.vectors)
    assert np.array_equal(round.labelled.asked, fresh.labelled.asked)
    assert np.array_equal(round.probability, fresh.probability)


def test_every_reason_is_one_that_the_screen_explains(acquisition):
    explained = {"likely", "borderline", "exploration", "random", "disagreement"}
    for trained in (True, False):
        choices = acquisition.select(make_round(trained=trained), 25, np.random.default_rng(0))
        assert {choice.reason for choice in choices} <= explained
