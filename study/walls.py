"""Walls of small pictures to look through at once: the product's, and one at random."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from concepts.learning.acquisition import Pool
from concepts.learning.base import Rows, distinct
from concepts.learning.contact_sheet import SIZE, representatives
from study.acquisitions.candidates import clusters

KINDS = SIZE // 2  # clusters of a wall of chips, each shown by two pictures

Wall = Callable[[Pool, Rows, int, int], Rows]


def any_pictures(pool: Pool, shown: Rows, walls: int, seed: int) -> Rows:
    """A wall at random: what `representatives` has to be better than."""
    rng = np.random.default_rng([seed, walls])
    free = ~np.isin(pool.group, pool.group[shown])
    return distinct(rng.permutation(len(pool.group)), pool.group, free, SIZE)


def chips(pool: Pool, shown: Rows, walls: int, seed: int) -> Rows:
    """After DUQGen (Chandradevan et al., NAACL 2024): of each of 30 clusters, 60 on the second wall and so
    on, in which nothing was shown, the picture nearest its centre and the one farthest from it, the largest
    cluster first: would this count? Then any."""
    rng = np.random.default_rng([seed, walls])
    free = ~np.isin(pool.group, pool.group[shown])
    rows = np.concatenate([np.flatnonzero(free), shown])
    X = pool.vectors[rows]
    label = clusters(X, min(KINDS * (walls + 1), len(rows)), rng)
    seen = np.unique(label[int(free.sum()) :])
    found: list[int] = []
    for cluster in np.argsort(-np.bincount(label), kind="stable"):
        members = np.flatnonzero(label == cluster)
        if len(members) and cluster not in seen:
            apart = ((X[members] - X[members].mean(axis=0)) ** 2).sum(axis=1)
            found += [int(rows[members[apart.argmin()]]), int(rows[members[apart.argmax()]])]
    return distinct(np.array([*found, *rng.permutation(len(free))], np.int64), pool.group, free, SIZE)


WALL = "wall"  # the app's own
WALLS: dict[str, Wall] = {WALL: representatives, "random_wall": any_pictures, "chips": chips}
