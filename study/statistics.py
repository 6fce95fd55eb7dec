"""What rows of a study say: means, how much work a level takes, and paired differences with intervals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from study.harness import Row

LEVELS = (0.90, 0.95, 0.99)  # of what all labels of the pool reach
DRAWS = 10_000
SEED = 0


@dataclass(frozen=True)
class Difference:
    """By how much one method's mean is above another's, with a 95 % interval; over `concepts` concepts."""

    mean: float
    low: float
    high: float
    concepts: int

    def __str__(self) -> str:
        return f"{self.mean:+.3f} ({self.low:+.3f} to {self.high:+.3f})"


def by_concept(rows: Iterable[Row], measure: str = "average_precision") -> dict[str, dict[int, float]]:
    """Concept → budget → mean over the seeds; what wasn't measured is left out."""
    found: dict[str, dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        found[row.concept][row.budget].append(getattr(row, measure))
    return {
        concept: {
            budget: float(np.nanmean(values))
            for budget, values in budgets.items()
            if not np.isnan(values).all()
        }
        for concept, budgets in found.items()
    }


def spread(rows: Iterable[Row], measure: str = "average_precision") -> dict[int, float]:
    """Budget → standard deviation over concepts and seeds."""
    found: dict[int, list[float]] = defaultdict(list)
    for row in rows:
        found[row.budget].append(getattr(row, measure))
    return {budget: float(np.nanstd(values)) for budget, values in found.items()}


def paired(
    ours: Mapping[str, Mapping[int, float]], theirs: Mapping[str, Mapping[int, float]], budget: int
) -> Difference | None:
    """Ours minus theirs at a budget: a bootstrap over concepts, which are what another study would have
    others of. None with fewer than two concepts."""
    shared = [c for c in ours if budget in ours[c] and budget in theirs.get(c, {})]
    if len(shared) < 2:
        return None
    gaps = np.array([ours[concept][budget] - theirs[concept][budget] for concept in shared])
    rng = np.random.default_rng(SEED)
    means = gaps[rng.integers(len(gaps), size=(DRAWS, len(gaps)))].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return Difference(float(gaps.mean()), float(low), float(high), len(shared))


def work_to_reach(rows: Sequence[Row], full: Mapping[str, float], level: float) -> dict[str, Row | None]:
    """Concept → the first row, of the mean over seeds, at which a share `level` of what all labels reach is
    reached; None where no budget does."""
    means = by_concept(rows)
    first: dict[str, Row | None] = {}
    for concept, budgets in means.items():
        reached = [b for b in sorted(budgets) if concept in full and budgets[b] >= level * full[concept]]
        of_it = [row for row in rows if row.concept == concept and reached and row.budget == reached[0]]
        first[concept] = of_it[0] if of_it else None
    return first


def seconds_to_reach(quality: Mapping[int, float], seconds: Mapping[int, float], aim: float) -> str:
    """A person's seconds until a quality is reached, both by budget: on a straight line between two budgets,
    "at most" those of the first or "not within" those of the last."""
    budgets = [b for b in sorted(quality) if not np.isnan(quality[b])]
    enough = next((place for place, b in enumerate(budgets) if quality[b] >= aim), None)
    if enough is None:
        return f"not within {seconds[budgets[-1]]:.0f}" if budgets else "–"
    if not enough:
        return f"at most {seconds[budgets[0]]:.0f}"
    before, after = budgets[enough - 1], budgets[enough]
    share = (aim - quality[before]) / (quality[after] - quality[before])
    return f"{seconds[before] + share * (seconds[after] - seconds[before]):.0f}"
