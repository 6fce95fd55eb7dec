"""Learning grades and exclusive classes: linear heads with more to them than yes and no."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.learning.base import FOLDS, Floats, LinearHead, Rows, TrainingSet, one_blas_thread
from concepts.learning.heads import REGULARISATION, Folds, Space, least_loss
from concepts.learning.scale import Options, Scale, ScaleLabels

PRIOR = 0.05  # of the cuts: keeps a grade that nobody gave from shrinking to nothing
STEPS = 1000
SMALLEST_SLOPE = 1e-3  # a head that ranks no better than chance says what is usual
STRAIGHT = 10.0  # C of a calibration, which has few numbers to fit
GRADED = "graded"  # where a version's details have the cuts


@dataclass(frozen=True)
class ProportionalOdds:
    """P(grade > k) = sigmoid(weights · x + cuts[k - 1]) for k of 1 to n - 1, cuts falling (McCullagh, 1980).

    weights (d,), cuts (n - 1,).
    """

    weights: Floats
    cuts: Floats


def fit_odds(X: np.ndarray, possible: Options, weight: Floats, C: float) -> ProportionalOdds:
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
    prior = PRIOR / n  # counts as much as one label does, whatever their number

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


def grade_probabilities(scores: Floats, cuts: Floats) -> Floats:
    """(n,) and (n - 1,) falling → (n, grades), rows that add up to 1."""
    above = sigmoid(scores[:, None] + cuts)
    edges = np.concatenate([np.ones((len(scores), 1)), above, np.zeros((len(scores), 1))], axis=1)
    return np.asarray(edges[:, :-1] - edges[:, 1:])


def mean_grade(scores: Floats, cuts: Floats) -> Floats:
    """(n,) what is to be expected, 1 to the number of grades: of all answers the one with the least squared
    error under these grade_probabilities (Roberts et al., Loki, 2023, with the distance |i - j|)."""
    return np.asarray(1 + sigmoid(scores[:, None] + cuts).sum(axis=1))


def spread(scores: Floats, cuts: Floats) -> Floats:
    """(n,) the variance of the grade."""
    p = grade_probabilities(scores, cuts)
    grades = np.arange(1, p.shape[1] + 1)
    return np.asarray(p @ grades**2 - (p @ grades) ** 2)


def sigmoid(x: Floats) -> Floats:
    return np.asarray(0.5 * (1 + np.tanh(np.asarray(x) / 2)))


def fit_softmax(X: np.ndarray, possible: Options, weight: Floats, C: float) -> Floats:
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
    from scipy.special import logsumexp

    within = np.where(possible, logits, -np.inf)
    loss = np.asarray(logsumexp(logits, axis=1) - logsumexp(within, axis=1))
    return loss, class_probabilities(logits) - class_probabilities(within)


def class_probabilities(logits: Floats) -> Floats:
    """(n, options), rows that add up to 1."""
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


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
    """weights (classes, d + 1) with the biases last, against none of them, calibrated."""

    weights: Floats
    C: float
    folds: int


def fit_graded(data: TrainingSet, said: ScaleLabels, seed: int) -> Graded:
    """Of labels of at least two different grades."""

    def fit(X: Any, rows: Any, C: float) -> Floats:
        return fit_odds(X[rows], said.possible[rows], data.weight[rows], C).weights

    def loss(scores: Floats) -> float:
        a, cuts = stretched(scores, said.possible, data.weight)
        p = (grade_probabilities(a * scores, cuts) * said.possible).sum(axis=1)
        return float(-data.weight @ np.log(np.maximum(p, 1e-300)))

    with one_blas_thread():
        space = Space.of(data.vectors)
        folds = dealt(said.possible, data.group, seed)
        C, scores = _chosen(space.X, folds, fit, loss)
        whole = fit_odds(space.X, said.possible, data.weight, C)
        weights = space.back(whole.weights)
        if scores is None:
            return Graded(weights, whole.cuts, np.asarray(data.vectors, np.float64) @ weights, C, 0)
        a, cuts = stretched(scores, said.possible, data.weight)
        return Graded(a * weights, cuts, a * scores, C, len(folds))


def fit_classes(data: TrainingSet, said: ScaleLabels, seed: int) -> Classed:
    """Of labels of at least two different options."""

    def fit(X: Any, rows: Any, C: float) -> Floats:
        return fit_softmax(X[rows], said.possible[rows], data.weight[rows], C)

    def loss(logits: Floats) -> float:
        a, c = moved(logits, said.possible, data.weight)
        return float(data.weight @ masked_loss(a * logits + c, said.possible)[0])

    with one_blas_thread():
        space = Space.of(data.vectors)
        folds = dealt(said.possible, data.group, seed)
        C, logits = _chosen(space.X, folds, fit, loss)
        whole = fit_softmax(space.X, said.possible, data.weight, C)
        weights = np.column_stack([space.back(whole[:-1, k]) for k in range(whole.shape[1])])
        a, c = (
            (1.0, np.zeros(whole.shape[1])) if logits is None else moved(logits, said.possible, data.weight)
        )
        every = np.vstack([a * weights, a * whole[-1] + c])
        of_classes = (every[:, 1:] - every[:, :1]).T
        return Classed(np.ascontiguousarray(of_classes), C, len(folds))


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
    found = fit_odds(((scores - centre) / spread)[:, None], possible, weight, STRAIGHT)
    slope, cuts = float(found.weights[0]), found.cuts
    if slope < SMALLEST_SLOPE:
        flat = fit_odds(np.zeros((len(scores), 1)), possible, weight, STRAIGHT)
        slope, cuts = SMALLEST_SLOPE, flat.cuts
    return slope / spread, cuts - slope / spread * centre


def moved(logits: Floats, possible: Options, weight: Floats) -> tuple[float, Floats]:
    """The slope and offsets (options,) with which held-out logits fit what was said, held back by Gaussian
    priors of spread 1 around a slope of 1 and offsets of 0."""
    from scipy.optimize import minimize

    start = np.append(1.0, np.zeros(logits.shape[1]))

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slope = masked_loss(theta[0] * logits + theta[1:], possible)
        slope *= weight[:, None]
        change = theta - start
        gradient = np.append((slope * logits).sum(), slope.sum(axis=0)) + change
        return float(weight @ value + change @ change / 2), gradient

    bounds = [(SMALLEST_SLOPE, None), *[(None, None)] * logits.shape[1]]
    theta = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return float(theta[0]), np.asarray(theta[1:])


def _chosen(
    X: Any, folds: Folds, fit: Callable[[Any, Any, float], Floats], loss: Callable[[Floats], float]
) -> tuple[float, Floats | None]:
    """As `least_loss`; None of the scores where nothing can be held out."""

    def held_out(C: float) -> Floats:
        parts = [_scores(X[test], fit(X, train, C)) for train, test in folds]
        scores = np.empty((len(X), *parts[0].shape[1:]))
        for (_, test), found in zip(folds, parts, strict=True):
            scores[test] = found
        return scores

    return least_loss(held_out, loss) if folds else (REGULARISATION[0], None)


def _scores(X: Any, found: Floats) -> Floats:
    """Of a direction (d,), or of weights and biases (d + 1, options)."""
    X = np.asarray(X, np.float64)
    return np.asarray(X @ found if found.ndim == 1 else X @ found[:-1] + found[-1])


def with_cuts(head: LinearHead, scale: Scale, cuts: Floats) -> LinearHead:
    """The head with its bias at the cut below the first grade that counts."""
    details = head.details | {GRADED: {"counts_from": scale.counts_from, "cuts": [float(c) for c in cuts]}}
    return replace(head, bias=float(cuts[scale.counts_from - 2]), details=details)


def cuts_of(details: dict[str, Any]) -> Floats | None:
    """(grades - 1,) of a version's details; None where it says only yes or no."""
    found = details.get(GRADED)
    return None if found is None else np.array(found["cuts"], np.float64)


def grades(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n,) the grade to be expected of each, 1 to the best; None for a head without grades."""
    cuts = cuts_of(head.details)
    return None if cuts is None else mean_grade(head.logits(vectors) - head.bias, cuts)


def classes(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n, options) the probability of none of them and of each class; None for a head without classes."""
    if head.classes is None:
        return None
    logits = np.asarray(vectors, np.float64) @ head.classes[:, :-1].T + head.classes[:, -1]
    return class_probabilities(np.hstack([np.zeros((len(logits), 1)), logits]))


def doubt(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n,) how much an answer would tell, on no particular scale: the variance of the grade, or how near the
    two likeliest classes are to each other; None where yes or no is all there is to say."""
    cuts = cuts_of(head.details)
    if cuts is not None:
        return spread(head.logits(vectors) - head.bias, cuts)
    found = classes(head, vectors)
    if found is None:
        return None
    top = np.sort(found, axis=1)
    return np.asarray(1 - (top[:, -1] - top[:, -2]))
