"""Splits that never cut a near-duplicate group (rule 4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from concepts.learning.base import Bools

Rows = NDArray[np.int64]
FOLDS = 5


def grouped_folds(positive: Bools, group: Rows, seed: int, most: int = FOLDS) -> list[tuple[Rows, Rows]]:
    """(train rows, test rows) of up to `most` stratified folds, each training part with both classes.

    Empty where there are fewer than two groups of a class: nothing can then be held out.
    Groups, not pictures, are dealt out (a group counts as yes if most of it is): `StratifiedGroupKFold`
    loops over groups in Python, which takes minutes for a hundred thousand machine labels.
    """
    from sklearn.model_selection import StratifiedKFold

    _, member = np.unique(group, return_inverse=True)
    yes = np.bincount(member, weights=positive) * 2 >= np.bincount(member)
    folds = min(most, int(yes.sum()), int((~yes).sum()))
    if folds < 2:
        return []
    dealt = StratifiedKFold(folds, shuffle=True, random_state=seed).split(yes, yes)
    held_out = [np.isin(member, test) for _, test in dealt]
    return [(np.flatnonzero(~test), np.flatnonzero(test)) for test in held_out]
