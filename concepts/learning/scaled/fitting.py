"""From graded or classed labels to linear heads, calibrated on scores of heads that had not seen a label."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from concepts.learning.base import Floats, TrainingSet
from concepts.learning.heads.logistic import REGULARISATION, Space
from concepts.learning.scale import Options, ScaleLabels
from concepts.learning.scaled import proportional_odds as odds
from concepts.learning.scaled import softmax
from concepts.learning.splits import FOLDS, Rows
from concepts.learning.threads import one_blas_thread

SMALLEST_SLOPE = 1e-3  # a head that ranks no better than chance says what is usual
STRAIGHT = 10.0  # C of a calibration, which has few numbers to fit

Folds = list[tuple[Rows, Rows]]


@dataclass(frozen=True)
class Graded:
    """weights (d,) and cuts (grades - 1,), calibrated; scores (n,) of the labels by heads that had not seen
    them, on the same scale (folds 0: by the head itself)."""

    weights: Floats
    cuts: Floats
    scores: Floats
    C: float
    folds: int


@dataclass(frozen=True)
class Classed:
    """weights (classes, d + 1) with the biases last, against none of them, calibrated; logits (n, classes) of
    the labels by heads that had not seen them."""

    weights: Floats
    logits: Floats
    C: float
    folds: int


def fit_graded(data: TrainingSet, said: ScaleLabels, seed: int) -> Graded:
    """Of labels of at least two different grades."""

    def fit(X: Any, rows: Any, C: float) -> Floats:
        return odds.fit(X[rows], said.possible[rows], data.weight[rows], C).weights

    def loss(scores: Floats) -> float:
        a, cuts = stretched(scores, said.possible, data.weight)
        return _loss_of_grades(a * scores, cuts, said.possible, data.weight)

    with one_blas_thread():
        space = Space.of(data.vectors)
        folds = dealt(said.possible, data.group, seed)
        C, scores = _chosen(space.X, folds, fit, loss)
        whole = odds.fit(space.X, said.possible, data.weight, C)
        weights = space.back(whole.weights)
        if scores is None:
            return Graded(weights, whole.cuts, np.asarray(data.vectors, np.float64) @ weights, C, 0)
        a, cuts = stretched(scores, said.possible, data.weight)
        return Graded(a * weights, cuts, a * scores, C, len(folds))


def fit_classes(data: TrainingSet, said: ScaleLabels, seed: int) -> Classed:
    """Of labels of at least two different options."""

    def fit(X: Any, rows: Any, C: float) -> Floats:
        return softmax.fit(X[rows], said.possible[rows], data.weight[rows], C)

    def loss(logits: Floats) -> float:
        a, c = moved(logits, said.possible, data.weight)
        return float(data.weight @ softmax.masked_loss(a * logits + c, said.possible)[0])

    with one_blas_thread():
        space = Space.of(data.vectors)
        folds = dealt(said.possible, data.group, seed)
        C, logits = _chosen(space.X, folds, fit, loss)
        whole = softmax.fit(space.X, said.possible, data.weight, C)
        weights = np.column_stack([space.back(whole[:-1, k]) for k in range(whole.shape[1])])
        a, c = (
            (1.0, np.zeros(whole.shape[1])) if logits is None else moved(logits, said.possible, data.weight)
        )
        if logits is None:
            logits = np.asarray(data.vectors, np.float64) @ weights + whole[-1]
        every = np.vstack([a * weights, a * whole[-1] + c])
        logits = a * logits + c
        of_classes = (every[:, 1:] - every[:, :1]).T
        return Classed(np.ascontiguousarray(of_classes), logits[:, 1:] - logits[:, :1], C, len(folds))


def dealt(possible: Options, group: Rows, seed: int) -> Folds:
    """(train rows, test rows) of up to `FOLDS` folds in which every option is about as frequent, and which
    cut no group of look-alikes; none with fewer than four groups."""
    names, member = np.unique(group, return_inverse=True)
    folds = min(FOLDS, len(names) // 2)
    if folds < 2:
        return []
    middle = (possible * np.arange(possible.shape[1])).sum(axis=1) / possible.sum(axis=1)
    of_group = np.bincount(member, weights=middle) / np.bincount(member)
    rng = np.random.default_rng(seed)
    order = np.lexsort((rng.random(len(names)), of_group))
    fold = np.empty(len(names), dtype=np.int64)
    for start in range(0, len(names), folds):
        block = order[start : start + folds]
        fold[block] = rng.permutation(folds)[: len(block)]
    of_row = fold[member]
    return [(np.flatnonzero(of_row != k), np.flatnonzero(of_row == k)) for k in range(folds)]


def stretched(scores: Floats, possible: Options, weight: Floats) -> tuple[float, Floats]:
    """The positive slope and the cuts with which held-out scores fit their grades: Platt's scaling, for
    several cuts at once."""
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    found = odds.fit(((scores - centre) / spread)[:, None], possible, weight, STRAIGHT)
    slope, cuts = float(found.weights[0]), found.cuts
    if slope < SMALLEST_SLOPE:
        flat = odds.fit(np.zeros((len(scores), 1)), possible, weight, STRAIGHT)
        slope, cuts = SMALLEST_SLOPE, flat.cuts
    return slope / spread, cuts - slope / spread * centre


def moved(logits: Floats, possible: Options, weight: Floats) -> tuple[float, Floats]:
    """The slope and offsets (options,) with which held-out logits fit what was said, held back by Gaussian
    priors of spread 1 around a slope of 1 and offsets of 0."""
    from scipy.optimize import minimize

    start = np.append(1.0, np.zeros(logits.shape[1]))

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = softmax.masked_loss(theta[0] * logits + theta[1:], possible)
        slope *= weight[:, None]
        change = theta - start
        gradient = np.append((slope * logits).sum(), slope.sum(axis=0)) + change
        return float(weight @ value + change @ change / 2), gradient

    bounds = [(SMALLEST_SLOPE, None), *[(None, None)] * logits.shape[1]]
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(theta[0]), np.asarray(theta[1:])


def _loss_of_grades(scores: Floats, cuts: Floats, possible: Options, weight: Floats) -> float:
    p = (odds.probabilities(scores, cuts) * possible).sum(axis=1)
    return float(-weight @ np.log(np.maximum(p, 1e-300)))


def _chosen(
    X: Any, folds: Folds, fit: Callable[[Any, Any, float], Floats], loss: Callable[[Floats], float]
) -> tuple[float, Floats | None]:
    """The C whose calibrated out-of-fold scores have the least log loss, and these scores; None of them
    where nothing can be held out."""
    best, least, kept = REGULARISATION[0], np.inf, None
    for C in REGULARISATION if folds else ():
        parts = [(test, _scores(X[test], fit(X, train, C))) for train, test in folds]
        scores = np.empty((len(X), *parts[0][1].shape[1:]))
        for test, found in parts:
            scores[test] = found
        if (value := loss(scores)) < least:
            best, least, kept = C, value, scores
    return best, kept


def _scores(X: Any, found: Floats) -> Floats:
    """Of a direction (d,), or of weights and biases (d + 1, options)."""
    X = np.asarray(X, np.float64)
    return np.asarray(X @ found if found.ndim == 1 else X @ found[:-1] + found[-1])
