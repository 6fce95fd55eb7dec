"""The picture whose neighbourhood holds the most that no answer is near to."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round
from concepts.learning.base import Bools, Floats
from concepts.registry import Method
from study.acquisitions.candidates import candidates, clusters, distances

CLUSTERS, PURITY, STEPS = 10, 0.95, 12


class ProbCover(Acquisition):
    """A neighbourhood is the largest ball that is of one cluster around at least 95 pictures in 100. With
    twice as many clusters as kinds it is so small that nothing stands for anything else."""

    method = Method(
        name="probcover",
        what="Asks about what stands for the most pictures that no answer is near to.",
        source="Yehuda et al., Active learning through a covering lens, NeurIPS 2022",
        cost="4,000 × 4,000 distances",
        defaults={"clusters": CLUSTERS, "purity": PURITY},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        free = candidates(round, rng)
        if not n or not len(free):
            return []
        X, known = round.pool.vectors[free], round.pool.vectors[round.labelled.asked]
        apart = distances(X, X)
        label = clusters(X, min(CLUSTERS, len(free)), rng)
        radius = _radius(apart, label[:, None] == label[None])
        covered: Bools = np.asarray((distances(X, known) < radius).any(axis=1))
        inside = apart < radius
        open_ = np.ones(len(free), bool)
        found: list[int] = []
        while len(found) < n and open_.any():
            best = int(np.argmax(np.where(open_, (inside & ~covered[None]).sum(axis=1), -1)))
            found.append(int(free[best]))
            covered |= inside[best]
            open_ &= round.pool.group[free] != round.pool.group[free[best]]
        return [Choice(row, "exploration") for row in found]


def _radius(apart: Floats, same: Bools) -> float:
    """By halving: the largest for which enough balls hold no picture of another cluster."""
    nearest_other = np.where(same, np.inf, apart).min(axis=1)
    low, high = 0.0, 2.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if (nearest_other >= middle).mean() >= PURITY else (low, middle)
    return max(low, 1e-6)
