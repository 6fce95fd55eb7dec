"""Whether probabilities are right on average: how many count by them, and how many do.

Calibration in the large. A calibration *error* of a few hundred pictures can't be given with an interval that
holds: binned and bootstrapped it missed the truth in up to 100 of 100 redrawn sets, debiased (Kumar, Liang &
Ma 2019) in up to 17 (`python -m benchmarks.calibration`). The reliability plot shows the rest.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from concepts.learning.base import Bools, Floats
from concepts.learning.bounded import mean_interval
from concepts.learning.report import Metric
from concepts.learning.splits import Rows

NAME = "probability_gap"
FEWEST = 30  # pictures, below which the interval says nothing worth reading


def probability_gap(probability: Floats, truth: Bools, group: Rows, seed: int) -> Metric:
    """Mean probability minus the share that counts, -1..1; above 0 the probabilities are too high.

    probability, truth, group (n,): of each near-duplicate group the mean is one number, since the interval is
    for independent ones. `value` is None for fewer than `FEWEST` pictures.
    """
    n = len(truth)
    if n < FEWEST:
        pictures = "picture" if FEWEST - n == 1 else "pictures"
        note = f"Too few to say: {FEWEST - n} more checked {pictures} needed (there are {n})."
        return Metric(name=NAME, value=None, n=n, note=note)
    _, member = np.unique(group, return_inverse=True)
    gap = np.bincount(member, weights=probability - truth) / np.bincount(member)
    low, high = mean_interval(gap, -1, 1, seed)
    value = float(gap.mean())
    return Metric(name=NAME, value=value, low=min(low, value), high=max(high, value), n=n)


def about_probabilities(metrics: Iterable[Metric]) -> list[str]:
    """The gap in words; nothing where it is not known."""
    gap = next((metric for metric in metrics if metric.name == NAME), None)
    if gap is None or gap.value is None or gap.low is None or gap.high is None:
        return []
    if gap.low <= 0 <= gap.high:
        return [
            "On average its probabilities are right, as far as these pictures can tell: at most "
            f"{-100 * gap.low:.0f} of 100 too low or {100 * gap.high:.0f} of 100 too high."
        ]
    least, most = sorted((abs(gap.low), abs(gap.high)))
    return [
        f"On average its probabilities are too {'high' if gap.value > 0 else 'low'}, by "
        f"{100 * abs(gap.value):.0f} of 100 ({100 * least:.0f} to {100 * most:.0f})."
    ]
