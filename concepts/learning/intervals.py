"""Intervals for counts, valid for any number of pictures however few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from concepts.learning.base import Bools, Floats

Limits = tuple[Floats, Floats]  # low and high

FINITE = 50  # times as many pictures as were drawn: beyond that, drawing without replacement changes nothing
PRIOR = 0.5  # Jeffreys' prior of the share that is bet on: narrow for shares near 0 and 1, too
EDGE = 1e-12
ALTERNATIVES = (0.25, 0.5, 0.75, 0.9)  # parts of the way from what has to be exceeded to all votes


def counted(right: ArrayLike, drawn: ArrayLike, population: ArrayLike, error: float) -> Limits:
    """How many of `population` pictures count, when `right` of `drawn` random ones do; two-sided.

    Numbers or arrays (k,) in, arrays out. drawn ≤ population; where that is infinite, shares come back.
    Exact, by turning around the tails of the hypergeometric distribution (Buonaccorsi 1987), for a large
    population those of the binomial one (Clopper & Pearson 1934). With none drawn anything is possible.
    """
    from scipy.stats import hypergeom

    k, n, whole = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(x, np.float64)) for x in (right, drawn, population))
    )
    scale = np.where(np.isinf(whole), 1.0, whole)
    share_low, share_high = clopper_pearson(k, n, error)
    low, high = share_low * scale, share_high * scale
    small = (whole <= FINITE * n) & (n > 0)
    k, n, whole = k[small], n[small], whole[small]

    def limit(low: Floats, high: Floats, *, upper: bool) -> Floats:
        """By halving: the smallest count that doesn't make so many right too unlikely, or the largest."""
        while (low < high).any():
            middle = np.floor((low + high + upper) / 2)
            tail = hypergeom.cdf(k, whole, middle, n) if upper else hypergeom.sf(k - 1, whole, middle, n)
            fits = tail > error / 2
            if upper:
                low, high = np.where(fits, middle, low), np.where(fits, high, middle - 1)
            else:
                low, high = np.where(fits, low, middle + 1), np.where(fits, middle, high)
        return low

    low[small], high[small] = (limit(k, whole - (n - k), upper=upper) for upper in (False, True))
    return low, high


def clopper_pearson(right: ArrayLike, drawn: ArrayLike, error: float) -> Limits:
    """The two-sided interval of a share, of which the truth is missed with at most `error`: (low, high)."""
    from scipy.stats import beta

    k, n = np.broadcast_arrays(np.asarray(right, np.float64), np.asarray(drawn, np.float64))
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, beta.ppf(error / 2, k, n - k + 1), 0.0)
        high = np.where(k < n, beta.ppf(1 - error / 2, k + 1, n - k), 1.0)
    return np.asarray(low, np.float64), np.asarray(high, np.float64)


def total(value: Floats, low: Floats, high: Floats) -> tuple[float, float]:
    """The interval of a sum of independent counts (k,) from their values and intervals, at the same error.

    Square-and-add (MOVER; Zou & Donner 2008): as wide as the parts together, not as their worst cases.
    """
    down = float(np.sqrt(((value - low) ** 2).sum()))
    up = float(np.sqrt(((high - value) ** 2).sum()))
    return float(value.sum()) - down, float(value.sum()) + up


def wilson(share: float, n: float, error: float = 0.05) -> tuple[float, float]:
    """The interval of a share of n independent pictures, never without width (Wilson 1927)."""
    z2 = _z(error) ** 2
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n))) / (1 + z2 / n)
    return float(max(centre - half, 0)), float(min(centre + half, 1))


def newcombe(area: float, yes: float, no: float, error: float) -> tuple[float, float]:
    """The interval of an area under the ROC curve, never without width (Newcombe 2006, method 5)."""
    from scipy.optimize import brentq

    pairs = (yes + no) / 2 - 1

    def half(at: float) -> float:
        spread = at * (1 - at) * (1 + pairs * (1 - at) / (2 - at) + pairs * at / (1 + at))
        return float(_z(error) * np.sqrt(max(spread, 0.0) / (yes * no)))

    edge = 1e-9
    low = brentq(lambda at: area - at - half(at), 0.0, area - edge) if area > edge else 0.0
    high = brentq(lambda at: at - area - half(at), area + edge, 1.0) if area < 1 - edge else 1.0
    return float(low), float(high)


def effective(weights: Floats) -> float:
    """How many pictures of equal weight say as much as these do (Kish 1965)."""
    return float(weights.sum() ** 2 / max((weights**2).sum(), 1e-300))


def _z(error: float) -> float:
    from scipy.stats import norm

    return float(norm.ppf(1 - error / 2))


def share_at_any_time(right: int, drawn: int, error: float) -> tuple[float, float]:
    """The limits of a share, when `right` of `drawn` random answers, one after the other, say yes. They hold
    however often one looks while the answers come in.

    Robbins' method of mixtures (1970): against each share p runs a bet whose capital is the mixture of
    likelihood ratios, fair where p is the truth. By Ville's inequality (1939) it ever exceeds 1 / error
    with probability `error` at most. What is not exceeded is the interval: whoever looks after each answer,
    and stops when they like, misses the truth with at most `error`, all looks together.
    """
    from scipy.optimize import brentq
    from scipy.special import betaln, xlog1py, xlogy

    if not drawn:
        return 0.0, 1.0
    mixture = betaln(right + PRIOR, drawn - right + PRIOR) - betaln(PRIOR, PRIOR)

    def beyond(p: float) -> float:
        """By how much the log of the capital against p exceeds what is allowed; least at right / drawn."""
        return float(mixture - xlogy(right, p) - xlog1py(drawn - right, -p) + np.log(error))

    best = right / drawn
    low = brentq(beyond, EDGE, best) if right and beyond(EDGE) > 0 else 0.0
    high = brentq(beyond, best, 1 - EDGE) if right < drawn and beyond(1 - EDGE) > 0 else 1.0
    return float(low), float(high)


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
