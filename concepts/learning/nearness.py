"""What the labelled pictures nearest to a picture say, beside a linear head: a line through everything that
counts can't leave out what lies between kinds that have nothing in common."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.learning.base import Floats, LinearHead, TrainingSet

NEAREST = 2  # of each side: one may be wrong
OTHERS = 5  # of each side that speak for or against a label
SHARE = 0.5  # of the length of the head's weights that a difference of 1 in cosine weighs
MOST = 512  # labels; a head that has learned from more is good by itself, and each costs a product a picture


def nearest_in_logits(head: LinearHead, labels: TrainingSet, vectors: NDArray[np.floating]) -> Floats:
    """(n,) what the nearest labels add to the head's logits: ½‖w‖ times the mean cosine of the two nearest
    yes less that of the two nearest no; 0 without both sides, or with more than `MOST` labels."""
    if not (labels.positives and labels.negatives) or len(labels.positive) > MOST:
        return np.zeros(len(vectors))
    yes, no = labels.vectors[labels.positive], labels.vectors[~labels.positive]
    return SHARE * float(np.linalg.norm(head.weights)) * (_nearest(vectors, yes) - _nearest(vectors, no))


def others(labels: TrainingSet, k: int) -> Floats:
    """(n,) the mean cosine of each labelled picture with the k nearest yes less that with the k nearest no,
    without its near-duplicates: one of those may be as wrong as it is. Needs both sides."""
    vectors = np.asarray(labels.vectors, np.float32)
    cosine = vectors @ vectors.T
    cosine[labels.group[:, None] == labels.group[None]] = -1.0
    return _mean(cosine[:, labels.positive], k) - _mean(cosine[:, ~labels.positive], k)


def others_in_logits(head: LinearHead, labels: TrainingSet) -> Floats:
    """(n,) what that adds to a head that had not seen them; 0 with more than `MOST` labels."""
    if len(labels.positive) > MOST:
        return np.zeros(len(labels.positive))
    return SHARE * float(np.linalg.norm(head.weights)) * others(labels, OTHERS)


def _nearest(vectors: NDArray[np.floating], labelled: Vectors) -> Floats:
    """(n,) mean cosine of the nearest of the labelled ones."""
    return _mean(np.asarray(vectors, np.float32) @ np.asarray(labelled, np.float32).T, NEAREST)


def _mean(cosine: NDArray[np.float32], k: int) -> Floats:
    """(n,) mean of the k largest of each row."""
    k = min(k, cosine.shape[1])
    return np.asarray(np.partition(cosine, -k, axis=1)[:, -k:].mean(axis=1), np.float64)
