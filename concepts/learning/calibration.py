"""Scores → probabilities with two numbers that fold into a linear head."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from concepts.learning.base import Bools, Floats, LinearHead

SMALLEST_SLOPE = 1e-3  # times the spread of the scores: a head that ranks no better than chance says "unsure"


FARTHEST = 20.0  # in logits: a shift beyond that is no calibration


@dataclass(frozen=True)
class Calibration:
    """p = sigmoid(a · score + c), a > 0."""

    a: float
    c: float


def platt(scores: Floats, positive: Bools, weight: Floats) -> Calibration:
    """Platt scaling with the smoothed targets of Platt (1999), which keep few labels from being certain.

    scores, positive, weight (n,), n ≥ 1. The slope is kept positive: calibration never reverses a ranking.
    """
    from scipy.optimize import minimize

    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    z = (scores - centre) / spread
    yes, no = float(weight[positive].sum()), float(weight[~positive].sum())
    target = np.where(positive, (yes + 1) / (yes + 2), 1 / (no + 2))

    def loss(ac: Floats) -> tuple[float, Floats]:
        logit = ac[0] * z + ac[1]
        value = float(weight @ (np.logaddexp(0, logit) - target * logit))
        residual = weight * (0.5 * (1 + np.tanh(logit / 2)) - target)
        return value, np.array([residual @ z, residual.sum()])

    start = np.array([1.0, math.log((yes + 1) / (no + 1))])
    a, c = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST_SLOPE, None), (None, None)]).x
    slope = float(a) / spread
    return Calibration(slope, float(c) - slope * centre)


def to_library(head: LinearHead, logits: Floats) -> LinearHead:
    """The head with its probabilities shifted so that their mean over a library is the share it flags there.

    logits (n,) of the head for every picture of the library, n ≥ 1. Platt's targets come from questions that
    were chosen because they are hard, so they know nothing of how rare a concept is. Where mistakes of both
    kinds are balanced (`balanced` in the details, else the threshold), about as many are flagged as count.
    Order and decisions stay as they are: the threshold is shifted as well.
    """
    from scipy.optimize import brentq

    balanced = float(head.details.get("balanced", head.threshold))
    flagged = float(np.mean(logits >= logit(balanced)))
    share = min(max(flagged, 0.5 / len(logits)), 1 - 0.5 / len(logits))

    def too_much(shift: float) -> float:
        return float(np.mean(0.5 * (1 + np.tanh((logits + shift) / 2)))) - share

    if too_much(-FARTHEST) >= 0 or too_much(FARTHEST) <= 0:
        return head
    shift = float(brentq(too_much, -FARTHEST, FARTHEST, xtol=1e-6))
    moved = 1 / (1 + math.exp(-(logit(head.threshold) + shift)))
    details = head.details | {"library_shift": shift}
    return replace(head, bias=head.bias + shift, threshold=moved, details=details)


def shifted(probability: Floats, shift: float) -> Floats:
    """(n,) probabilities moved by so many logits."""
    inside = np.clip(probability, 1e-12, 1 - 1e-12)
    return np.asarray(1 / (1 + np.exp(-(np.log(inside / (1 - inside)) + shift))))


def logit(probability: float) -> float:
    """Kept finite."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))
