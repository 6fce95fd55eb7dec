"""From what the person wants to a threshold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.target import Target


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
