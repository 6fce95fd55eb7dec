"""What the head is least sure of, without asking five times about the same thing."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.acquisition.base import Acquisition, Choice, Round
from concepts.learning.threads import one_blas_thread
from concepts.registry import Method

LEAST_CERTAIN = 60  # looked at together and clustered, so that a batch is not five near-copies


class DiverseMargin(Acquisition):
    """Of the 60 least certain pictures, clustered into n, the one nearest each centre."""

    method = Method(
        name="diverse_margin",
        what="Asks about the pictures it is least sure of, each of another kind.",
        source="Zhdanov, Diverse mini-batch active learning, 2019, without its weights",
        licence="",
        cost="k-means of 60 pictures",
        defaults={"least_certain": LEAST_CERTAIN},
    )

    def select(self, round: Round, n: int, rng: np.random.Generator) -> list[Choice]:
        candidates = round.distinct(round.least_certain(), max(LEAST_CERTAIN, n))
        return [Choice(row, "borderline") for row in _one_per_cluster(round.pool.vectors, candidates, n, rng)]


def _one_per_cluster(vectors: Vectors, rows: list[int], n: int, rng: np.random.Generator) -> list[int]:
    """The row nearest each of n k-means centres, in the order of `rows`."""
    # scikit-learn takes a second to load, and most commands don't ask
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(rows) <= n or n == 0:
        return rows[:n]
    X = vectors[rows]
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(n, n_init=1, random_state=int(rng.integers(2**31))).fit(X)
    distance = np.linalg.norm(X - model.cluster_centers_[model.labels_], axis=1)
    nearest = [
        int(np.flatnonzero(model.labels_ == label)[np.argmin(distance[model.labels_ == label])])
        for label in np.unique(model.labels_)
    ]
    return [rows[i] for i in sorted(nearest)]
