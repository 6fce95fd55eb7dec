"""Logistic regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, LinearHead, TrainingSet
from concepts.learning.calibration import platt
from concepts.learning.heads.base import Head, require_both
from concepts.learning.splits import grouped_folds
from concepts.registry import Method

REGULARISATION = (1.0, 10.0, 100.0)


@dataclass(frozen=True)
class LogisticHead(Head):
    """L2-regularised logistic regression with both classes weighing the same; C by grouped folds."""

    C: float | None = None

    method = Method(
        name="logistic",
        what="Draws the border that fits the answers best, the simpler the better.",
        source="Cox, The regression analysis of binary sequences, 1958; scikit-learn",
        licence="BSD-3-Clause",
        cost="tenths of a second for a hundred answers; needs a yes and a no",
        defaults={"C": REGULARISATION},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        # BLAS's own threads wait for each other in a busy loop: alone each of these takes milliseconds, with
        # them a tenth of a second, and on a busy machine a second.
        with threadpool_limits(1):
            basis, X = _row_space(np.asarray(data.vectors, dtype=np.float64))
            C = self.C if self.C is not None else _choose_c(X, data, seed)
            weights, bias = _logistic(X, data.positive, data.weight, C)
        return LinearHead("logistic", weights @ basis, bias, details={"C": C})

    def settled(self, fitted: LinearHead) -> Head:
        return LogisticHead(fitted.details["C"])


def _row_space(X: Floats) -> tuple[Floats, Floats]:
    """Basis (r, d) and coordinates (n, r) of the rows: an L2-regularised solution never leaves their span."""
    n, d = X.shape
    if n >= d:
        return np.eye(d), X
    u, s, basis = np.linalg.svd(X, full_matrices=False)
    return basis, u * s


def _choose_c(X: Floats, data: TrainingSet, seed: int) -> float:
    """The C whose calibrated out-of-fold scores have the least log loss."""
    folds = grouped_folds(data.positive, data.group, seed)
    if not folds:
        return REGULARISATION[0]
    losses = []
    for C in REGULARISATION:
        scores = np.empty(len(X))
        for train, test in folds:
            weights, bias = _logistic(X[train], data.positive[train], data.weight[train], C)
            scores[test] = X[test] @ weights + bias
        fit = platt(scores, data.positive, data.weight)
        margin = np.where(data.positive, 1, -1) * (fit.a * scores + fit.c)
        losses.append(float(data.weight @ np.logaddexp(0, -margin)))
    return REGULARISATION[int(np.argmin(losses))]


def _logistic(X: Floats, positive: Bools, weight: Floats, C: float) -> tuple[Floats, float]:
    # scikit-learn takes a second to load, and most commands don't train
    from sklearn.linear_model import LogisticRegression

    half = weight.sum() / 2
    share = np.where(positive, half / weight[positive].sum(), half / weight[~positive].sum())
    model = LogisticRegression(C=C, max_iter=1000).fit(X, positive, sample_weight=weight * share)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])
