"""Ridge regression that is pulled towards the words instead of towards nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Floats, LinearHead, TrainingSet
from concepts.learning.heads import Head, require_both
from concepts.registry import Method

STRENGTH = 0.01  # λ, of the pull towards the words, where each side weighs one in all
DOUBT = (
    4.0  # times the variance of κ; with 1, words that say nothing cost more than 0.02 of average precision
)


@dataclass(frozen=True)
class AnchoredHead(Head):
    """w = κt + Xᵀ(XXᵀ + λΩ⁻¹)⁻¹(y - κXt): ridge regression on y = ±1 that leaves the direction t of the words
    as far as the answers say so, with both sides weighing one in Ω. X is centred between the two sides.

    κ is what predicts each answer best from the others (leave one out, in closed form), shrunk as James &
    Stein do, here to nothing where it isn't twice its standard error, or the words oppose the answers.
    """

    anchor: float | None = None  # κ

    method = Method(
        name="anchored",
        what="Starts from your words and leaves them as your answers say so.",
        source="Bendou et al., ProKeR, CVPR 2025, with a linear kernel; Huang et al., LP++, CVPR 2024",
        cost="milliseconds for a hundred labels; needs a yes and a no",
        defaults={"strength": STRENGTH},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        require_both(data)
        X, yes = np.asarray(data.vectors, dtype=np.float64), data.positive
        share = data.balanced
        centre = share @ X / 2
        X, y = X - centre, np.where(yes, 1.0, -1.0)
        inverse = np.asarray(np.linalg.inv(X @ X.T + STRENGTH * np.diag(1 / share)), np.float64)
        words = np.zeros(X.shape[1]) if text_direction is None else np.asarray(text_direction, np.float64)
        heard = X @ words
        anchor = self.anchor if self.anchor is not None else _anchor(inverse, y, heard, share)
        weights = anchor * words + X.T @ (inverse @ (y - anchor * heard))
        return LinearHead("anchored", weights, -float(centre @ weights), details={"anchor": anchor})

    def settled(self, fitted: LinearHead) -> Head:
        return AnchoredHead(fitted.details["anchor"])


def _anchor(inverse: Floats, y: Floats, heard: Floats, share: Floats) -> float:
    """What is left of an answer once the others have spoken is residual - κ · unheard, each in closed form
    (Allen's PRESS): κ is a weighted regression of one on the other."""
    apart = np.diag(inverse)
    residual, unheard = inverse @ y / apart, inverse @ heard / apart
    evidence = float(share @ unheard**2)
    if evidence < 1e-12:
        return 0.0
    anchor = float(share @ (residual * unheard)) / evidence
    variance = float(share**2 @ (unheard * (residual - anchor * unheard)) ** 2) / evidence**2
    return anchor * max(1 - DOUBT * variance / anchor**2, 0.0) if anchor > 0 else 0.0
