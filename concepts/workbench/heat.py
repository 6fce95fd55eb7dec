"""Where in a picture a score comes from, and the words for it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.saliency import Box
from concepts.view import View

DOWN, ACROSS = ("top", "middle", "bottom"), ("left", "centre", "right")
SPREAD = 1 / 3  # of the grid: what is over more has no place


class Heat(View):
    """What each cell of a grid adds to the score, a log-odds; with `rest`, what no cell has, they add up to
    it where `exact`. A part above 0 raised it more than one of any picture of the library does on average;
    where not `exact`, the score falls by so much when the cell is covered. `box`: left, top, right and bottom
    of the grid, as shares of the picture."""

    concept: str
    version: int
    picture: str
    score: float
    probability: float
    threshold: float
    flagged: bool
    parts: list[list[float]]
    rest: float
    exact: bool
    box: Box
    words: str  # where most of it comes from, and how rough that is


def said(parts: NDArray[np.float64]) -> str:
    """Where the strongest of what raised the score lies: the parts of at least half of the strongest one."""
    raised = np.maximum(parts, 0)
    if raised.sum() <= 0:
        return "No part of it raised the score more than parts of other pictures do."
    strong = np.where(raised >= raised.max() / 2, raised, 0)
    much = "Most" if strong.sum() > raised.sum() / 2 else "The strongest"
    if np.count_nonzero(strong) > parts.size * SPREAD:
        return f"{much} of what raised the score is spread over the picture."
    row, column = (
        min(2, int(3 * (np.arange(n) + 0.5) @ strong.sum(axis=1 - axis) / strong.sum() / n))
        for axis, n in enumerate(parts.shape)
    )
    where = "in the middle" if row == column == 1 else f"at the {DOWN[row]} {ACROSS[column]}"
    return f"{much} of what raised the score is {where}."


def roughly(cells: int, exact: bool) -> str:
    size = f"each square is about 1/{cells} of the picture, and what lies next to it shows in it too"
    return f"Rough: {size}." if exact else f"Rough: {size}; found by covering one square after the other."
