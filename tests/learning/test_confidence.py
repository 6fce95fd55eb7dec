"""How likely a machine's verdict is right, from its own probabilities and from what a person said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.learning.machine_labels import chance_by_repeats, chance_by_tokens, fit_to_answers, right

UNTOUCHED = fit_to_answers(np.empty(0), np.empty(0, bool))


def test_the_chance_of_a_yes_is_that_of_its_ratings_and_half_of_what_can_not_be_said():
    assert chance_by_tokens({"5": 0.5, "4": 0.2, "3": 0.2, "1": 0.1}) == pytest.approx(0.8)
    assert chance_by_tokens({"5": 0.4, "1": 0.1, "the": 0.5}) == pytest.approx(0.8)
    assert chance_by_tokens({"the": 0.9}) is None
    assert chance_by_tokens({}) is None


def test_three_of_three_answers_are_sure_but_not_certain():
    assert chance_by_repeats([5, 4, 5]) == pytest.approx(3.5 / 4)
    assert chance_by_repeats([1, 2, 1]) == pytest.approx(0.5 / 4)
    assert chance_by_repeats([5, 4, 2]) == pytest.approx(2.5 / 4)
    assert chance_by_repeats([3]) == pytest.approx(0.5)


def test_without_answers_chances_stay_as_they_are():
    chances, ratings = np.array([0.9, 0.2, 0.6]), np.array([5.0, 1.0, 3.0])
    np.testing.assert_allclose(right(chances, ratings, UNTOUCHED), [0.9, 0.8, np.nan], atol=1e-9)


def overconfident(n, seed):
    """Chances of 0.999 and 0.001 that are right four times in five."""
    rng = np.random.default_rng(seed)
    said = rng.random(n) < 0.5
    truth = np.where(rng.random(n) < 0.8, said, ~said)
    return np.where(said, 0.999, 0.001), truth


@pytest.mark.parametrize("seed", range(5))
def test_an_overconfident_model_is_believed_as_far_as_it_was_right(seed):
    chances, truth = overconfident(400, seed)
    sure = right(np.array([0.999, 0.001]), np.array([5.0, 1.0]), fit_to_answers(chances, truth))
    np.testing.assert_allclose(sure, 0.8, atol=0.08)


def test_three_answers_move_a_chance_little():
    few = fit_to_answers(np.array([0.8, 0.7, 0.6]), np.array([False, True, True]))
    (sure,) = right(np.array([0.8]), np.array([4.0]), few)
    assert 0.6 < sure < 0.85


def test_a_model_that_is_biased_towards_yes_is_moved():
    rng = np.random.default_rng(0)
    chances = rng.uniform(0.5, 0.95, 300)
    moved = fit_to_answers(chances, rng.random(300) < 0.2)
    assert right(np.array([0.7]), np.array([4.0]), moved)[0] < 0.35


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), max_size=30), st.floats(0, 1), st.floats(0, 1))
def test_answers_never_turn_the_order_of_chances_around(said, one, other):
    fitted = fit_to_answers(np.array([c for c, _ in said]), np.array([y for _, y in said], dtype=bool))
    low, high = sorted((one, other))
    first, second = right(np.array([low, high]), np.array([5.0, 5.0]), fitted)
    assert 0 <= first <= second + 1e-9 <= 1 + 1e-9
