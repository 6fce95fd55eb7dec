"""Pictures that might be, drawn around the average of what counts as all pictures vary."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet
from concepts.learning.heads import LDAHead, means_of
from concepts.registry import Method
from study.augmenting import WEIGHT, Augmenter

ROWS = 60


class ShrunkenHead(Augmenter):
    """Sixty rows from one Gaussian around the mean of what counts. Its covariance is that of `lda`: what both
    sides vary by around their means, shrunk by Ledoit & Wolf, since few pictures say little of it."""

    method = Method(
        name="shrunken",
        what="Learns from pictures that might be, which vary as the labelled ones do.",
        source="the idea of GAN shrinkage, without its network; Ledoit & Wolf, 2004",
        cost="that of lda; needs a yes and a no",
        defaults={"rows": ROWS, "weight": WEIGHT},
    )

    def more(self, data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
        mean_yes, mean_no = means_of(data)
        residuals = data.vectors - np.where(data.positive[:, None], mean_yes, mean_no)
        residuals *= np.sqrt(data.weight / data.weight.mean())[:, None]
        n, d = residuals.shape
        shrinkage = LDAHead().fit(data, None, 0).details["shrinkage"]
        along = rng.normal(size=(ROWS, n)) @ residuals / np.sqrt(n)
        anywhere = float(residuals.std()) * rng.normal(size=(ROWS, d))
        drawn = unit(mean_yes + np.sqrt(1 - shrinkage) * along + np.sqrt(shrinkage) * anywhere)
        yes = data.group[data.positive]
        weight = WEIGHT / ROWS * len(yes)
        return TrainingSet(drawn, np.ones(ROWS, bool), np.full(ROWS, weight), np.resize(yes, ROWS))
