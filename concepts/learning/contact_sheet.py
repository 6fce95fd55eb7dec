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
from concepts.learning.acquisition import Pool
from concepts.learning.base import Bools, Rows, TrainingSet, Votes, distinct, one_blas_thread
from concepts.learning.nearness import MOST, kinds

SIZE = 60  # pictures of a wall
AGAIN = 15  # labels after which a wall is worth as much as eight questions again
# Shares of all that counts, and of what of it was on walls, that is alone of its kind, from which others seem
# to be missing: what single questions find is of the kinds that are known, so they meet few things once.
ALONE, ALONE_ON_WALLS, FEWEST_ALONE = 0.2, 0.3, 2
BY_WORDS = 0.1  # share of a wall that is what the words find: the words may be wrong
TYPICAL = 2  # walls that show what is typical; where odd ones come first, heads learn worse from them
ROUNDS = 12  # of k-means: representatives need no settled clusters
DIMENSIONS = 128  # clusters of random projections are nearly those of the vectors (Johnson & Lindenstrauss)


def is_due(labels: TrainingSet, on_a_wall: Bools, since: int, again: Votes) -> bool:
    """Whether a wall is worth more than single questions: until something counts, and then again after every
    `AGAIN` labels for as long as kinds that count seem to be missing. labels: what people said; on_a_wall:
    which of them were on one; `since`: how many were given after the last. again: 1 for each label that was
    given again when it was asked for again, -1 for each that was changed. Where most are, what stands alone
    is rather a slip."""
    if not labels.positives:
        return True
    if since < AGAIN or len(labels.positive) > MOST or int(again.sum()) < 0:
        return False
    kind, group, shown = kinds(labels), labels.group[labels.positive], on_a_wall[labels.positive]
    return _seem_missing(kind, group, ALONE) or _seem_missing(kind[shown], group[shown], ALONE_ON_WALLS)


def _seem_missing(kind: Rows, group: Rows, share: float) -> bool:
    """Whether so large a share of the pictures that count is the only one of its kind, near-copies as one: as
    much of what counts is estimated to be of kinds that were not met (Good, Biometrika 1953)."""
    pictures = np.unique(np.stack([kind, group]), axis=1)
    once = int((np.unique(pictures[0], return_counts=True)[1] == 1).sum())
    return bool(once >= max(FEWEST_ALONE, share * pictures.shape[1]))


def representatives(pool: Pool, shown: Rows, walls: int, seed: int) -> Rows:
    """The rows of the next wall, at most `SIZE`, one a near-duplicate group.

    pool: all pictures that may be shown, a tenth of the wall found by the words and by each search in turn;
    `shown` are rows that were on the `walls` walls before, and none that looks like them is shown again. The
    w-th wall is drawn from w · 60 clusters: of those without a shown picture the largest come first, on the
    first two walls with the picture nearest the centre, then with the farthest from it.
    """
    vectors, group = pool.vectors, pool.group
    free = ~np.isin(group, group[shown])
    in_turn = np.argsort(-pool.text_scores, axis=1, kind="stable").T.ravel()
    by_words = distinct(in_turn, group, free, int(BY_WORDS * SIZE))
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
