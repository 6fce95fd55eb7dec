"""What the head is unsure of and no answer stands for: uncertainty and coverage in one rule."""

from __future__ import annotations

import numpy as np

from concepts.learning.acquisition import Acquisition, Choice, Round
from concepts.registry import Method
from study.acquisitions.candidates import candidates, distances

WIDTH = 1.0  # of the kernel, as long as fewer than two pictures are labelled


class Herding(Acquisition):
    """Greedily the picture that adds most to Σ uᵢ max k(i, ·): u is 1 - |2p - 1|, and 1 before there is a
    head, where this is MaxHerding; k = exp(-(distance / h)²), h the least distance between labelled pictures
    that are no near-copies."""

    method = Method(
        name="herding",
        what="Asks about what stands for the most that it is unsure of.",
        source="Bae, Noh & Sutherland, MaxHerding, ECCV 2024; Bae et al., Uncertainty herding, ICLR 2025",
        cost="4,000 × 4,000 distances",
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        free = candidates(round, rng)
        if not n or not len(free):
            return []
        X, asked = round.pool.vectors[free], np.flatnonzero(round.labelled.asked)
        asked = asked[np.unique(round.pool.group[asked], return_index=True)[1]]
        known = round.pool.vectors[asked]
        unsure = np.ones(len(free))
        if round.probability is not None:
            unsure = 1 - np.abs(2 * round.probability[free] - 1)
        among = distances(known, known)[np.triu_indices(len(known), 1)]
        width = max(float(among.min()), 1e-3) if len(among) else WIDTH
        alike = np.exp(-((distances(X, X) / width) ** 2))
        stands = np.exp(-((distances(X, known) / width) ** 2)).max(axis=1, initial=0.0)
        open_ = np.ones(len(free), bool)
        found: list[int] = []
        while len(found) < n and open_.any():
            gain = unsure @ np.maximum(alike - stands[:, None], 0)
            best = int(np.argmax(np.where(open_, gain, -1)))
            found.append(int(free[best]))
            stands = np.maximum(stands, alike[:, best])
            open_ &= round.pool.group[free] != round.pool.group[free[best]]
        reason = "exploration" if round.probability is None else "borderline"
        return [Choice(row, reason) for row in found]
