"""Methods of the laboratory do what their formulas and sources say."""

from __future__ import annotations

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.base import Texts, TrainingSet
from concepts.learning.heads import HEADS
from study.augmenting import Augmenter
from study.borrowing import LEAST, BorrowingHead, borrowed
from study.heads.anchored import AnchoredHead

DIMENSION = 64


def answers(n: int, seed: int) -> TrainingSet:
    """Half of them count; what counts lies along the first dimension, and not very far."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 2 == 0
    vectors = rng.normal(size=(n, DIMENSION))
    vectors[:, 0] += np.where(positive, 1.0, -1.0)
    return TrainingSet(unit(vectors), positive, np.ones(n), np.arange(n))


def test_without_words_anchored_is_ridge_regression() -> None:
    data = answers(20, 0)
    weights = AnchoredHead().fit(data, None, 0).weights
    X = data.vectors.astype(np.float64)
    X, y = X - X.mean(axis=0), np.where(data.positive, 1.0, -1.0)
    share = 1 / data.positives
    penalised = X.T @ X * share + AnchoredHead.method.defaults["strength"] * np.eye(DIMENSION)
    assert np.allclose(weights, np.linalg.solve(penalised, X.T @ y * share))


def test_an_adapter_of_vectors_that_is_pulled_to_the_identity_is_anchored_in_all_of_the_words() -> None:
    """ProLIP's penalty: A of least Σ share (y - (Ax)·t)² + λ|A - I|², as one long vector."""
    data, words = answers(20, 0), np.r_[0.5, np.sqrt(0.75), np.zeros(DIMENSION - 2)]
    share, strength = data.balanced, AnchoredHead.method.defaults["strength"]
    X, y = data.vectors - share @ data.vectors / 2, np.where(data.positive, 1.0, -1.0)
    rows = np.einsum("i,nj->nij", words, X).reshape(len(X), -1)
    dual = np.linalg.solve(rows @ rows.T + strength * np.diag(1 / share), y - X @ words)
    A = np.eye(DIMENSION) + (dual @ rows).reshape(DIMENSION, DIMENSION)
    assert np.allclose(A.T @ words, AnchoredHead(1.0).fit(data, words, 0).weights, atol=1e-5)


@pytest.mark.parametrize("name", ["mixed", "souls", "shrunken"])
def test_what_is_held_out_makes_no_rows_and_ten_that_count_need_none(name: str) -> None:
    augmenter = HEADS[name]()
    assert isinstance(augmenter, Augmenter)
    data = answers(24, 0).at(np.r_[[0, 2, 4, 6], 1:24:2])  # four that count and twelve that don't
    more = augmenter.more(data, np.random.default_rng(0))
    assert set(more.group) <= set(data.group)
    assert np.allclose(np.linalg.norm(more.vectors, axis=1), 1)
    assert 0 < more.weight.sum() <= 0.1 * len(data.group) + 1e-9
    many = answers(40, 0)
    fitted, plain = (HEADS[one]().fit(many, None, 0) for one in (name, "auto"))
    assert np.allclose(fitted.weights, plain.weights)


def test_words_score_pictures_in_new_coordinates_as_ever() -> None:
    rng = np.random.default_rng(0)
    pictures, words = unit(rng.normal(size=(50, DIMENSION))), unit(rng.normal(size=DIMENSION))
    earlier = unit(rng.normal(size=(8, 2)) @ rng.normal(size=(2, DIMENSION))).astype(np.float64)
    moved, texts = borrowed(pictures, Texts.one(words), earlier)
    assert np.allclose(moved @ texts.direction, pictures @ words, atol=1e-5)
    assert not np.allclose(moved, pictures, atol=0.1)


def test_with_fewer_than_five_earlier_concepts_it_is_the_head_of_the_app() -> None:
    rng = np.random.default_rng(0)
    vectors, earlier = unit(rng.normal(size=(20, DIMENSION))), np.eye(DIMENSION)[: LEAST - 1]
    data = TrainingSet(vectors, vectors[:, 0] > 0, np.ones(20), np.arange(20))
    alone, borrowing = HEADS["auto"]().fit(data, None, 0), BorrowingHead(earlier).fit(data, None, 0)
    assert np.array_equal(alone.weights, borrowing.weights)
