"""Pictures that might be, drawn around the centres of what counts."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import unit
from concepts.learning.base import TrainingSet, one_blas_thread
from concepts.registry import Method
from study.augmenting import WEIGHT, Augmenter

CENTRES, EACH = 3, 20


class SoulsHead(Augmenter):
    """Three centres of what counts, and twenty rows around each, spread as what counts is around its centres,
    each dimension by itself and half as all dimensions on average: few pictures say little of any one."""

    method = Method(
        name="souls",
        what="Learns from pictures that might be, around the kinds of what counts.",
        source="Li et al., LisGAN, CVPR 2019, without its network",
        cost="k-means of fewer than ten pictures",
        defaults={"centres": CENTRES, "each": EACH, "weight": WEIGHT},
    )

    def more(self, data: TrainingSet, rng: np.random.Generator) -> TrainingSet:
        # scikit-learn takes a second to load
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits

        X, group = np.asarray(data.vectors[data.positive], np.float64), data.group[data.positive]
        k = min(CENTRES, len(np.unique(X, axis=0)))
        with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
            model = KMeans(k, n_init=3, random_state=int(rng.integers(2**31))).fit(X)
        centres = model.cluster_centers_
        variance = ((X - centres[model.labels_]) ** 2).mean(axis=0)
        variance = (variance + variance.mean()) / 2
        soul = np.repeat(np.arange(k), EACH)
        drawn = unit(centres[soul] + np.sqrt(variance) * rng.normal(size=(len(soul), X.shape[1])))
        first = np.array([np.flatnonzero(model.labels_ == one)[0] for one in range(k)])
        n = len(soul)
        return TrainingSet(
            drawn, np.ones(n, bool), np.full(n, WEIGHT / EACH * len(X) / k), group[first[soul]]
        )
