"""What every way to make one label of several annotators' keeps."""

from typing import NamedTuple

import numpy as np
import pytest

from concepts.learning.base import Votes
from concepts.learning.machine_labels import Aggregation, bounded, most_agreeing


@pytest.fixture(params=[bounded, most_agreeing])
def aggregate(request) -> Aggregation:
    return request.param


class Opinions(NamedTuple):
    person: Votes
    machines: Votes


def opinions(
    right: list[float], n: int = 200, answered: int = 60, seed: int = 0
) -> tuple[Opinions, np.ndarray]:
    """A person who answered the first pictures, and simulated machines that are right so often of all."""
    rng = np.random.default_rng(seed)
    truth = np.where(rng.random(n) < 0.4, 1, -1).astype(np.int8)
    machines = [np.where(rng.random(n) < share, truth, -truth) for share in right]
    person = np.where(np.arange(n) < answered, truth, 0)
    return Opinions(person.astype(np.int8), np.array(machines, np.int8).reshape(len(right), n)), truth


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


def test_good_annotators_are_believed(aggregate):
    said, truth = opinions([0.95, 0.95])
    found = aggregate(*said)
    assert (found.positive[60:] == (truth[60:] > 0)).mean() > 0.9
    assert (found.weight[60:] > 0).all()
    assert found.weight[60:].sum() > 4  # as much as so many answers


def test_a_useless_annotator_beside_a_good_one_takes_nothing_away(aggregate):
    said, truth = opinions([0.95, 0.5])
    found = aggregate(*said)
    assert (found.positive[60:] == (truth[60:] > 0)).mean() > 0.85
    assert found.weight[60:].sum() > 4


def test_before_the_person_says_anything_the_machines_labels_are_all_there_is(aggregate):
    said, _ = opinions([0.8], answered=0)
    assert (aggregate(*said).weight > 0).all()


@pytest.mark.parametrize("n", [0, 5])
def test_without_annotators_there_is_nothing(aggregate, n):
    found = aggregate(np.ones(n, np.int8), np.empty((0, n), np.int8))
    assert not found.labelled.any()
    assert (found.weight == 0).all()
    assert found.agreement is None


def test_pictures_that_nobody_is_sure_of_stay_without_a_label(aggregate):
    said, _ = opinions([0.95])
    said.machines[0, 100:] = 0
    found = aggregate(*said)
    assert not found.labelled[100:].any()


def test_bounded_labels_stay_a_part_of_what_the_person_says_and_do_not_grow_with_it_for_ever():
    said, _ = opinions([0.95], n=5000, answered=60)
    weight = bounded(*said).weight
    assert 0 < weight.sum() <= 0.3 * 25
