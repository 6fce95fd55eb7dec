"""Multinomial logistic regression with “none of these” as its reference."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import Floats
from concepts.learning.scale import Options

STEPS = 1000


def fit(X: np.ndarray, possible: Options, weight: Floats, C: float) -> Floats:
    """(d + 1, options) weights and, last, biases; least mean -log P(what each label leaves possible) +
    |weights|² / 2C·(sum of the weights), by L-BFGS. X (n, d), possible (n, options)."""
    from scipy.optimize import minimize  # takes a third of a second to load, and most commands don't train

    X = np.hstack([np.asarray(X, np.float64), np.ones((len(X), 1))])
    options = possible.shape[1]
    share, ridge = weight / weight.sum(), 1 / (C * weight.sum())
    keep = np.append(np.ones(X.shape[1] - 1), 1e-3)[:, None]  # a bias is hardly held back

    def loss(theta: Floats) -> tuple[float, Floats]:
        W = theta.reshape(-1, options)
        value, slope = masked_loss(X @ W, possible)
        gradient = X.T @ (share[:, None] * slope) + ridge * keep * W
        return float(share @ value + ridge / 2 * (keep * W * W).sum()), gradient.ravel()

    start = np.zeros(X.shape[1] * options)
    settings = {"maxiter": STEPS, "maxls": 50, "gtol": 1e-6, "ftol": 1e-12}
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", options=settings).x
    return np.asarray(theta.reshape(-1, options))


def masked_loss(logits: Floats, possible: Options) -> tuple[Floats, Floats]:
    """(n,) -log P(one of the possible), and its slope (n, options)."""
    whole = probabilities(logits)
    inside = probabilities(np.where(possible, logits, -np.inf))
    top = logits.max(axis=1)
    of_all = top + np.log(np.exp(logits - top[:, None]).sum(axis=1))
    within = np.where(possible, logits, -np.inf)
    peak = within.max(axis=1)
    of_possible = peak + np.log(np.exp(within - peak[:, None]).sum(axis=1))
    return of_all - of_possible, whole - inside


def probabilities(logits: Floats) -> Floats:
    """(n, options), rows that add up to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def with_none(logits: Floats) -> Floats:
    """(n, classes) → (n, options): none of them, the reference, is 0."""
    return np.hstack([np.zeros((len(logits), 1)), logits])
