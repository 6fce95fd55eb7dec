"""Proportional odds: one direction, and a cut between every two grades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Floats
from concepts.learning.scale import Options

STEPS = 1000
PRIOR = 0.05  # of the cuts: keeps a grade that nobody gave from shrinking to nothing


@dataclass(frozen=True)
class ProportionalOdds:
    """P(grade > k) = sigmoid(weights · x + cuts[k - 1]) for k of 1 to n - 1, cuts falling (McCullagh, 1980).

    weights (d,), cuts (n - 1,).
    """

    weights: Floats
    cuts: Floats

    def scores(self, vectors: np.ndarray) -> Floats:
        return np.asarray(vectors, np.float64) @ self.weights


def fit(X: np.ndarray, possible: Options, weight: Floats, C: float) -> ProportionalOdds:
    """Least mean -log P(what each label leaves possible) + |weights|² / 2C·(sum of the weights), by L-BFGS.

    X (n, d), possible (n, grades): a run of grades for each, of which one may be the one that was said.
    Cuts are an offset less a sum of exponentials, so they fall by construction.
    """
    from scipy.optimize import minimize  # takes a third of a second to load, and most commands don't train

    X = np.asarray(X, np.float64)
    n, d = X.shape
    grades = possible.shape[1]
    low = possible.argmax(axis=1)  # the lowest grade possible, from 0
    high = grades - 1 - possible[:, ::-1].argmax(axis=1)
    share, ridge = weight / weight.sum(), 1 / (C * weight.sum())
    rows = np.arange(n)

    def loss(theta: Floats) -> tuple[float, Floats]:
        weights, steps = theta[:d], theta[d + 1 :]
        gaps = np.exp(steps)
        cuts = theta[d] - np.concatenate([[0.0], np.cumsum(gaps)])
        value, of_score, of_cuts = interval_loss(X @ weights, cuts, low, high)
        slope = np.zeros((n, grades + 1))
        slope[rows, low] += of_cuts[0]  # of the cut below the lowest; the outer two are no parameters
        slope[rows, high + 1] += of_cuts[1]
        per_cut = share @ slope[:, 1:grades]
        above = np.cumsum(per_cut[::-1])[::-1]  # a step moves all cuts behind it
        prior = PRIOR * ridge_of_steps(n)
        value = share @ value + ridge / 2 * (weights @ weights) + prior / 2 * (theta[d:] @ theta[d:])
        gradient = np.concatenate(
            [
                X.T @ (share * of_score) + ridge * weights,
                [per_cut.sum() + prior * theta[d]],
                -gaps * above[1:] + prior * steps,
            ]
        )
        return float(value), gradient

    start = np.concatenate([np.zeros(d), start_of_cuts(possible, weight)])
    options = {"maxiter": STEPS, "maxls": 50, "gtol": 1e-6, "ftol": 1e-12}
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    cuts = theta[d] - np.concatenate([[0.0], np.cumsum(np.exp(theta[d + 1 :]))])
    return ProportionalOdds(np.asarray(theta[:d]), np.asarray(cuts))


def ridge_of_steps(n: int) -> float:
    """The prior counts as much as one label does, whatever their number."""
    return 1 / n


def start_of_cuts(possible: Options, weight: Floats) -> Floats:
    """(grades - 1,) the offset and the logarithms of the distances that fit how often each grade was said."""
    of_grade = (weight[:, None] * possible / possible.sum(axis=1, keepdims=True)).sum(axis=0) + 0.5
    above = 1 - np.cumsum(of_grade)[:-1] / of_grade.sum()
    cuts = np.log(above / (1 - above))
    return np.concatenate([cuts[:1], np.log(np.maximum(-np.diff(cuts), 1e-3))])


def interval_loss(
    scores: Floats, cuts: Floats, low: np.ndarray, high: np.ndarray
) -> tuple[Floats, Floats, tuple[Floats, Floats]]:
    """-log P(low ≤ grade ≤ high), grades from 0, (n,) each; its slopes by the score, and by the cut below
    `low` and the one above `high` (0 where there is none).

    σ(a) - σ(b) = σ(a) σ(-b) (1 - exp(b - a)) keeps every digit where both are near 0 or 1.
    """
    edges = np.concatenate([[np.inf], cuts, [-np.inf]])
    a, b = scores + edges[low], scores + edges[high + 1]
    with np.errstate(over="ignore", invalid="ignore"):
        between = -np.expm1(b - a)  # 1 where one of the two is infinite
        leak = np.exp(b - a) / between
    below, above = sigmoid(-a), sigmoid(b)
    value = np.logaddexp(0, -a) + np.logaddexp(0, b) - np.log(between)
    of_a, of_b = -(below + leak), above + leak
    of_a, of_b = np.where(np.isinf(a), 0.0, of_a), np.where(np.isinf(b), 0.0, of_b)
    return value, of_a + of_b, (of_a, of_b)


def probabilities(scores: Floats, cuts: Floats) -> Floats:
    """(n,) and (n - 1,) falling → (n, grades), rows that add up to 1."""
    above = sigmoid(scores[:, None] + cuts)
    edges = np.concatenate([np.ones((len(scores), 1)), above, np.zeros((len(scores), 1))], axis=1)
    return np.asarray(edges[:, :-1] - edges[:, 1:])


def mean_grade(scores: Floats, cuts: Floats) -> Floats:
    """(n,) what is to be expected, 1 to the number of grades: of all answers the one with the least squared
    error under these probabilities (Roberts et al., Loki, 2023, with the distance |i - j|)."""
    return np.asarray(1 + sigmoid(scores[:, None] + cuts).sum(axis=1))


def spread(scores: Floats, cuts: Floats) -> Floats:
    """(n,) the variance of the grade."""
    p = probabilities(scores, cuts)
    grades = np.arange(1, p.shape[1] + 1)
    return np.asarray(p @ grades**2 - (p @ grades) ** 2)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(x) / 2)))
