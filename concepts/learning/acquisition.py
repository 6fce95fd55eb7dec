"""Which pictures to ask the person about next."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Acquisition, Choice, Floats, Pool
from concepts.learning.splits import Rows

LEAST_CERTAIN = 60  # looked at together and clustered, so that a batch is not five near-copies
COLD_CANDIDATES = 2000  # likeliest by the words, and as many at random: what the cold start looks at
DISTANCE = 0.25  # what being far from everything asked weighs beside being close to the words
BELIEF_HALVES = 12  # noes without a yes after which the words are followed half as often
LIKELY = 0.9  # rank by the words from which "likely" is the honest reason
EXPLORATION = 0.05  # share of later questions that ignore the head: it can't see what it is blind to


class Random:
    """Any picture: the baseline, and what an unbiased sample needs."""

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        rows = rng.permutation(_free(pool))
        return [Choice(row, "random") for row in _distinct(rows, pool, n)]


class Margin:
    """The least certain pictures (Lewis & Gale 1994)."""

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        return [Choice(row, "borderline") for row in _distinct(_least_certain(pool), pool, n)]


class DiverseMargin:
    """Of the 60 least certain pictures, clustered into n, the one nearest each centre."""

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        candidates = _distinct(_least_certain(pool), pool, max(LEAST_CERTAIN, n))
        return [Choice(row, "borderline") for row in _one_per_cluster(pool.vectors, candidates, n, rng)]


class Auto:
    """From the words alone until there is a yes, then diverse margin with a little exploration.

    Cold start: one picture after the other, close to the words and far from everything asked so far, each
    measured by rank. With every no the words are believed less, and pictures drawn by their squared
    distance to all asked ones take over (k-means++ seeding, Arthur & Vassilvitskii 2007): where the encoder
    misunderstands the words, what counts may be anywhere.
    """

    def select(self, pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
        if pool.probability is None or not pool.positive.any():
            return _cold_start(pool, n, rng)
        exploring = int(rng.binomial(n, EXPLORATION))
        choices = DiverseMargin().select(pool, n - exploring, rng)
        taken = np.isin(pool.group, pool.group[[choice.row for choice in choices]])
        rows = rng.permutation(np.flatnonzero(_is_free(pool) & ~taken))
        return choices + [Choice(row, "exploration") for row in _distinct(rows, pool, n - len(choices))]


ACQUISITIONS: dict[str, Acquisition] = {
    "auto": Auto(),
    "random": Random(),
    "margin": Margin(),
    "diverse_margin": DiverseMargin(),
}


def _is_free(pool: Pool) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """(n,) True where neither the picture nor a near-duplicate was asked before."""
    return ~np.isin(pool.group, pool.group[pool.asked])


def _free(pool: Pool) -> Rows:
    return np.flatnonzero(_is_free(pool))


def _distinct(rows: Iterable[int], pool: Pool, n: int) -> list[int]:
    """The first n rows of `rows`, leaving out near-duplicates of earlier ones."""
    seen: dict[int, int] = {}
    for row in rows:
        if len(seen) >= n:
            break
        seen.setdefault(int(pool.group[row]), int(row))
    return list(seen.values())


def _least_certain(pool: Pool) -> Rows:
    """Free rows by rising |p - 1/2|; by falling text score before there is a head."""
    free = _free(pool)
    if pool.probability is None:
        return free[np.argsort(-pool.text_score[free], kind="stable")]
    return free[np.argsort(np.abs(pool.probability[free] - 0.5), kind="stable")]


def _one_per_cluster(vectors: Vectors, rows: list[int], n: int, rng: np.random.Generator) -> list[int]:
    """The row nearest each of n k-means centres, in the order of `rows`."""
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    if len(rows) <= n or n == 0:
        return rows[:n]
    X = vectors[rows]
    with threadpool_limits(1):
        model = KMeans(n, n_init=1, random_state=int(rng.integers(2**31))).fit(X)
    distance = np.linalg.norm(X - model.cluster_centers_[model.labels_], axis=1)
    nearest = [
        int(np.flatnonzero(model.labels_ == label)[np.argmin(distance[model.labels_ == label])])
        for label in np.unique(model.labels_)
    ]
    return [rows[i] for i in sorted(nearest)]


def _cold_start(pool: Pool, n: int, rng: np.random.Generator) -> list[Choice]:
    free = _free(pool)
    likeliest = free[np.argsort(-pool.text_score[free], kind="stable")[:COLD_CANDIDATES]]
    others = np.setdiff1d(free, likeliest)
    others = rng.choice(others, min(COLD_CANDIDATES, len(others)), replace=False)
    rows = np.concatenate([likeliest, others])
    X = pool.vectors[rows].astype(np.float32)
    text = _rank(pool.text_score)[rows]
    known = pool.vectors[pool.asked]
    similarity = (X @ known.T).max(axis=1) if len(known) else np.full(len(rows), -1.0)
    available = np.ones(len(rows), dtype=bool)
    choices: list[Choice] = []
    misses = int(pool.asked.sum())
    while len(choices) < n and available.any():
        if rng.random() < 0.5 ** ((misses + len(choices)) / BELIEF_HALVES):
            best = int(np.argmax(np.where(available, text + DISTANCE * _rank(-similarity), -np.inf)))
        else:
            squared = np.where(available, np.maximum(1 - similarity, 1e-6), 0.0)  # of unit vectors, halved
            best = int(rng.choice(len(rows), p=squared / squared.sum()))
        choices.append(Choice(int(rows[best]), "likely" if text[best] >= LIKELY else "exploration"))
        similarity = np.maximum(similarity, X @ X[best])
        available &= pool.group[rows] != pool.group[rows[best]]
    return choices


def _rank(values: Floats) -> Floats:
    """Ranks of the values from 0 to 1; equal values share one."""
    distinct, place = np.unique(values, return_inverse=True)
    below = np.searchsorted(np.sort(values), distinct)
    return np.asarray(below[place] / max(len(values) - 1, 1))
