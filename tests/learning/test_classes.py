"""Exclusive classes: one of several, or none of these."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import check_grad

from concepts.learning import scaled
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import train_head
from concepts.learning.scale import NONE, Scale, ScaleLabels
from concepts.learning.scaled import classes, doubt
from concepts.learning.scaled_figures import class_figures

ROOMS = Scale.of_classes(["kitchen", "bathroom", "bedroom"])
WORDS = (NONE, *ROOMS.words)


def rooms(n=160, d=8, seed=0, push=1.5):
    """Unit vectors (n, d) and options (n,) that each push in a direction of their own."""
    rng = np.random.default_rng(seed)
    option = rng.integers(0, 4, n)
    X = rng.standard_normal((n, d))
    X[np.arange(n), option] += push * 2
    return (X / np.linalg.norm(X, axis=1, keepdims=True)).astype(np.float32), option


def training_set(X, option):
    possible = np.array([ROOMS.possible(k > 0, WORDS[k]) for k in option])
    return TrainingSet(X, option > 0, np.ones(len(X)), np.arange(len(X)), ScaleLabels(ROOMS, possible))


@given(st.integers(0, 2**31))
def test_the_slopes_of_the_loss_are_those_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    logits, possible = rng.normal(0, 3, (4, 3)), rng.random((4, 3)) < 0.5
    possible[np.arange(4), rng.integers(0, 3, 4)] = True

    def found(flat):
        return scaled.masked_loss(flat.reshape(4, 3), possible)

    assert check_grad(lambda x: found(x)[0].sum(), lambda x: found(x)[1].ravel(), logits.ravel()) < 1e-5


def test_it_is_the_softmax_regression_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression

    X, option = rooms(push=0.6)
    possible = np.eye(4, dtype=bool)[option]
    found = scaled.fit_softmax(X, possible, np.ones(len(X)), 10.0)
    reference = LogisticRegression(C=10.0, tol=1e-8, max_iter=5000).fit(X, option)
    ours = scaled.class_probabilities(np.asarray(X, float) @ found[:-1] + found[-1])
    np.testing.assert_allclose(ours, reference.predict_proba(X), atol=5e-3)


def test_probabilities_of_a_head_add_up_and_name_the_class_and_doubt_is_highest_between_two():
    head = train_head(training_set(*rooms()), None, 0)
    X, option = rooms(n=300, seed=1)
    p = classes(head, X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert (p.argmax(axis=1) == option).mean() > 0.85
    assert head.classes.shape == (3, 9)
    one, other = np.eye(8, dtype=np.float32)[[1, 2]]
    assert doubt(head, np.stack([one, other, (one + other) / np.sqrt(2)])).argmax() == 2


def test_chances_are_about_as_high_as_they_are_right():
    head = train_head(training_set(*rooms(n=400, push=0.5)), None, 0)
    X, option = rooms(n=4000, seed=1, push=0.5)
    p = classes(head, X)
    right = p.argmax(axis=1) == option
    assert p.max(axis=1).mean() == pytest.approx(right.mean(), abs=0.04)


def test_without_an_answer_none_of_these_classes_are_learned_still():
    X, option = rooms()
    some = option > 0
    head = train_head(training_set(X[some], option[some]), np.eye(8, dtype=np.float32)[0], 0)
    assert (classes(head, X[some]).argmax(axis=1) == option[some]).mean() > 0.9


def test_figures_of_classes_count_what_was_said_and_guessed():
    said = np.array([0, 1, 2, 3] * 10)
    guess = said.copy()
    guess[:4] = 1
    found = class_figures(guess, said, ROOMS.words_of_options(), np.arange(40), np.ones(40), 0)
    assert found.accuracy.value == pytest.approx(37 / 40)
    kitchen = found.classes[1]
    assert (kitchen.said, kitchen.guessed) == (10, 13)
    assert kitchen.precision.value == pytest.approx(10 / 13)
    assert kitchen.recall.value == 1
    assert kitchen.recall.low < 0.8
    assert found.table[0] == (9, 1, 0, 0)
    said, weights = np.array([0, 1] * 15), np.array([3.0, 1.0] * 15)  # pictures that each answer stands for
    weighted = class_figures(said * 0, said, ("none of these", "a"), np.arange(30), weights, 0)
    assert weighted.accuracy.value == pytest.approx(0.75)
