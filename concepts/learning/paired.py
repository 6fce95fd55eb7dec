"""Two ways of judging the same pictures, compared picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.intervals import clopper_pearson


@dataclass(frozen=True)
class PairedChange:
    """Of n pictures the second way is right about `fixed` that the first is wrong about, and wrong about
    `broken` that the first is right about. `low` and `high` bound the change of the share that is right."""

    n: int
    before: int  # right the first way
    fixed: int
    broken: int
    low: float
    high: float

    @property
    def after(self) -> int:
        return self.before + self.fixed - self.broken

    @property
    def change(self) -> float:
        return (self.fixed - self.broken) / self.n if self.n else 0.0


def paired_change(before: Bools, after: Bools, error: float) -> PairedChange:
    """right the first way (n,), right the second way (n,).

    Given how many pictures changed sides, how many of those were fixed is binomial, so its Clopper-Pearson
    interval times their share bounds the change, and misses it with at most `error`; `low` > 0 exactly where
    McNemar's exact test (1947) rejects at error / 2 on that side.
    """
    n = len(before)
    fixed, broken = int((after & ~before).sum()), int((before & ~after).sum())
    changed = fixed + broken
    low, high = clopper_pearson(fixed, changed, error)
    share = changed / n if n else 0.0
    return PairedChange(
        n,
        int(before.sum()),
        fixed,
        broken,
        share * (2 * float(low[()]) - 1) if changed else 0.0,
        share * (2 * float(high[()]) - 1) if changed else 0.0,
    )


def surely_more(votes: Bools, least: Floats, error: float) -> bool:
    """Whether votes (n,) are for something more often than `least` (n,) of each kind of vote, one-sided, at
    `error`: exact, by the Poisson binomial distribution of votes that are just as often for it."""
    chances = np.ones(1)  # of 0, 1, … votes for it
    for share in least:
        chances = np.convolve(chances, [1 - share, share])
    return bool(len(votes) and chances[int(votes.sum()) :].sum() <= error)
