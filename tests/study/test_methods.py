"""What each of the heads beside logistic regression and lda is for."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from concepts.encoders.base import unit
from concepts.learning.base import LinearHead, TrainingSet
from concepts.learning.calibration import platt
from concepts.learning.heads import HEADS, REGULARISATION, LogisticHead
from study.augmenting import Augmenter
from study.heads.anchored import AnchoredHead

DIMENSION = 64


def answers(n: int, seed: int) -> TrainingSet:
    """Half of them count; what counts lies along the first dimension, and not very far."""
    rng = np.random.default_rng(seed)
    positive = np.arange(n) % 2 == 0
    vectors = rng.normal(size=(n, DIMENSION))
    vectors[:, 0] += np.where(positive, 1.0, -1.0)
    return TrainingSet(unit(vectors), positive, np.ones(n), np.arange(n))


def words_at(cosine: float) -> np.ndarray:
    """Words at this cosine to what counts."""
    return np.r_[cosine, np.sqrt(1 - cosine**2), np.zeros(DIMENSION - 2)]


def quality(head: LinearHead, unseen: TrainingSet) -> float:
    return float(average_precision_score(unseen.positive, head.logits(unseen.vectors)))


def gain_by_words(cosine: float) -> float:
    """Of average precision, mean over forty persons with ten answers each, against the same without words."""
    gaps = [
        quality(AnchoredHead().fit(answers(10, seed), words_at(cosine), 0), answers(300, 1000 + seed))
        - quality(AnchoredHead().fit(answers(10, seed), None, 0), answers(300, 1000 + seed))
        for seed in range(40)
    ]
    return float(np.mean(gaps))


def test_anchored_in_good_words_ten_answers_go_further() -> None:
    assert gain_by_words(0.7) > 0.05


@pytest.mark.parametrize("cosine", [0.0, -0.5])
def test_words_that_mislead_are_left(cosine: float) -> None:
    assert gain_by_words(cosine) > -0.02


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
    data, words = answers(20, 0), words_at(0.5)
    share, strength = data.balanced, AnchoredHead.method.defaults["strength"]
    X, y = data.vectors - share @ data.vectors / 2, np.where(data.positive, 1.0, -1.0)
    rows = np.einsum("i,nj->nij", words, X).reshape(len(X), -1)
    dual = np.linalg.solve(rows @ rows.T + strength * np.diag(1 / share), y - X @ words)
    A = np.eye(DIMENSION) + (dual @ rows).reshape(DIMENSION, DIMENSION)
    assert np.allclose(A.T @ words, AnchoredHead(1.0).fit(data, words, 0).weights, atol=1e-5)


def test_where_all_pictures_vary_alike_gda_is_far_better_than_prototypes() -> None:
    """A covariance that both sides share, most of it along a dimension that says nothing."""

    def make(n: int, seed: int) -> TrainingSet:
        rng = np.random.default_rng(seed)
        positive = np.arange(n) % 2 == 0
        vectors = np.c_[
            rng.normal(0, 1, n) * 5 + np.where(positive, 1, -1),
            rng.normal(0, 0.3, n) + np.where(positive, 1, -1),
            np.full(n, 20.0),
        ]
        return TrainingSet(unit(vectors), positive, np.ones(n), np.arange(n))

    errors: dict[str, list[float]] = {"gda": [], "prototypes": []}
    for seed in range(10):
        unseen = make(400, 100 + seed)
        for name, found in errors.items():
            head = HEADS[name]().fit(make(16, seed), None, 0)
            found.append(float(((head.logits(unseen.vectors) > 0) != unseen.positive).mean()))
    assert np.mean(errors["prototypes"]) > 2 * np.mean(errors["gda"])


def test_gda_listens_to_words_that_agree_with_the_answers_and_not_to_others() -> None:
    data = answers(30, 0)
    shares = [HEADS["gda"]().fit(data, words_at(cosine), 0).details["words"] for cosine in (0.9, -0.9)]
    assert shares[0] > 0
    assert shares[1] == 0


def test_prototypes_weigh_both_sides_the_same_however_many_there_are(labels) -> None:
    few, many = labels(10, 10), labels(10, 10)
    again = many.at(np.r_[np.arange(20), np.arange(10, 20), np.arange(10, 20)])
    assert np.allclose(
        HEADS["prototypes"]().fit(few, None, 0).weights, HEADS["prototypes"]().fit(again, None, 0).weights
    )


def test_a_soup_is_hardly_worse_than_the_best_that_is_in_it() -> None:
    """Calibrated log loss on pictures nobody answered, over persons with twenty answers."""

    def loss(head: LinearHead, unseen: TrainingSet) -> float:
        scores = head.logits(unseen.vectors)
        fit = platt(scores, unseen.positive, unseen.weight)
        return float(np.logaddexp(0, -np.where(unseen.positive, 1, -1) * (fit.a * scores + fit.c)).mean())

    gaps = []
    for seed in range(4):
        data, unseen = answers(20, seed), answers(300, 1000 + seed)
        alone = min(loss(LogisticHead(C).fit(data, None, 0), unseen) for C in REGULARISATION)
        gaps.append(loss(HEADS["soup"]().fit(data, None, 0), unseen) - alone)
    assert np.mean(gaps) < 0.01


def test_in_a_soup_no_strength_decides_alone(labels) -> None:
    """Else the least regularised one would, whose weights are the longest."""
    data = labels(12, 30)
    soup = HEADS["soup"]().fit(data, None, 0)
    cosines = [
        float(unit(soup.weights) @ unit(LogisticHead(C).fit(data, None, 0).weights)) for C in REGULARISATION
    ]
    assert cosines[1] > max(cosines[0], cosines[2])


def few_of_one_side(seed: int) -> TrainingSet:
    """Four that count and twelve that don't."""
    data = answers(24, seed)
    return data.at(np.r_[np.flatnonzero(data.positive)[:4], np.flatnonzero(~data.positive)])


@pytest.mark.parametrize("name", ["mixed", "souls", "shrunken"])
def test_rows_that_nobody_labelled_do_no_harm_on_average(name: str) -> None:
    gaps = []
    for seed in range(100):
        data, unseen = few_of_one_side(seed), answers(200, 1000 + seed)
        stretched, plain = (HEADS[one]().fit(data, None, seed) for one in (name, "auto"))
        gaps.append(quality(stretched, unseen) - quality(plain, unseen))
    assert np.mean(gaps) >= -0.005


@pytest.mark.parametrize("name", ["mixed", "souls", "shrunken"])
def test_what_is_held_out_makes_no_rows_and_ten_that_count_need_none(name: str) -> None:
    augmenter = HEADS[name]()
    assert isinstance(augmenter, Augmenter)
    data = few_of_one_side(0)
    more = augmenter.more(data, np.random.default_rng(0))
    assert set(more.group) <= set(data.group)
    assert np.allclose(np.linalg.norm(more.vectors, axis=1), 1)
    assert 0 < more.weight.sum() <= 0.1 * len(data.group) + 1e-9
    many = answers(40, 0)
    fitted, plain = (HEADS[one]().fit(many, None, 0) for one in (name, "auto"))
    assert np.allclose(fitted.weights, plain.weights)


def test_words_and_means_leave_words_that_mislead_for_the_labels() -> None:
    def reached(n: int, cosine: float) -> float:
        head = HEADS["words_and_means"]().fit(answers(n, 0), words_at(cosine), 0)
        return quality(head, answers(300, 1))

    assert reached(12, -0.7) < 0.5 < reached(40, -0.7)
    assert reached(12, 0.7) > reached(12, 0.0) + 0.05
