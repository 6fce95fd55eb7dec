"""Mixes of two labelled pictures as more rows."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet
from concepts.registry import Method
from study.augmenting import WEIGHT, Augmenter

TIMES, SPREAD = 4, 0.05  # mixes a label, and the length of the noise in them


class MixedHead(Augmenter):
    """λ of one and 1 - λ of another, λ uniform, with a little noise: a row for each side, which weighs the
    share that side has in it."""

    method = Method(
        name="mixed",
        what="Learns from mixes of two labelled pictures, too.",
        source="Liu et al., AdaptiveMix, CVPR 2023, on frozen vectors; Zhang et al., mixup, ICLR 2018",
        cost="nothing",
        defaults={"times": TIMES, "noise": SPREAD, "weight": WEIGHT},
    )

    def more(self, data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
        n, d = data.vectors.shape
        one, other = rng.integers(n, size=(2, TIMES * n))
        share = rng.random(TIMES * n)
        noise = SPREAD * rng.normal(size=(TIMES * n, d)) / np.sqrt(d)
        mixes = unit(share[:, None] * data.vectors[one] + (1 - share[:, None]) * data.vectors[other] + noise)
        yes = share * data.positive[one] + (1 - share) * data.positive[other]
        rows = np.concatenate([np.flatnonzero(yes > 0), np.flatnonzero(yes < 1)])
        positive = np.arange(len(rows)) < int((yes > 0).sum())
        weight = WEIGHT / TIMES * np.where(positive, yes[rows], 1 - yes[rows])
        return TrainingSet(mixes[rows], positive, weight, data.group[one[rows]])
