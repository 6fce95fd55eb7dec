"""Labels that all others speak against are found; the rest is left alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet
from concepts.learning.fitting import label_errors


def two_kinds(n: int) -> TrainingSet:
    rng = np.random.default_rng(0)
    positive = np.arange(n) % 3 == 0
    vectors = rng.normal(0, 0.3, (n, 16))
    vectors[:, 0] += np.where(positive, 1, -1)
    return TrainingSet(unit(vectors).astype(np.float32), positive, np.ones(n), np.arange(n))


def test_labels_turned_over_are_found_and_none_are_where_all_agree() -> None:
    data = two_kinds(90)
    assert label_errors(data, None, 0)[0].tolist() == []
    positive = data.positive.copy()
    positive[[4, 30]] = ~positive[[4, 30]]
    rows, probability = label_errors(replace(data, positive=positive), None, 0)
    assert set(rows.tolist()) == {4, 30}
    assert (probability >= 0.8).all()


def test_a_near_duplicate_with_the_same_label_does_not_speak_for_it() -> None:
    data = two_kinds(90)
    positive, group = data.positive.copy(), data.group.copy()
    positive[[4, 5]], group[[4, 5]] = True, 4
    rows, _ = label_errors(replace(data, positive=positive, group=group), None, 0)
    assert {4, 5} <= set(rows.tolist())


def test_with_few_answers_or_of_one_kind_nothing_is_suspected() -> None:
    for n in (0, 1, 9):
        assert not len(label_errors(two_kinds(90).at(slice(0, n)), None, 0)[0])
