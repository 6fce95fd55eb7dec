"""A wall of small pictures to look through at once: of every kind that the library has.

Sixty thumbnails are looked through in the time of eight single answers. Laid out as representatives of more
and more clusters, none shown twice, a few walls show a member of nearly every kind of picture, also of kinds
that are one in a hundred and that no words find. What is rarer makes no cluster of its own and lies at the
edge of another: so where two walls of typical pictures showed nothing, the next ones show the oddest of each
cluster.
"""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, Rows, distinct, one_blas_thread

SIZE = 60  # pictures of a wall
BY_WORDS = 0.1  # share of a wall that is what the words find: the words may be wrong
TYPICAL = 2  # walls that show what is typical; where odd ones come first, heads learn worse from them
ROUNDS = 12  # of k-means: representatives need no settled clusters
DIMENSIONS = 128  # clusters of random projections are nearly those of the vectors (Johnson & Lindenstrauss)


def representatives(
    vectors: Vectors, group: Rows, text_score: Floats, shown: Rows, walls: int, seed: int
) -> Rows:
    """The rows of the next wall, at most `SIZE`, one a near-duplicate group.

    vectors (n, d), group (n,) and text_score (n,) of all pictures that may be shown; `shown` are rows that
    were on the `walls` walls before, and none that looks like them is shown again. The w-th wall is drawn
    from w · 60 clusters: of those without a shown picture the largest come first, on the first two walls with
    the picture nearest the centre, then with the farthest from it.
    """
    free = ~np.isin(group, group[shown])
    by_words = distinct(np.argsort(-text_score, kind="stable"), group, free, int(BY_WORDS * SIZE))
    free &= ~np.isin(group, group[by_words])
    rng = np.random.default_rng([seed, walls])
    rows = np.flatnonzero(free | np.isin(np.arange(len(group)), shown))
    representing = _representing(
        vectors[rows], np.isin(rows, shown), SIZE * (walls + 1), walls >= TYPICAL, rng
    )
    found = distinct(rows[representing], group, free, SIZE - len(by_words))
    free &= ~np.isin(group, group[found])
    rest = distinct(rng.permutation(len(group)), group, free, SIZE - len(by_words) - len(found))
    return np.concatenate([by_words, found, rest])


def _representing(vectors: Vectors, seen: Bools, clusters: int, odd: bool, rng: np.random.Generator) -> Rows:
    """A row of each cluster in which nothing was seen, the oddest or the most typical, of the largest cluster
    first."""
    # scikit-learn takes a second to load, and only a wall needs it here
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(vectors) <= clusters:
        return np.flatnonzero(~seen)
    d = vectors.shape[1]
    X = np.asarray(vectors, dtype=np.float32)
    if d > DIMENSIONS:
        X = X @ rng.normal(scale=DIMENSIONS**-0.5, size=(d, DIMENSIONS)).astype(np.float32)
    with one_blas_thread(), threadpool_limits(1, user_api="openmp"):
        model = KMeans(clusters, n_init=1, max_iter=ROUNDS, random_state=int(rng.integers(2**31))).fit(X)
    label = model.labels_
    sizes = np.bincount(label, minlength=clusters)
    closed = np.bincount(label[seen], minlength=clusters) > 0
    distance = ((X - model.cluster_centers_[label]) ** 2).sum(axis=1)
    order = np.lexsort((distance, label))
    ends = np.cumsum(sizes)
    largest = np.argsort(-sizes, kind="stable")
    open_ = largest[(sizes[largest] > 0) & ~closed[largest]]
    return np.asarray(order[(ends - 1 if odd else ends - sizes)[open_]], dtype=np.int64)
