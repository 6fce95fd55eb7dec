"""Scores → probabilities with two numbers that fold into a linear head."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats

TINY = 1e-12
START = np.array([1.0, 0.0])  # slope and offset of what is calibrated already
SMALLEST_SLOPE = 1e-3  # times the spread of the scores: a head that ranks no better than chance says "unsure"


@dataclass(frozen=True)
class Calibration:
    """p = sigmoid(a · score + c), a > 0."""

    a: float
    c: float

    def moved(self, probability: Floats) -> Floats:
        """What these probabilities of logits become."""
        inside = np.clip(probability, TINY, 1 - TINY)
        logits = self.a * np.log(inside / (1 - inside)) + self.c
        return np.asarray(0.5 * (1 + np.tanh(logits / 2)))


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


def refit(logits: Floats, positive: Bools) -> Calibration:
    """How calibrated logits (n,) have to be stretched and moved to fit answers (n,): few answers move them
    little, by Gaussian priors of spread 1 around a slope of 1 and an offset of 0."""
    from scipy.optimize import minimize

    def loss(ac: Floats) -> tuple[float, Floats]:
        moved = ac[0] * logits + ac[1]
        change = ac - START
        value = float((np.logaddexp(0, moved) - positive * moved).sum() + change @ change / 2)
        residual = 0.5 * (1 + np.tanh(moved / 2)) - positive
        return value, np.array([residual @ logits, residual.sum()]) + change

    a, c = minimize(loss, START, jac=True, method="L-BFGS-B", bounds=[(SMALLEST_SLOPE, None), (None, None)]).x
    return Calibration(float(a), float(c))


def logit(probability: float) -> float:
    """Kept finite."""
    inside = min(max(probability, 1e-6), 1 - 1e-6)
    return math.log(inside / (1 - inside))
