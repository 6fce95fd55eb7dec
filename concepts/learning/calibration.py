"""Scores → probabilities with two numbers that fold into a linear head, and the threshold for a target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.target import Target

TINY = 1e-12
START = np.array([1.0, 0.0])  # slope and offset of what is calibrated already
SMALLEST_SLOPE = 1e-3  # times the spread of the scores: a head that ranks no better than chance says "unsure"


@dataclass(frozen=True)
class Threshold:
    """Yes where p ≥ value, and what that gave on the pictures it was chosen on."""

    value: float
    precision: float
    recall: float
    f1: float
    met: bool


def choose_threshold(probability: Floats, positive: Bools, target: Target) -> Threshold:
    """The best threshold for `target` on (n,) held-out probabilities, half-way between two pictures.

    A precision floor takes the most recall it allows, a recall floor the most precision. Where the floor
    can't be met, the closest: highest precision. Needs at least one positive.
    """
    order = np.argsort(-probability, kind="stable")
    p, hits = probability[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(np.diff(p) != 0, True))  # pictures of equal p can't be told apart
    precision, recall = hits[last] / (last + 1), hits[last] / hits[-1]
    f1 = 2 * hits[last] / (last + 1 + hits[-1])
    below = np.append(p, 0.0)[last + 1]
    cut = (p[last] + below) / 2
    if target.kind == "f1":
        best, met = int(np.argmax(f1)), True
    elif target.kind == "precision":
        good = np.flatnonzero(precision >= target.at_least)
        best, met = (int(good[-1]), True) if good.size else (int(np.argmax(precision)), False)
    else:
        good = np.flatnonzero(recall >= target.at_least)
        best, met = int(good[np.argmax(precision[good])]), True
    return Threshold(float(cut[best]), float(precision[best]), float(recall[best]), float(f1[best]), met)


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


def calibrated_loss(scores: Floats, positive: Bools, weight: Floats) -> float:
    """The log loss of scores (n,) once `platt` has calibrated them on themselves."""
    fit = platt(scores, positive, weight)
    margin = np.where(positive, 1, -1) * (fit.a * scores + fit.c)
    return float(weight @ np.logaddexp(0, -margin))


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
