"""Limits of what counts in cells of pictures, some of each drawn at random: a test turned around.

A value in question is held against the answers thus: among the shares of the cells that would give it, take
the likeliest, and ask how often they would give a sum of answers that is as far off (Kabaila & Lloyd 2000,
profile upper confidence limits from discrete data). Where that is seldom, the value is out. Of one cell these
are the limits of Clopper & Pearson (1934); several share the error, where worst cases of each would add up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from concepts.learning.base import Bools, Floats

GRID = (
    128  # steps that a sum of answers is told apart by: any sum makes a valid test, a coarse one a weaker one
)
TINY = 1e-300  # under a logarithm
PRECISE = 1e-3  # of a limit, as part of the way from the value to the farthest


class CountedCells(NamedTuple):
    """Arrays (c,): right answers of those drawn, how many pictures there are, and the share of the whole that
    a cell speaks for, where several samples speak of the same pictures."""

    right: Floats
    drawn: Floats
    population: Floats
    share: Floats

    @property
    def value(self) -> Floats:
        """(c,) pictures that count; nothing is known of a cell nobody drew from, and it is put at what the
        others say."""
        pooled = self.right.sum() / max(self.drawn.sum(), 1)
        rate = np.where(self.drawn > 0, self._seen, pooled)
        return np.asarray(self.share * self.population * rate)

    @property
    def size(self) -> float:
        """Pictures of all cells."""
        return float((self.share * self.population).sum())

    @property
    def random(self) -> Bools:
        """(c,) which are a sample: what is known through and through is none."""
        return np.asarray((self.drawn > 0) & (self.drawn < self.population))

    @property
    def weight(self) -> Floats:
        """(c,) how many pictures a random cell's share moves the total by: fewer than it has, since those
        drawn are known."""
        spread = np.sqrt(self.population * np.maximum(self.population - self.drawn, 0))
        return np.asarray(np.where(self.random, self.share * spread, 0.0))

    @property
    def fixed(self) -> float:
        """Pictures that count whatever the shares of random cells are."""
        return float(((self.share * self.population - self.weight) * self._seen).sum())

    @property
    def unseen(self) -> float:
        """Pictures of cells that nobody drew from: none of them may count, or all."""
        return float((self.share * self.population)[self.drawn == 0].sum())

    @property
    def _seen(self) -> Floats:
        return np.asarray(self.right / np.maximum(self.drawn, 1))


def total_limits(cells: CountedCells, error: float) -> tuple[float, float]:
    """How many pictures of all cells count: (low, high), missed with `error` at most."""
    answers = _Answers.of(cells)
    fixed, most = cells.fixed, cells.share * (cells.population - cells.drawn + cells.right)
    low = _edge(lambda total: answers.chance(total, upper=False), answers.seen, 0.0, error)
    high = _edge(lambda total: answers.chance(total, upper=True), answers.seen, answers.weight.sum(), error)
    return (
        max(fixed + low, float((cells.share * cells.right).sum())),
        min(fixed + high + cells.unseen, float(most.sum())),
    )


def share_limits(inside: CountedCells, outside: CountedCells, error: float) -> tuple[float, float]:
    """Which share of what counts is in the cells inside: (low, high), missed with `error` at most.

    A share in question is the total (1 - share) · inside - share · outside of 0.
    """
    both = CountedCells(*map(np.concatenate, zip(inside, outside, strict=True)))
    is_inside = np.arange(len(both.right)) < len(inside.right)
    answers, found = _Answers.of(both), float(inside.value.sum())
    value = found / (found + float(outside.value.sum()))

    def chance(share: float, *, upper: bool) -> float:
        # What nobody drew from lies where it speaks for this share.
        known = inside.fixed + inside.unseen * upper, outside.fixed + outside.unseen * (not upper)
        factor = np.where(is_inside[both.random], 1 - share, -share)
        held_against = answers.times(factor)
        wanted = share * known[1] - (1 - share) * known[0]
        if (held_against.seen >= wanted) if upper else (held_against.seen <= wanted):
            return 1.0
        return held_against.chance(wanted, upper=upper)

    low = _edge(lambda share: chance(share, upper=False), value, 0.0, error)
    return low, _edge(lambda share: chance(share, upper=True), value, 1.0, error)


class _Answers(NamedTuple):
    """Of random cells, arrays (c,); weight may be negative."""

    right: Floats
    drawn: Floats
    weight: Floats

    @classmethod
    def of(cls, cells: CountedCells) -> _Answers:
        some = cells.random
        return cls(cells.right[some], cells.drawn[some], cells.weight[some])

    def times(self, factor: Floats) -> _Answers:
        return self._replace(weight=self.weight * factor)

    @property
    def seen(self) -> float:
        return float((self.weight * self.right / self.drawn).sum())

    def chance(self, total: float, *, upper: bool) -> float:
        """Of a sum of answers as small as what was seen, or as large, if `total` were true."""
        reach = float(np.abs(self.weight).sum())
        if not reach:
            return 0.0
        steps = np.round(self.weight / self.drawn / reach * GRID).astype(np.int64)
        lowest = int((np.minimum(steps, 0) * self.drawn).sum())
        size = 1 << int(np.abs(steps) @ self.drawn + 1).bit_length()
        likeliest = self._likeliest(total)[:, None]
        turns = -2j * np.pi / size * np.arange(size // 2 + 1)
        of_one = np.log(1 - likeliest + likeliest * np.exp(np.outer(steps, turns)) + TINY)
        chances = np.maximum(np.fft.irfft(np.exp(self.drawn @ of_one - lowest * turns), size), 0.0)
        at = int(steps @ self.right) - lowest
        return float(chances[: at + 1].sum() if upper else chances[at:].sum())

    def _likeliest(self, total: float) -> Floats:
        """(c,) the shares of greatest likelihood that add up to `total`, by the multiplier of Lagrange."""
        scale = float(self.drawn.sum() / np.abs(self.weight).sum())

        def missing(angle: float) -> float:
            return float(self.weight @ self._shares(scale * np.tan(angle))) - total

        steepest = np.pi / 2 - 1e-9
        if missing(-steepest) <= 0:  # all that there is
            return self._shares(-scale * np.tan(steepest))
        if missing(steepest) >= 0:
            return self._shares(scale * np.tan(steepest))
        return self._shares(scale * np.tan(_root(missing, -steepest, steepest, 1e-4)))

    def _shares(self, multiplier: float) -> Floats:
        """(c,) roots of right / p - (drawn - right) / (1 - p) = multiplier · weight."""
        pull = multiplier * self.weight
        sum_of = self.drawn + pull
        root = np.sqrt(np.maximum(sum_of**2 - 4 * pull * self.right, 0))
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = np.where(sum_of > 0, 2 * self.right / (sum_of + root), (sum_of - root) / (2 * pull))
        return np.asarray(np.minimum(shares, 1.0))


def _edge(chance: Callable[[float], float], value: float, farthest: float, error: float) -> float:
    """Where between a value and the farthest possible one the chance falls to half of the error."""

    def spare(way: float) -> float:
        return chance(value + way * (farthest - value)) - error / 2

    if value == farthest or spare(1.0) > 0:
        return farthest
    if spare(0.0) <= 0:  # nothing is left to chance
        return value
    return value + _root(spare, 0.0, 1.0, PRECISE) * (farthest - value)


def _root(of: Callable[[float], float], low: float, high: float, precise: float) -> float:
    # every command would wait for SciPy's optimisers otherwise, a fifth of its start
    from scipy.optimize import brentq

    return float(brentq(of, low, high, xtol=precise))
