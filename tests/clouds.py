"""Two clouds of unit vectors: pictures that count lie around one direction, the others around many."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet

DIMENSION = 32
MakeLabels = Callable[..., TrainingSet]


@pytest.fixture
def text_direction() -> np.ndarray:
    """Points roughly, not exactly, at the pictures that count."""
    direction = np.zeros(DIMENSION)
    direction[[0, 1]] = 1.0, 0.7
    return unit(direction)


@pytest.fixture
def labels() -> MakeLabels:
    def make(positives: int, negatives: int, seed: int = 0, noise: float = 1.0) -> TrainingSet:
        rng = np.random.default_rng(seed)
        positive = np.arange(positives + negatives) < positives
        vectors = rng.normal(0, noise, (len(positive), DIMENSION))
        vectors[positive, 0] += 4.0
        n = len(positive)
        return TrainingSet(unit(vectors), positive, np.ones(n), np.arange(n))

    return make


def labelled(vectors: np.ndarray, rows: np.ndarray, positive: np.ndarray) -> TrainingSet:
    """These rows of the pictures, by people."""
    return TrainingSet(vectors[rows], positive, np.ones(len(rows)), rows.astype(np.int64))


def kinds(
    sizes: Sequence[int], dimension: int = 32, noise: float = 0.05, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """So many pictures of each of several kinds, and of which kind each is."""
    rng = np.random.default_rng(seed)
    kind = np.repeat(np.arange(len(sizes)), sizes)
    around = unit(rng.normal(size=(len(sizes), dimension)))[kind]
    return unit(around + rng.normal(0, noise, around.shape)).astype(np.float32), kind


def corners(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """400 pictures in four corners of two of 32 dimensions; those of two opposite corners count."""
    rng = np.random.default_rng(seed)
    signs = rng.choice([-1.0, 1.0], (400, 2))
    vectors = rng.normal(0, 0.15, (400, DIMENSION))
    vectors[:, :2] += signs
    return unit(vectors).astype(np.float32), signs[:, 0] == signs[:, 1]
