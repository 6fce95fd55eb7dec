import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning import machine_labels

labels = st.dictionaries(st.text("abcdef", min_size=1, max_size=2), st.booleans(), max_size=20)


def measure_agreement(person, machine):
    """Of labels by picture, as the log has them."""
    pictures = sorted(person.keys() | machine.keys())
    signs = {True: 1, False: -1, None: 0}
    votes = (np.array([signs[said.get(i)] for i in pictures], np.int8) for said in (person, machine))
    return machine_labels.measure_agreement(*votes)


def simulate(n, right, seed, share=0.4):
    """A person, and a machine that gives the person's answer with probability `right`."""
    rng = np.random.default_rng(seed)
    person = {f"{i:03}": bool(y) for i, y in enumerate(rng.random(n) < share)}
    return person, {i: y if rng.random() < right else not y for i, y in person.items()}


@given(labels, labels)
def test_a_weight_is_between_nothing_and_nearly_a_persons(person, machine):
    result = measure_agreement(person, machine)
    assert result.weight == 1.0 if not person else 0 <= result.weight <= 0.9
    if result.informedness is not None:
        assert -1 <= result.low <= result.informedness <= result.high <= 1
        assert 0 <= result.agree <= result.n


def test_a_coin_weighs_nothing_nearly_always():
    weights = [measure_agreement(*simulate(100, 0.5, seed)).weight for seed in range(200)]
    assert np.mean(np.array(weights) > 0) < 0.06
    assert max(weights) < 0.15


def test_a_machine_that_always_says_no_weighs_nothing_however_often_it_is_right():
    person, _ = simulate(200, 1, 0, share=0.03)
    result = measure_agreement(person, dict.fromkeys(person, False))
    assert result.agree > 190
    assert result.weight == 0


def test_a_machine_that_says_the_opposite_weighs_nothing():
    person, _ = simulate(60, 1, 0)
    assert measure_agreement(person, {i: not y for i, y in person.items()}).weight == 0


@pytest.mark.parametrize(("n", "at_least"), [(10, 0.1), (40, 0.7), (400, 0.9)])
def test_a_machine_that_is_always_right_weighs_more_the_more_is_shared(n, at_least):
    assert measure_agreement(*simulate(n, 1, 0)).weight >= at_least


def test_a_better_machine_weighs_more():
    weights = [measure_agreement(*simulate(200, right, 0)).weight for right in (0.6, 0.75, 0.9)]
    assert weights == sorted(weights)
    assert weights[0] < weights[2]


def test_unmeasured_labels_weigh_nothing_once_the_person_has_answered():
    assert measure_agreement({"a": True}, {"b": True}).weight == 0
    one_sided = measure_agreement({"a": True, "b": True}, {"a": True, "b": True})
    assert one_sided.weight == 0
    assert "only pictures that count" in one_sided.sentence


def test_before_any_person_answers_a_machines_labels_are_all_there_is_and_it_says_so():
    result = measure_agreement({}, {"a": True})
    assert result.weight == 1
    assert "Nobody has checked a picture yet" in result.sentence


def test_pictures_labelled_by_one_side_only_change_nothing():
    person, machine = simulate(30, 0.9, 0)
    assert measure_agreement(person | {"x": True}, machine | {"y": False}) == measure_agreement(
        person, machine
    )
