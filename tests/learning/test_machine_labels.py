"""What a machine's labels weigh, how likely a verdict is right, and whether it may answer for people."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.machine_labels import (
    bounded,
    chance_by_repeats,
    chance_by_tokens,
    fit_to_answers,
    measure_agreement,
    most_agreeing,
    right,
)


def simulate(n, right, seed, share=0.4):
    """Votes of a person, and of a machine that gives the person's with probability `right`."""
    rng = np.random.default_rng(seed)
    person = np.where(rng.random(n) < share, 1, -1).astype(np.int8)
    return person, np.where(rng.random(n) < right, person, -person)


@given(st.lists(st.tuples(*[st.sampled_from((-1, 0, 1))] * 2), max_size=20))
def test_a_weight_is_between_nothing_and_nearly_a_persons(votes):
    person, machine = np.array(votes, np.int8).reshape(-1, 2).T
    result = measure_agreement(person, machine)
    assert 0 <= result.weight <= 0.9 if person.any() else result.weight == 1.0
    if result.informedness is not None:
        assert -1 <= result.low <= result.informedness <= result.high <= 1
        assert 0 <= result.agree <= result.n


def test_a_coin_and_what_says_the_opposite_or_always_no_weigh_nothing():
    person, opposite = simulate(200, 0, 0, share=0.03)
    for machine in (opposite, np.full(200, -1, np.int8)):
        assert measure_agreement(person, machine).weight == 0
    weights = [measure_agreement(*simulate(100, 0.5, seed)).weight for seed in range(200)]
    assert np.mean(np.array(weights) > 0) < 0.06
    assert max(weights) < 0.15


def test_a_machine_weighs_more_the_better_it_is_and_the_more_is_shared():
    weights = [measure_agreement(*simulate(200, right, 0)).weight for right in (0.6, 0.75, 0.9)]
    assert weights == sorted(weights)
    assert weights[0] < weights[2]
    for n, at_least in ((10, 0.1), (40, 0.7), (400, 0.9)):
        assert measure_agreement(*simulate(n, 1, 0)).weight >= at_least


def test_pictures_labelled_by_one_side_only_weigh_and_change_nothing():
    assert measure_agreement(np.array([1, 0]), np.array([0, 1])).weight == 0
    one_sided = measure_agreement(np.ones(2, np.int8), np.ones(2, np.int8))
    assert one_sided.weight == 0
    assert "only pictures that count" in one_sided.sentence
    person, machine = simulate(30, 0.9, 0)
    more = np.append(person, [1, 0]), np.append(machine, [0, -1])
    assert measure_agreement(*more) == measure_agreement(person, machine)


@pytest.fixture(params=[bounded, most_agreeing])
def aggregate(request):
    return request.param


def opinions(right, n=200, answered=60, seed=0):
    """A person who answered the first pictures, and simulated machines that are right so often of all; then
    what is true."""
    rng = np.random.default_rng(seed)
    truth = np.where(rng.random(n) < 0.4, 1, -1).astype(np.int8)
    machines = [np.where(rng.random(n) < share, truth, -truth) for share in right]
    person = np.where(np.arange(n) < answered, truth, 0)
    return (person.astype(np.int8), np.array(machines, np.int8)), truth


def test_it_labels_only_what_the_person_left_with_weights_from_nothing_to_one(aggregate):
    said, _ = opinions([0.9, 0.8])
    found = aggregate(*said)
    labelled = found.labelled
    assert not labelled[:60].any()
    assert labelled[60:].all()
    assert not found.positive[~labelled].any()
    assert ((found.weight >= 0) & (found.weight <= 1)).all()
    assert (found.weight[~labelled] == 0).all()
    assert found.agreement is not None


@pytest.mark.parametrize(("other", "agree"), [(0.95, 0.9), (0.5, 0.85)])
def test_good_annotators_are_believed_and_a_useless_one_beside_takes_nothing_away(aggregate, other, agree):
    said, truth = opinions([0.95, other])
    found = aggregate(*said)
    assert (found.positive[60:] == (truth[60:] > 0)).mean() > agree
    assert found.weight[60:].sum() > 4  # as much as so many answers


@pytest.mark.parametrize("n", [0, 5])
def test_without_annotators_or_where_none_is_sure_there_is_nothing(aggregate, n):
    found = aggregate(np.ones(n, np.int8), np.empty((0, n), np.int8))
    assert not found.labelled.any()
    assert (found.weight == 0).all()
    assert found.agreement is None
    (person, machines), _ = opinions([0.95])
    machines[0, 100:] = 0
    assert not aggregate(person, machines).labelled[100:].any()


def test_before_the_person_says_anything_the_machines_labels_are_all_there_is(aggregate):
    said, _ = opinions([0.8], answered=0)
    assert (aggregate(*said).weight > 0).all()
    alone = measure_agreement(np.zeros(1, np.int8), np.ones(1, np.int8))
    assert alone.weight == 1
    assert "No suggestion was checked yet" in alone.sentence


def test_a_coin_and_what_always_says_the_same_or_the_opposite_weigh_next_to_nothing(aggregate):
    (person, opposite), _ = opinions([0.0])
    for machines in (opposite, np.ones((1, 200), np.int8)):
        assert aggregate(person, machines).weight.max() == 0
    weights = [aggregate(*opinions([0.5], seed=seed)[0]).weight.max() for seed in range(40)]
    assert np.mean(np.array(weights) > 0) < 0.1


def test_bounded_labels_stay_a_part_of_what_the_person_says_and_do_not_grow_with_it_for_ever():
    said, _ = opinions([0.95], n=5000, answered=60)
    weight = bounded(*said).weight
    assert 0 < weight.sum() <= 0.3 * 25


def test_the_chance_of_a_yes_is_that_of_its_ratings_and_of_three_answers_never_certain():
    assert chance_by_tokens({"5": 0.5, "4": 0.2, "3": 0.2, "1": 0.1}) == pytest.approx(0.8)
    assert chance_by_tokens({"5": 0.4, "1": 0.1, "the": 0.5}) == pytest.approx(0.8)
    assert chance_by_tokens({"the": 0.9}) is None
    assert chance_by_tokens({}) is None
    assert chance_by_repeats([5, 4, 5]) == pytest.approx(3.5 / 4)
    assert chance_by_repeats([1, 2, 1]) == pytest.approx(0.5 / 4)
    assert chance_by_repeats([5, 4, 2]) == pytest.approx(2.5 / 4)
    assert chance_by_repeats([3]) == pytest.approx(0.5)


@pytest.mark.parametrize("seed", range(5))
def test_an_overconfident_model_is_believed_as_far_as_it_was_right(seed):
    rng = np.random.default_rng(seed)
    said = rng.random(400) < 0.5
    truth = np.where(rng.random(400) < 0.8, said, ~said)  # right four times in five
    chances = np.where(said, 0.999, 0.001)
    sure = right(np.array([0.999, 0.001]), np.array([5.0, 1.0]), fit_to_answers(chances, truth))
    np.testing.assert_allclose(sure, 0.8, atol=0.08)


def test_a_model_that_is_biased_towards_yes_is_moved_by_three_answers_little_and_by_none_not():
    rng = np.random.default_rng(0)
    biased = rng.uniform(0.5, 0.95, 300), rng.random(300) < 0.2
    few = np.array([0.8, 0.7, 0.6]), np.array([False, True, True])
    none = np.empty(0), np.empty(0, bool)
    chances, ratings = np.array([0.8, 0.2, 0.6]), np.array([5.0, 1.0, 3.0])
    sure = [right(chances, ratings, fit_to_answers(*answers)) for answers in (biased, few, none)]
    assert sure[0][0] < 0.5 < 0.6 < sure[1][0] < 0.85
    np.testing.assert_allclose(sure[2], [0.8, 0.8, np.nan], atol=1e-9)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30), st.floats(0, 1), st.floats(0, 1))
def test_answers_never_turn_the_order_of_chances_around(said, one, other):
    fitted = fit_to_answers(np.array([c for c, _ in said]), np.array([y for _, y in said], dtype=bool))
    low, high = sorted((one, other))
    first, second = right(np.array([low, high]), np.array([5.0, 5.0]), fitted)
    assert 0 <= first <= second + 1e-9 <= 1 + 1e-9
