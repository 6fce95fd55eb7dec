"""What ways to ask share that compare every picture with every other."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.acquisition import COLD_CANDIDATES, Round
from concepts.learning.base import Floats, Rows, one_blas_thread


def candidates(round: Round, rng: np.random.Generator) -> Rows:
    """Free rows: the likeliest by the words and as many at random; all where there are no more."""
    free = round.free()
    order = free[np.argsort(-round.pool.text_score[free], kind="stable")]
    others = order[COLD_CANDIDATES:]
    drawn = rng.choice(others, min(COLD_CANDIDATES, len(others)), replace=False)
    return np.concatenate([order[:COLD_CANDIDATES], drawn]).astype(np.int64)


def distances(a: Vectors, b: Vectors) -> Floats:
    """(n, m) between unit vectors (n, d) and (m, d)."""
    with one_blas_thread():
        return np.sqrt(np.maximum(2 - 2 * np.asarray(a, np.float64) @ np.asarray(b, np.float64).T, 0))


def clusters(X: Vectors, k: int, rng: np.random.Generator) -> Rows:
    """(n,) which of k by k-means each of the pictures (n, d) belongs to."""
    # scikit-learn takes a second to load
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(k, n_init=1, random_state=int(rng.integers(2**31))).fit(X)
    return np.asarray(model.labels_, np.int64)
