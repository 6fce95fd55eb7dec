"""Means of few bounded numbers, with intervals that hold whatever they are drawn from."""

from __future__ import annotations

import numpy as np

from concepts.learning.base import Floats

MISS = 0.05  # how often the interval may miss
GRID = 1000  # means in question between the bounds
LARGEST_BET = 0.75  # of the most that one number may cost; the authors advise 1/2 or 3/4


def mean_interval(values: Floats, low: float, high: float, seed: int) -> tuple[float, float]:
    """95 % interval of the mean that independent values (n,) in low..high are drawn around.

    Betting (Waudby-Smith & Ramdas 2024, theorem 3 with predictable plug-in bets): each mean in question is
    bet against from both sides, and a false one makes a fortune. It holds for every n and distribution,
    where normal and bootstrap intervals of numbers that are mostly equal and seldom far off are too narrow.
    The order in which the values are bet on is random, by `seed`.
    """
    x = np.random.default_rng(seed).permutation((np.asarray(values, dtype=np.float64) - low) / (high - low))
    n = len(x)
    # A bet knows only the numbers before its own, and one made up: in the middle, as far spread as can be.
    count = np.arange(2, n + 2)
    mean = (0.5 + np.cumsum(x)) / count
    variance = (0.25 + np.cumsum((x - mean) ** 2)) / count
    bets = np.sqrt(2 * np.log(2 / MISS) / (max(n, 1) * np.append(0.25, variance)[:n]))
    means = np.linspace(0, 1, GRID + 1)
    above, below = np.zeros((2, GRID + 1))  # log of the fortunes of who bets that the mean is higher, lower
    with np.errstate(divide="ignore"):
        most_above, most_below = LARGEST_BET / means, LARGEST_BET / (1 - means)
    for value, bet in zip(x, bets, strict=True):
        above += np.log1p(np.minimum(bet, most_above) * (value - means))
        below += np.log1p(-np.minimum(bet, most_below) * (value - means))
    held = means[np.logaddexp(above, below) < np.log(2 / MISS)]
    if not len(held):  # between two means of the grid
        held = np.array([x.mean()])
    edges = np.clip([held[0] - 1 / GRID, held[-1] + 1 / GRID], 0, 1)
    return low + (high - low) * float(edges[0]), low + (high - low) * float(edges[1])
