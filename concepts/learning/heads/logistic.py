"""Logistic regression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, LinearHead, TrainingSet
from concepts.learning.calibration import platt
from concepts.learning.heads.base import Head, HeldOut, require_both
from concepts.learning.splits import Rows, grouped_folds
from concepts.learning.threads import one_blas_thread
from concepts.registry import Method

REGULARISATION = (1.0, 10.0, 100.0)
GRADIENT = 1e-4  # where the largest slope of the mean loss is below, a solution is taken
STEPS = 1000
RANK = 1e-12  # eigenvalues below this share of the largest are rounding

Folds = list[tuple[Rows, Rows]]


@dataclass(frozen=True)
class LogisticHead(Head):
    """L2-regularised logistic regression with both classes weighing the same; C by grouped folds."""

    C: float | None = None

    method = Method(
        name="logistic",
        what="Draws the border that fits the answers best, the simpler the better.",
        source="Cox, The regression analysis of binary sequences, 1958; L-BFGS of SciPy",
        licence="BSD-3-Clause",
        cost="hundredths of a second for a hundred answers; needs a yes and a no",
        defaults={"C": REGULARISATION},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        with one_blas_thread():
            space = Space.of(data.vectors)
            folds = grouped_folds(data.positive, data.group, seed) if self.C is None else []
            return _fitted(space, data, self._choose(space, data, folds)[0])

    def fit_held_out(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> HeldOut:
        """The folds that choose C are those that hold out, so nothing is fitted twice."""
        require_both(data)
        with one_blas_thread():
            space = Space.of(data.vectors)
            folds = grouped_folds(data.positive, data.group, seed)
            C, scores = self._choose(space, data, folds)
            head = _fitted(space, data, C)
            if not folds:
                return HeldOut(head, head.logits(data.vectors), 0)
            return HeldOut(head, _held_out(space, data, folds, C) if scores is None else scores, len(folds))

    def settled(self, fitted: LinearHead) -> Head:
        return LogisticHead(fitted.details["C"])

    def _choose(self, space: Space, data: TrainingSet, folds: Folds) -> tuple[float, Floats | None]:
        """The C whose calibrated out-of-fold scores have the least log loss, and these scores (n,)."""
        if self.C is not None or not folds:
            return self.C or REGULARISATION[0], None
        best, least, kept = REGULARISATION[0], np.inf, None
        for C in REGULARISATION:
            scores = _held_out(space, data, folds, C)
            fit = platt(scores, data.positive, data.weight)
            margin = np.where(data.positive, 1, -1) * (fit.a * scores + fit.c)
            loss = float(data.weight @ np.logaddexp(0, -margin))
            if loss < least:
                best, least, kept = C, loss, scores
        return best, kept


@dataclass(frozen=True)
class Space:
    """The rows in coordinates X (n, r) in which they are learned from, and the way back to weights (d,).

    An L2-regularised solution never leaves the span of the rows, so fewer rows than dimensions are learned
    from in their principal axes. Single precision halves what each step reads and is as exact as the vectors
    are: the weights differ by a millionth.
    """

    X: NDArray[np.float32]
    back: Callable[[Floats], Floats]

    @classmethod
    def of(cls, vectors: Vectors) -> Space:
        n, d = vectors.shape
        if n >= d:
            return cls(np.ascontiguousarray(vectors, dtype=np.float32), lambda weights: weights)
        rows = np.asarray(vectors, dtype=np.float64)
        square, axes = np.linalg.eigh(rows @ rows.T)
        real = square > RANK * square[-1]
        length, axes = np.sqrt(square[real]), axes[:, real]
        return cls((axes * length).astype(np.float32), lambda weights: rows.T @ (axes @ (weights / length)))


def _fitted(space: Space, data: TrainingSet, C: float) -> LinearHead:
    weights, bias = _logistic(space.X, data.positive, data.weight, C)
    return LinearHead("logistic", space.back(weights), bias, details={"C": C})


def _held_out(space: Space, data: TrainingSet, folds: Folds, C: float) -> Floats:
    """Scores (n,), each by a head that was fitted without that row's fold."""
    scores = np.empty(len(space.X))
    for train, test in folds:
        weights, bias = _logistic(space.X[train], data.positive[train], data.weight[train], C)
        scores[test] = space.X[test] @ weights + bias
    return scores


def _logistic(X: NDArray[np.float32], positive: Bools, weight: Floats, C: float) -> tuple[Floats, float]:
    """Weights (d,) and bias that minimise the mean loss + |weights|² / 2C·(sum of the weights).

    As scikit-learn's `LogisticRegression` does it, step by step, without its checks and in single precision:
    it stops short of the minimum where C is large, and so does this.
    """
    # SciPy's optimisers take a third of a second to load, and most commands don't train
    from scipy.optimize import minimize
    from scipy.special import expit

    half, total = weight.sum() / 2, weight.sum()
    share = weight / total * np.where(positive, half / weight[positive].sum(), half / weight[~positive].sum())
    sign, ridge = np.where(positive, 1.0, -1.0), 1 / (C * total)

    def loss(theta: Floats) -> tuple[float, Floats]:
        weights = theta[:-1]
        margin = sign * (X @ weights.astype(np.float32) + theta[-1])
        value = share @ np.logaddexp(0, -margin) + ridge / 2 * (weights @ weights)
        slope = -sign * share * expit(-margin)
        return float(value), np.append(slope.astype(np.float32) @ X + ridge * weights, slope.sum())

    options = {"maxiter": STEPS, "maxls": 50, "gtol": GRADIENT, "ftol": 64 * np.finfo(float).eps}
    theta = minimize(loss, np.zeros(X.shape[1] + 1), jac=True, method="L-BFGS-B", options=options).x
    return np.asarray(theta[:-1], dtype=np.float64), float(theta[-1])
