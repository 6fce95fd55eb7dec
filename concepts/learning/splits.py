"""Splits that never cut a near-duplicate group (rule 4)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True)
class EvaluationDraw:
    """Rows of the evaluation set, and rows set aside because a near-duplicate of theirs is in it."""

    chosen: Rows
    set_aside: Rows


def draw_evaluation(ids: Sequence[str], group: Rows, size: int, seed: int) -> EvaluationDraw:
    """Up to `size` random pictures, one of each near-duplicate group.

    Neither the chosen nor the set-aside rows may be mined, trained on or used for a threshold. The order
    is a keyed hash of the id, so the draw depends on neither the order of `ids` nor the rest of the
    library, and a larger draw contains the smaller one.
    """
    keys = [hashlib.sha256(f"{seed}:{picture}".encode()).digest() for picture in ids]
    order = np.array(sorted(range(len(keys)), key=keys.__getitem__), dtype=np.int64)
    _, first = np.unique(group[order], return_index=True)
    chosen = order[np.sort(first)[: max(size, 0)]]
    touched = np.isin(group, group[chosen])
    touched[chosen] = False
    return EvaluationDraw(chosen, np.flatnonzero(touched))
