"""What the nearest labels say beside a head."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.nearness import MOST, nearest_in_logits, others_in_logits

BLIND = LinearHead("lda", np.ones(16), 0.0)  # no line tells the kinds apart that count from the others


def kinds(of_each: int = 4) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    kind = np.repeat(np.arange(6), of_each)
    centres = unit(rng.normal(size=(6, 16)))
    return unit(centres[kind] + rng.normal(0, 0.05, (len(kind), 16))).astype(np.float32), kind


def labelled(vectors: np.ndarray, positive: np.ndarray) -> TrainingSet:
    return TrainingSet(vectors, positive, np.ones(len(positive)), np.arange(len(positive)))


def test_a_picture_is_worth_more_the_nearer_what_counts_is_than_what_does_not() -> None:
    vectors, kind = kinds()
    labels = labelled(vectors[::2], np.isin(kind[::2], (0, 3)))
    added = nearest_in_logits(BLIND, labels, vectors)
    assert added[np.isin(kind, (0, 3))].min() > 0 > added[~np.isin(kind, (0, 3))].max()


@pytest.mark.parametrize("of_each", [0, MOST // 6 + 1])
def test_a_head_alone_counts_without_both_sides_and_once_it_knows_enough(of_each: int) -> None:
    vectors, kind = kinds(max(of_each, 1))
    labels = labelled(vectors, np.isin(kind, (0, 3)) & (of_each > 0))
    assert np.array_equal(nearest_in_logits(BLIND, labels, vectors), np.zeros(len(vectors)))


def test_a_picture_and_its_near_duplicates_do_not_speak_for_themselves() -> None:
    vectors, kind = kinds()
    positive = np.isin(kind, (0, 3))
    positive[4:8] = True  # all of a kind that doesn't count, which lie in one group
    group = np.where(kind == 1, 100, np.arange(len(kind)))
    apart = others_in_logits(BLIND, TrainingSet(vectors, positive, np.ones(len(kind)), group))
    alone = others_in_logits(BLIND, labelled(vectors, positive))
    assert np.all(apart[4:8] < alone[4:8])
