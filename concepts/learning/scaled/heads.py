"""What a trained head says on its scale: grades, classes, and how unsure it is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from concepts.learning.base import Floats, LinearHead
from concepts.learning.scale import Scale
from concepts.learning.scaled import proportional_odds as odds
from concepts.learning.scaled import softmax

GRADED = "graded"  # where a version's details have the cuts


def with_cuts(head: LinearHead, scale: Scale, cuts: Floats) -> LinearHead:
    """The head with its bias at the cut below the first grade that counts."""
    details = head.details | {GRADED: {"counts_from": scale.counts_from, "cuts": [float(c) for c in cuts]}}
    return replace(head, bias=float(cuts[scale.counts_from - 2]), details=details)


def cuts_of(details: dict[str, Any]) -> Floats | None:
    """(grades - 1,) of a version's details; None where it says only yes or no."""
    found = details.get(GRADED)
    return None if found is None else np.array(found["cuts"], np.float64)


def grades(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n,) the grade to be expected of each, 1 to the best; None for a head without grades."""
    cuts = cuts_of(head.details)
    return None if cuts is None else odds.mean_grade(head.logits(vectors) - head.bias, cuts)


def classes(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n, options) the probability of none of them and of each class; None for a head without classes."""
    if head.classes is None:
        return None
    logits = np.asarray(vectors, np.float64) @ head.classes[:, :-1].T + head.classes[:, -1]
    return softmax.probabilities(softmax.with_none(logits))


def doubt(head: LinearHead, vectors: NDArray[np.floating]) -> Floats | None:
    """(n,) how much an answer would tell, on no particular scale: the variance of the grade, or how near the
    two likeliest classes are to each other; None where yes or no is all there is to say."""
    cuts = cuts_of(head.details)
    if cuts is not None:
        return odds.spread(head.logits(vectors) - head.bias, cuts)
    found = classes(head, vectors)
    if found is None:
        return None
    top = np.sort(found, axis=1)
    return np.asarray(1 - (top[:, -1] - top[:, -2]))
