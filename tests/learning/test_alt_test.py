"""Whether a machine may answer for people: the alternative annotator test on simulated people."""

import numpy as np
import pytest

from concepts.learning.machine_labels import alt_test


def people_and_machine(rng, n, right):
    """Votes (3, n) of people who are right nine times in ten, and (n,) of a machine that is as told."""
    truth = rng.choice([-1, 1], n)

    def said(p):
        return np.where(rng.random(n) < p, truth, -truth).astype(np.int8)

    return np.stack([said(0.9) for _ in range(3)]), said(right)


@pytest.mark.parametrize("seed", range(5))
def test_a_machine_as_good_as_people_may_answer_for_them(seed):
    found = alt_test(*people_and_machine(np.random.default_rng(seed), 150, 0.93))
    assert found is not None
    assert found.passes
    assert (found.people, found.shared) == (3, 150)


@pytest.mark.parametrize("seed", range(5))
def test_a_machine_that_guesses_may_not(seed):
    found = alt_test(*people_and_machine(np.random.default_rng(seed), 150, 0.5))
    assert found is not None
    assert not found.passes
    assert found.won == 0


def test_one_that_says_nothing_agrees_with_nobody():
    people, machine = people_and_machine(np.random.default_rng(0), 60, 0.9)
    found = alt_test(people, np.zeros_like(machine))
    assert found is not None
    assert not found.passes


def test_with_too_few_shared_pictures_nothing_is_said():
    people, machine = people_and_machine(np.random.default_rng(0), 29, 0.9)
    assert alt_test(people, machine) is None
    assert alt_test(people[:1], machine) is None


def test_who_shares_too_few_is_not_tested():
    people, machine = people_and_machine(np.random.default_rng(0), 80, 0.95)
    people[2, 20:] = 0
    found = alt_test(people, machine)
    assert found is not None
    assert found.people == 2


def test_a_machine_that_always_says_what_all_say_matches_all():
    people = np.tile(np.array([1, -1] * 20, np.int8), (2, 1))
    found = alt_test(people, people[0])
    assert found is not None
    assert (found.won, found.advantage) == (2, 1.0)
