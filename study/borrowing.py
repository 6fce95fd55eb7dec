"""A head that starts from what the weights of earlier concepts have in common."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Floats, LinearHead, Prototypes, Texts, TrainingSet
from concepts.learning.heads import AutoHead, Head
from concepts.registry import Method

LEAST = 5  # earlier concepts


@dataclass(frozen=True)
class BorrowingHead(Head):
    """The app's head with the prior that weights are spread as those of earlier concepts (k, d), unit: their
    covariance, shrunk towards none by Ledoit & Wolf, so that concepts without anything in common say nothing.
    It is a change of coordinates before, and one of the weights after. With one common span L it is
    w = Ls + δ with a ridge on δ."""

    earlier: Floats | None = None
    head: Head = field(default_factory=AutoHead)

    method = Method(
        name="borrowing",
        what="Starts from the directions that your earlier concepts have in common.",
        source="after Xu, Hospedales & Gong, ECCV 2016; Ledoit & Wolf, 2004",
        cost="that of the head; the app's own without five earlier concepts",
        defaults={"least": LEAST},
    )

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        if self.earlier is None or len(self.earlier) < LEAST:
            return self.head.fit(data, text_direction, seed)
        axes, stretch = shared(self.earlier)

        learned = replace(data, vectors=_stretched(data.vectors, axes, stretch))
        fitted = self.head.fit(learned, text_direction, seed)
        own = fitted.prototypes
        back = own and Prototypes(*(_stretched(side, axes, stretch) for side in (own.yes, own.no)))
        weights = fitted.weights + (fitted.weights @ axes.T) * (stretch - 1) @ axes
        return replace(fitted, weights=weights, prototypes=back)

    def settled(self, fitted: LinearHead) -> Head:
        return replace(self, head=self.head.settled(fitted))


def shared(earlier: Floats) -> tuple[Floats, Floats]:
    """Axes (r, d) and how many times as long (r,) things become along them, by the root of the covariance;
    none that k vectors would have by chance (Marchenko & Pastur 1967)."""
    # scikit-learn takes a second to load
    from sklearn.covariance import ledoit_wolf_shrinkage

    k, d = earlier.shape
    own = float(ledoit_wolf_shrinkage(earlier, assume_centered=True))
    _, length, axes = np.linalg.svd(earlier, full_matrices=False)
    common = length > 1 + np.sqrt(k / d)
    return axes[common], np.sqrt(1 + (1 - own) / max(own, 1e-6) * length[common] ** 2 * d / k)


def borrowed(vectors: Vectors, texts: Texts, earlier: Floats) -> tuple[Vectors, Texts]:
    """Pictures (n, d) in the coordinates of `BorrowingHead`, and texts that score them as ever."""
    axes, stretch = shared(earlier)
    direction, searches = (_stretched(of, axes, 1 / stretch) for of in (texts.direction, texts.searches))
    return _stretched(vectors, axes, stretch), replace(texts, direction=direction, searches=searches)


def _stretched(vectors: Vectors, axes: Floats, times: Floats) -> Vectors:
    return np.asarray(vectors + (vectors @ axes.T) * (times - 1) @ axes, np.float32)
