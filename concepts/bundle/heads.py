"""A head as it lies in a bundle: the line between yes and no, and of a graded concept all its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from concepts.bundle.facts import Grades
from concepts.learning.base import Floats, LinearHead


@dataclass(frozen=True)
class BundleHead:
    """`cuts` (n - 1,) are those of a concept with n grades, `line.bias` one of them; else None."""

    line: LinearHead
    cuts: Floats | None = None


def tensors_of(heads: Sequence[BundleHead]) -> dict[str, Floats]:
    """As `head.safetensors` holds them: float64, so that a loaded head is the head, bit for bit."""
    found = {}
    for place, head in enumerate(heads):
        found[f"{place}.weights"] = np.ascontiguousarray(head.line.weights, dtype=np.float64)
        found[f"{place}.bias"] = np.array([head.line.bias], dtype=np.float64)
        if head.cuts is not None:
            found[f"{place}.cuts"] = np.ascontiguousarray(head.cuts, dtype=np.float64)
    return found


def stacked(heads: Sequence[BundleHead]) -> tuple[Floats, Floats, list[tuple[int, Floats]]]:
    """Weights (d, heads), bias (heads,), and the cuts of those that are graded by their place."""
    weights = np.stack([np.asarray(head.line.weights, np.float64) for head in heads], axis=1)
    bias = np.array([head.line.bias for head in heads], np.float64)
    return weights, bias, [(i, head.cuts) for i, head in enumerate(heads) if head.cuts is not None]


def check_cuts(bias: float, cuts: Floats, grades: Grades) -> None:
    """Raises ValueError for cuts that don't fall, or where the line of yes is none of them."""
    if len(cuts) != grades.n - 1 or (np.diff(cuts) > 0).any():
        raise ValueError(f"{grades.n} grades need {grades.n - 1} cuts that fall")
    if cuts[grades.counts_from - 2] != bias:
        raise ValueError(f"its bias is not the cut below grade {grades.counts_from}")
