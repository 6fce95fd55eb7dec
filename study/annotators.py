"""Simulated annotators: machines that rate every picture, wrong in the ways that machines are.

Wherever their ratings appear they are called simulated.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, Rows, Votes, one_blas_thread

WRONG = 0.15  # of all pictures, by `annotator85`
WRONG_ON_YES = 0.25  # of those that count; how often it errs on the others follows
IN_ONE_PLACE = 0.5  # of the errors about either class: they fill a sub-category
HESITATES = 0.3  # of either class, nearest the other: rated 2 or 4 instead of 1 or 5

THREE = (0.70, 0.75, 0.80)  # how often each is right
SURE = (0.3, 0.7)  # how often the three are sure where they are wrong, and where they are right

Ratings = NDArray[np.int8]  # 1 surely no … 3 can't say … 5 surely yes
Rate = Callable[[Votes, Vectors, np.random.Generator], Ratings]


def mostly_right(truth: Votes, vectors: Vectors, rng: np.random.Generator) -> Ratings:
    """Right about 85 of 100 pictures; it errs more often on those that count.

    truth (n,), vectors (n, d) → (n,). Half of the errors about either class are one sub-category (a k-means
    cluster of about that size), the others the pictures most like the other class.
    """
    yes, no = truth > 0, truth < 0
    share = yes.sum() / max(int((truth != 0).sum()), 1)
    on_no = (WRONG - WRONG_ON_YES * share) / max(1 - share, 1e-9)
    wrong, hesitant = np.zeros(len(truth), bool), np.zeros(len(truth), bool)
    for of, other, rate in ((yes, no, WRONG_ON_YES), (no, yes, on_no)):
        rows = np.flatnonzero(of)
        if not len(rows) or not other.any():
            continue
        by_nearness = rows[np.argsort(-_nearness(vectors[rows], vectors[other]), kind="stable")]
        hesitant[by_nearness[: round(HESITATES * len(rows))]] = True
        errors = round(max(rate, 0.0) * len(rows))
        together = _sub_category(vectors[rows], round(IN_ONE_PLACE * errors), rng)
        wrong[rows[together]] = True
        near = by_nearness[~wrong[by_nearness]]
        wrong[near[: errors - len(together)]] = True
    said = np.where(wrong, -truth, truth)
    return np.where(said == 0, 3, 3 + said * np.where(hesitant, 1, 2)).astype(np.int8)


def coin(truth: Votes, vectors: Vectors, rng: np.random.Generator) -> Ratings:
    """Right about half of the pictures, by luck."""
    return rng.choice(np.array([1, 2, 4, 5], np.int8), len(truth))


def always_yes(truth: Votes, vectors: Vectors, rng: np.random.Generator) -> Ratings:
    """Finds that everything counts, more or less surely."""
    return rng.choice(np.array([4, 5], np.int8), len(truth))


def three(truth: Votes, vectors: Vectors, rng: np.random.Generator) -> Ratings:
    """(3, n) of three that err each by itself and anywhere, and are less often sure where they do."""
    right = rng.random((len(THREE), len(truth))) < np.array(THREE)[:, None]
    sure = rng.random(right.shape) < np.where(right, SURE[1], SURE[0])
    return (3 + truth * np.where(right, 1, -1) * np.where(sure, 2, 1)).astype(np.int8)


def generous(truth: Votes, vectors: Vectors, rng: np.random.Generator) -> Ratings:
    """Says yes of all that counts, and of as many more that are most like it."""
    said, yes, no = truth.copy(), np.flatnonzero(truth > 0), np.flatnonzero(truth < 0)
    if len(yes) and len(no):
        nearest = np.argsort(-_nearness(vectors[no], vectors[yes]), kind="stable")
        said[no[nearest[: len(yes)]]] = 1
    return (3 + 2 * said).astype(np.int8)


SIMULATED_ANNOTATORS: dict[str, Rate] = {
    "annotator85": mostly_right,
    "annotator50": coin,
    "annotator_yes": always_yes,
    "three_annotators": three,
    "annotator_generous": generous,
}


def _nearness(vectors: Vectors, others: Vectors) -> Floats:
    """(n,) cosine with the nearest of the others."""
    with one_blas_thread():
        return np.asarray((vectors @ others.T).max(axis=1), np.float64)


def _sub_category(vectors: Vectors, size: int, rng: np.random.Generator) -> Rows:
    """At most `size` rows: of a cluster drawn from those of about that size, the ones nearest its centre."""
    # scikit-learn takes a second to load, and only a study needs it here
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if not size:
        return np.empty(0, np.int64)
    clusters = max(len(vectors) // size, 1)
    with threadpool_limits(1):
        model = KMeans(clusters, n_init=1, random_state=int(rng.integers(2**31))).fit(vectors)
    sizes = np.bincount(model.labels_, minlength=clusters)
    fitting = np.argsort(np.abs(sizes - size), kind="stable")[: max(clusters // 3, 1)]
    drawn: Bools = model.labels_ == rng.choice(fitting)
    distance = ((vectors - model.cluster_centers_[model.labels_]) ** 2).sum(axis=1)
    rows = np.flatnonzero(drawn)
    return rows[np.argsort(distance[rows], kind="stable")[:size]]
