"""Labels that all other labels speak against: worth a second look, never changed."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.errors import NotEnoughLabelsError
from concepts.learning.base import Floats, TrainingSet
from concepts.learning.calibration import platt
from concepts.learning.heads import HEADS
from concepts.learning.splits import FOLDS, Rows

STRONG = 0.8  # probability of the other answer from which there is something to look at


def label_errors(
    data: TrainingSet, text_direction: Vectors | None, seed: int, head: str = "auto"
) -> tuple[Rows, Floats]:
    """Rows whose label is probably wrong, the likeliest first, and the probability of the other label.

    By heads that had not seen the picture or its near-duplicates. Confident learning (Northcutt, Jiang &
    Chuang, JAIR 2021): the other label has to be as probable as it is on average where it was given, and
    here strongly so besides. None where a class has fewer than `FOLDS` groups.
    """
    nothing = np.empty(0, np.int64), np.empty(0)
    try:
        found = HEADS[head]().fit_held_out(data, text_direction, seed)
    except NotEnoughLabelsError:
        return nothing
    if found.folds < FOLDS:
        return nothing
    fit = platt(found.scores, data.positive, data.weight)
    yes = 1 / (1 + np.exp(-np.clip(fit.a * found.scores + fit.c, -60, 60)))
    usual_yes, usual_no = float(yes[data.positive].mean()), float((1 - yes)[~data.positive].mean())
    other = np.where(data.positive, 1 - yes, yes)
    least = np.maximum(np.where(data.positive, usual_no, usual_yes), STRONG)
    rows = np.flatnonzero(other >= least)
    rows = rows[np.argsort(-other[rows], kind="stable")]
    return rows, other[rows]
