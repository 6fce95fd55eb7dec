"""What every registered head keeps."""

import json
from contextlib import suppress
from unittest.mock import Mock

import numpy as np
import pytest

from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Pictures, Texts
from concepts.learning.fitting import train_head
from concepts.learning.heads import HEADS, Head


@pytest.fixture(params=HEADS)
def head(request) -> Head:
    return HEADS[request.param]()


def test_it_fits_one_weight_a_dimension_and_facts_that_json_can_keep(head, labels, text_direction):
    data, unseen = labels(12, 30), labels(5, 5, seed=9)
    fitted, again = (head.fit(data, text_direction, 0) for _ in range(2))
    assert np.array_equal(fitted.weights, again.weights)
    assert fitted.bias == again.bias
    scores = head.score(data, Texts.one(text_direction), Pictures(unseen.vectors), 0)
    assert np.array_equal(scores, fitted.logits(unseen.vectors))
    assert fitted.weights.shape == (data.vectors.shape[1],)
    assert fitted.weights.dtype == np.float64
    assert np.isfinite(fitted.weights).all()
    assert np.isfinite(fitted.bias)
    assert fitted.kind in HEADS
    json.dumps(fitted.details)


def test_it_works_without_words_and_with_near_copies_and_a_machines_labels(head, labels, text_direction):
    data, rng = labels(12, 30), np.random.default_rng(0)
    assert np.isfinite(head.fit(data, None, 0).weights).all()
    mixed = type(data)(data.vectors, data.positive, rng.choice([0.3, 1.0], 42), np.arange(42) // 3)
    assert np.isfinite(head.fit(mixed, text_direction, 0).weights).all()


@pytest.mark.parametrize("counts", [(0, 0), (3, 0), (0, 3), (1, 1), (2, 40)])
def test_with_few_labels_it_fits_or_says_that_they_are_too_few(head, labels, text_direction, counts):
    with suppress(NotEnoughLabelsError):
        assert np.isfinite(head.fit(labels(*counts), text_direction, 0).weights).all()


def test_settled_it_fits_parts_and_the_whole_as_before_and_chooses_nothing_again(
    head, labels, text_direction, monkeypatch
):
    """Scores that are held out rest on it: else each fold would choose for itself."""
    data = labels(12, 30)
    fitted = head.fit(data, text_direction, 0)
    settled = head.settled(fitted)
    folds = Mock(side_effect=AssertionError("folds are made to choose by"))
    monkeypatch.setattr("concepts.learning.heads.grouped_folds", folds)
    assert np.array_equal(settled.fit(data, text_direction, 0).weights, fitted.weights)
    assert np.isfinite(settled.fit(data.at(np.arange(4, 25)), text_direction, 0).weights).all()


@pytest.mark.parametrize("name", HEADS)
def test_trained_by_its_name_it_is_calibrated_and_says_which_it_was(name, labels, text_direction):
    head = train_head(labels(12, 30), text_direction, 0, head=name)
    assert head.details["head"] == name
    assert 0 < head.threshold < 1
    share = head.probabilities(labels(200, 500, seed=9).vectors).mean()
    assert 0.1 < share < 0.6  # 200 of 700 count
