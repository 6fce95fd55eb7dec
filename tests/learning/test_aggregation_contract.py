"""What every registered way to aggregate annotators keeps."""

import numpy as np
import pytest

from concepts.learning.aggregation import AGGREGATIONS, Aggregation, Opinions


@pytest.fixture(params=AGGREGATIONS)
def aggregation(request) -> Aggregation:
    return AGGREGATIONS[request.param]()


def opinions(
    right: list[float], n: int = 200, answered: int = 60, seed: int = 0
) -> tuple[Opinions, np.ndarray]:
    """A person who answered the first pictures, and simulated machines that are right so often of all."""
    rng = np.random.default_rng(seed)
    truth = np.where(rng.random(n) < 0.4, 1, -1).astype(np.int8)
    machines = [np.where(rng.random(n) < share, truth, -truth) for share in right]
    person = np.where(np.arange(n) < answered, truth, 0)
    return Opinions(person.astype(np.int8), np.array(machines, np.int8).reshape(len(right), n)), truth


def test_it_labels_only_what_the_person_left_with_shares_and_weights_from_nothing_to_one(aggregation):
    said, _ = opinions([0.9, 0.8])
    found = aggregation.aggregate(said)
    labelled = ~np.isnan(found.yes)
    assert not labelled[:60].any()
    assert labelled[60:].all()
    assert ((found.yes[labelled] >= 0) & (found.yes[labelled] <= 1)).all()
    assert ((found.weight >= 0) & (found.weight <= 1)).all()
    assert (found.weight[~labelled] == 0).all()
    assert found.agreement is not None


def test_good_annotators_are_believed(aggregation):
    said, truth = opinions([0.95, 0.95])
    found = aggregation.aggregate(said)
    assert ((found.yes[60:] > 0.5) == (truth[60:] > 0)).mean() > 0.9
    assert (found.weight[60:] > 0).all()
    assert found.weight[60:].sum() > 4  # as much as so many answers


def test_a_coin_weighs_next_to_nothing(aggregation):
    weights = [aggregation.aggregate(opinions([0.5], seed=seed)[0]).weight.max() for seed in range(40)]
    assert np.mean(np.array(weights) > 0) < 0.1


def test_what_always_says_the_same_or_the_opposite_weighs_nothing(aggregation):
    said, _ = opinions([0.0])
    assert aggregation.aggregate(said).weight.max() == 0
    always = Opinions(said.person, np.ones((1, 200), np.int8))
    assert aggregation.aggregate(always).weight.max() == 0


def test_a_useless_annotator_beside_a_good_one_takes_nothing_away(aggregation):
    said, truth = opinions([0.95, 0.5])
    found = aggregation.aggregate(said)
    assert ((found.yes[60:] > 0.5) == (truth[60:] > 0)).mean() > 0.85
    assert found.weight[60:].sum() > 4


def test_before_the_person_says_anything_the_machines_labels_are_all_there_is(aggregation):
    said, _ = opinions([0.8], answered=0)
    assert (aggregation.aggregate(said).weight > 0).all()


@pytest.mark.parametrize("n", [0, 5])
def test_without_annotators_there_is_nothing(aggregation, n):
    found = aggregation.aggregate(Opinions(np.ones(n, np.int8), np.empty((0, n), np.int8)))
    assert np.isnan(found.yes).all()
    assert (found.weight == 0).all()
    assert found.agreement is None


def test_pictures_that_nobody_is_sure_of_stay_without_a_label(aggregation):
    said, _ = opinions([0.95])
    said.machines[0, 100:] = 0
    found = aggregation.aggregate(said)
    assert np.isnan(found.yes[100:]).all()


def test_the_same_opinions_give_the_same_labels(aggregation):
    first, second = (aggregation.aggregate(opinions([0.9, 0.7])[0]) for _ in range(2))
    assert np.array_equal(first.yes, second.yes, equal_nan=True)
    assert np.array_equal(first.weight, second.weight)


def test_bounded_labels_stay_a_part_of_what_the_person_says_and_do_not_grow_with_it_for_ever():
    said, _ = opinions([0.95], n=5000, answered=60)
    weight = AGGREGATIONS["bounded"]().aggregate(said).weight
    assert 0 < weight.sum() <= 0.3 * 25
