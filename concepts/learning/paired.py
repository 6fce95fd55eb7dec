"""Two ways of judging the same pictures, compared picture by picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.intervals import clopper_pearson

ALTERNATIVES = (0.25, 0.5, 0.75, 0.9)  # parts of the way from what has to be exceeded to all votes


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


def evidence(votes: Bools, least: Floats) -> float:
    """How much votes (n,) speak for something being voted for more often than `least` (n,) of each kind.

    A bet on every vote that is fair where it is voted for just that often, so whoever looks after each vote
    and stops at a value of 1/error is wrong with at most `error` (Ville 1939; Shafer 2021). It is the mean of
    bets on several larger shares (Robbins 1970).
    """
    if not len(votes):
        return 1.0
    shares = least + np.array(ALTERNATIVES)[:, None] * (1 - least)  # (alternatives, n)
    won = np.where(votes, shares / least, (1 - shares) / (1 - least))
    return float(won.prod(axis=1).mean())
