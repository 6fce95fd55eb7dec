"""What learning passes around: labelled vectors in, a linear head out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class TrainingSet:
    """Labelled unit vectors.

    vectors (n, d); positive (n,); weight (n,) is 1 for a person's label and less for a machine's
    (rule 5); group (n,) holds one integer per near-duplicate group, which no split may cut.
    """

    vectors: Vectors
    positive: Bools
    weight: Floats
    group: NDArray[np.int64]

    @property
    def positives(self) -> int:
        return int(self.positive.sum())

    @property
    def negatives(self) -> int:
        return len(self.positive) - self.positives


@dataclass(frozen=True)
class LinearHead:
    """p(yes | x) = sigmoid(weights · x + bias), calibrated; yes where p ≥ threshold."""

    kind: str
    weights: Floats  # (d,)
    bias: float
    threshold: float = 0.5
    details: dict[str, Any] = field(default_factory=dict)  # how it was trained, JSON-able, for the card

    def logits(self, vectors: NDArray[np.floating]) -> Floats:
        return np.asarray(vectors, dtype=np.float64) @ self.weights + self.bias

    def probabilities(self, vectors: NDArray[np.floating]) -> Floats:
        """(n, d) → (n,) in 0..1."""
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(self.logits(vectors), -60, 60))))


class Head(Protocol):
    """A way to fit a linear head. Registered in `concepts.learning.heads.HEADS`."""

    def fit(self, data: TrainingSet, text_direction: Vectors | None, seed: int) -> LinearHead:
        """Raises `NotEnoughLabelsError` where this way can't work with so few labels."""


@dataclass(frozen=True)
class Pool:
    """The pictures acquisition may choose from. Row i of every array is the same picture.

    vectors (n, d); probability (n,) by the current head or None before there is one; text_score (n,)
    similarity to what counts minus what doesn't; group (n,) near-duplicate groups; asked (n,) already
    labelled by a person; positive (n,) a person said yes.
    """

    vectors: Vectors
    probability: Floats | None
    text_score: Floats
    group: NDArray[np.int64]
    asked: Bools
    positive: Bools


@dataclass(frozen=True)
class Choice:
    """A row of the pool worth asking about, and why, as one of the reasons the screen explains."""

    row: int
    reason: str  # "likely", "borderline", "exploration", "random", "disagreement"


class Acquisition(Protocol):
    """Chooses what to ask the person next. Registered in `concepts.learning.acquisition.ACQUISITIONS`."""

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        """At most n rows not asked before, most useful first, never two of one near-duplicate group."""
