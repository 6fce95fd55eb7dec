"""Ways to fit a linear head, and `train_head`, which chooses one and calibrates it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Bools, Floats, Head, LinearHead, TrainingSet
from concepts.learning.calibration import Calibration, platt
from concepts.learning.splits import grouped_folds
from concepts.learning.thresholds import Target, choose_threshold

FEW = 5  # with fewer groups of either class, cross-validating C is a lottery
REGULARISATION = (1.0, 10.0, 100.0)


class TextHead:
    """The direction of the words, plus the mean of the yes pictures where there are any (Rocchio)."""

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        if text_direction is None and not data.positives:
            raise NotEnoughLabelsError("There is neither a text direction nor a yes: label one yes picture.")
        weights = np.zeros(data.vectors.shape[1])
        if text_direction is not None:
            weights += text_direction
        if data.positives:
            weights += np.average(data.vectors[data.positive], axis=0, weights=data.weight[data.positive])
        return LinearHead("text", weights, 0.0)


class LDAHead:
    """Linear discriminant with one shared covariance, shrunk by Ledoit & Wolf (2004); closed form.

    The covariance is (1-s)/n · DᵀD + s·m·I for residuals D (n, d), so the Woodbury identity solves in
    n × n: with d = 1,664 and a dozen labels that is milliseconds where (d, d) takes half a second.
    """

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        from sklearn.covariance import ledoit_wolf_shrinkage

        _require_both(data)
        X, yes = np.asarray(data.vectors, dtype=np.float64), data.positive
        mean_yes = np.average(X[yes], axis=0, weights=data.weight[yes])
        mean_no = np.average(X[~yes], axis=0, weights=data.weight[~yes])
        residuals = np.where(yes[:, None], X - mean_yes, X - mean_no)
        residuals *= np.sqrt(data.weight / data.weight.mean())[:, None]
        n, d = residuals.shape
        difference = mean_yes - mean_no
        variance = float((residuals**2).sum()) / n / d
        if variance < 1e-12:  # one yes and one no leave no residual
            shrinkage, weights = 1.0, difference
        else:
            shrinkage = max(float(ledoit_wolf_shrinkage(residuals, assume_centered=True)), 1e-3)
            ridge = n * shrinkage * variance / max(1 - shrinkage, 1e-9)
            inner = np.linalg.solve(ridge * np.eye(n) + residuals @ residuals.T, residuals @ difference)
            weights = (difference - residuals.T @ inner) / (shrinkage * variance)
        bias = -0.5 * float((mean_yes + mean_no) @ weights)
        return LinearHead("lda", weights, bias, details={"shrinkage": shrinkage})


@dataclass(frozen=True)
class LogisticHead:
    """L2-regularised logistic regression with both classes weighing the same; C by grouped folds."""

    C: float | None = None

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        _require_both(data)
        basis, X = _row_space(np.asarray(data.vectors, dtype=np.float64))
        C = self.C if self.C is not None else _choose_c(X, data, seed)
        weights, bias = _logistic(X, data.positive, data.weight, C)
        return LinearHead("logistic", weights @ basis, bias, details={"C": C})


HEADS: dict[str, Head] = {"text": TextHead(), "lda": LDAHead(), "logistic": LogisticHead()}


def choose_kind(data: TrainingSet) -> str:
    """text without both a yes and a no, lda with few of either, logistic from there."""
    yes, no = len(np.unique(data.group[data.positive])), len(np.unique(data.group[~data.positive]))
    if not yes or not no:
        return "text"
    return "lda" if min(yes, no) < FEW else "logistic"


def train_head(
    data: TrainingSet, text_direction: Vectors | None, seed: int, target: Target | None = None
) -> LinearHead:
    """The head that suits these labels, calibrated, with its threshold.

    Labels that weigh nothing are left out. Calibration and threshold use scores of heads that had not
    seen the picture or its near-duplicates; the threshold uses a person's labels only (weight 1) where
    there are any of both kinds. Raises `NotEnoughLabelsError` with no label and no text direction.
    """
    target = target or Target()
    data = _subset(data, np.flatnonzero(data.weight > 0))
    kind = choose_kind(data)
    raw = HEADS[kind].fit(data, text_direction, seed)
    details: dict[str, Any] = dict(raw.details) | {
        "positives": data.positives,
        "negatives": data.negatives,
        "full_weight": int((data.weight >= 1).sum()),
        "reduced_weight": int((data.weight < 1).sum()),
        "target": str(target),
        "target_met": None,
        "calibration": None,
        "folds": 0,
    }
    if not len(data.positive):
        return replace(raw, details=details)
    scores, folds = _held_out_scores(raw, data, text_direction, seed)
    fit = platt(scores, data.positive, data.weight)
    head = replace(raw, weights=fit.a * raw.weights, bias=fit.a * raw.bias + fit.c)
    details |= {"calibration": {"a": fit.a, "c": fit.c}, "folds": folds}
    threshold, facts = _threshold(fit, scores, data, target)
    return replace(head, threshold=threshold, details=details | facts)


def _held_out_scores(
    raw: LinearHead, data: TrainingSet, text_direction: Vectors | None, seed: int
) -> tuple[Floats, int]:
    """Raw scores (n,) and the number of folds; 0 where nothing could be held out (scores as trained)."""
    folds = grouped_folds(data.positive, data.group, seed)
    if not folds:
        return raw.logits(data.vectors), 0
    head = LogisticHead(raw.details["C"]) if raw.kind == "logistic" else HEADS[raw.kind]
    scores = np.empty(len(data.positive))
    for train, test in folds:
        scores[test] = head.fit(_subset(data, train), text_direction, seed).logits(data.vectors[test])
    return scores, len(folds)


def _threshold(
    fit: Calibration, scores: Floats, data: TrainingSet, target: Target
) -> tuple[float, dict[str, Any]]:
    person: Bools = data.weight >= 1
    if not data.positive[person].any() or data.positive[person].all():
        person = np.ones(len(data.positive), dtype=bool)
    if not data.positive[person].any():
        return 0.5, {}
    probability = 1 / (1 + np.exp(-np.clip(fit.a * scores[person] + fit.c, -60, 60)))
    chosen = choose_threshold(probability, data.positive[person], target)
    facts = {
        "target_met": chosen.met,
        "threshold_labels": int(person.sum()),
        "held_out": {"precision": chosen.precision, "recall": chosen.recall, "f1": chosen.f1},
    }
    return chosen.value, facts


def _require_both(data: TrainingSet) -> None:
    for what, count in (("yes", data.positives), ("no", data.negatives)):
        if not count:
            raise NotEnoughLabelsError(f"Label one picture {what}: a head needs at least one of each.")


def _subset(data: TrainingSet, rows: Any) -> TrainingSet:
    return TrainingSet(data.vectors[rows], data.positive[rows], data.weight[rows], data.group[rows])


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
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    half = weight.sum() / 2
    share = np.where(positive, half / weight[positive].sum(), half / weight[~positive].sum())
    with threadpool_limits(1):
        model = LogisticRegression(C=C, max_iter=1000).fit(X, positive, sample_weight=weight * share)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])
