"""Scores → probabilities with two numbers that fold into a linear head, and the threshold for a target."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats, sigmoid
from concepts.learning.target import Target

TINY = 1e-12
START = np.array([1.0, 0.0])  # slope and offset of what is calibrated already
DOUBT = 1.0  # labels of the other kind that Platt adds to each
LESS_DOUBT = 0.5  # where thousands of pictures are summed up: Platt's doubt would be, too (Jeffreys' prior)
NORMAL = 1.96  # standard errors on each side of a 95 % interval
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


def platt(scores: Floats, positive: Bools, weight: Floats, doubt: float = DOUBT) -> Calibration:
    """Platt scaling with the smoothed targets of Platt (1999), which keep few labels from being certain.

    scores, positive, weight (n,), n ≥ 1. The slope is kept positive: calibration never reverses a ranking.
    """
    from scipy.optimize import minimize

    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    z = (scores - centre) / spread
    yes, no = float(weight[positive].sum()), float(weight[~positive].sum())
    target = np.where(positive, (yes + doubt) / (yes + 2 * doubt), doubt / (no + 2 * doubt))

    def loss(ac: Floats) -> tuple[float, Floats]:
        logit = ac[0] * z + ac[1]
        value = float(weight @ (np.logaddexp(0, logit) - target * logit))
        residual = weight * (0.5 * (1 + np.tanh(logit / 2)) - target)
        return value, np.array([residual @ z, residual.sum()])

    start = np.array([1.0, math.log((yes + 1) / (no + 1))])
    a, c = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=[(SMALLEST_SLOPE, None), (None, None)]).x
    slope = float(a) / spread
    return Calibration(slope, float(c) - slope * centre)


def figures_at(probability: Floats, positive: Bools, threshold: float) -> dict[str, float]:
    """Precision, recall and F1 of a threshold on (n,) held-out probabilities, of which one is positive."""
    flagged, yes = probability >= threshold, int(positive.sum())
    hits, said = int((flagged & positive).sum()), int(flagged.sum())
    return {"precision": hits / max(said, 1), "recall": hits / yes, "f1": 2 * hits / (said + yes)}


@dataclass(frozen=True)
class Expected:
    """Precision or recall among n unlabelled pictures when the likeliest 1, 2, … n are flagged, with its 95 %
    interval, as their scores let expect it; logits (n,) fall."""

    logits: Floats
    value: Floats
    low: Floats
    high: Floats

    def at(self, threshold: float) -> dict[str, float | int | None]:
        """The figure at a threshold, which flags so many of so many; None where it flags none."""
        flagged = int((sigmoid(self.logits) >= threshold).sum())
        figures = {"value": self.value, "low": self.low, "high": self.high}
        found = {name: float(figure[flagged - 1]) if flagged else None for name, figure in figures.items()}
        return found | {"flagged": flagged, "of": len(self.logits)}

    def threshold(self, target: Target) -> tuple[float, bool]:
        """The threshold that flags most for a precision and least for a recall, and whether it is expected to
        reach that. Where none is, the one that comes nearest."""
        good = np.flatnonzero(self.value >= target.at_least)
        if target.kind == "precision":
            last = int(good[-1]) if good.size else int(np.argmax(self.value))
        else:
            last = int(good[0]) if good.size else len(self.value) - 1
        return float(sigmoid(self.logits[last : last + 2]).mean()), bool(good.size)


def expected(
    held_out: Floats, positive: Bools, weight: Floats, unlabelled: Floats, target: Target
) -> Expected:
    """The target's figure at every threshold, from held-out logits (n,) of labels and logits (m,) of the
    unlabelled pictures, m ≥ 1.

    Labels are asked for where they teach most, so a count of them says little about the library. How likely a
    picture with some score counts is the same in both: that is fitted to the labels and summed over the
    unlabelled pictures.
    """
    fit = platt(held_out, positive, weight, LESS_DOUBT)
    logits = -np.sort(-unlabelled)
    p, known = sigmoid(fit.a * logits + fit.c), sigmoid(fit.a * held_out + fit.c)
    # The fit's covariance, and how far each sum moves with its two numbers (delta method).
    information = weight * known * (1 - known)
    crossed = information @ held_out
    covariance = np.linalg.pinv([[information @ held_out**2, crossed], [crossed, information.sum()]])
    spread = p * (1 - p)
    count, by_chance = np.cumsum(p), np.cumsum(spread)
    moves = np.stack([np.cumsum(spread * logits), by_chance])
    if target.kind == "precision":
        flagged = np.arange(1, len(p) + 1)
        value, moves, variance = count / flagged, moves / flagged, by_chance / flagged**2
    else:
        value = count / count[-1]
        moves = (moves - value * moves[:, -1:]) / count[-1]
        missed = by_chance[-1] - by_chance
        variance = (by_chance * (1 - value) ** 2 + missed * value**2) / count[-1] ** 2
    variance += (moves * (covariance @ moves)).sum(axis=0)
    inside = np.clip(value, TINY, 1 - 1e-6)
    middle, off = np.log(inside / (1 - inside)), NORMAL * np.sqrt(variance) / (inside * (1 - inside))
    return Expected(logits, value, sigmoid(middle - off), sigmoid(middle + off))


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
