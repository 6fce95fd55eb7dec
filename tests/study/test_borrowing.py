"""What earlier concepts of a library lend to a new one."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.learning.base import Texts, TrainingSet
from concepts.learning.heads import HEADS
from study.borrowing import LEAST, BorrowingHead, borrowed

DIMENSION = 64


def labels(truth: np.ndarray, n: int, rng: np.random.Generator) -> TrainingSet:
    """Half of them count: pictures on the far side of what is true."""
    vectors = unit(rng.normal(size=(8 * n, DIMENSION)))
    scores = vectors @ truth * np.sqrt(DIMENSION)
    rows = np.r_[np.flatnonzero(scores > 0.5)[: n // 2], np.flatnonzero(scores < -0.5)[: n // 2]]
    return TrainingSet(vectors[rows], scores[rows] > 0, np.ones(len(rows)), np.arange(len(rows)))


def gain(truths: np.ndarray, rng: np.random.Generator) -> float:
    """Of average precision after ten labels of the last concept, by heads of a hundred of each other one."""
    earlier = unit(np.stack([HEADS["line"]().fit(labels(t, 100, rng), None, 0).weights for t in truths[:-1]]))
    few, unseen = labels(truths[-1], 10, rng), labels(truths[-1], 400, rng)
    borrowing, alone = (
        average_precision_score(unseen.positive, head.fit(few, None, 0).logits(unseen.vectors))
        for head in (BorrowingHead(earlier.astype(np.float64)), HEADS["auto"]())
    )
    return float(borrowing - alone)


@pytest.mark.slow
def test_after_ten_concepts_of_a_common_span_ten_labels_go_further_and_others_lose_nothing() -> None:
    common, unrelated = [], []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        span = np.linalg.qr(rng.normal(size=(DIMENSION, 3)))[0].T
        common.append(gain(unit(rng.normal(size=(11, 3)) @ span), rng))
        unrelated.append(gain(unit(rng.normal(size=(11, DIMENSION))), rng))
    assert np.mean(common) > 0.05
    assert np.mean(unrelated) > -0.01


def test_words_score_pictures_in_new_coordinates_as_ever() -> None:
    rng = np.random.default_rng(0)
    pictures, words = unit(rng.normal(size=(50, DIMENSION))), unit(rng.normal(size=DIMENSION))
    earlier = unit(rng.normal(size=(8, 2)) @ rng.normal(size=(2, DIMENSION))).astype(np.float64)
    moved, texts = borrowed(pictures, Texts.one(words), earlier)
    assert np.allclose(moved @ texts.direction, pictures @ words, atol=1e-5)
    assert not np.allclose(moved, pictures, atol=0.1)


def test_with_fewer_than_five_earlier_concepts_it_is_the_head_of_the_app() -> None:
    rng = np.random.default_rng(0)
    data, earlier = labels(np.eye(DIMENSION)[0], 20, rng), np.eye(DIMENSION)[: LEAST - 1]
    alone, borrowing = HEADS["auto"]().fit(data, None, 0), BorrowingHead(earlier).fit(data, None, 0)
    assert np.array_equal(alone.weights, borrowing.weights)
