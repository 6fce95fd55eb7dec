"""Every picture in one of a few hundred clusters of like ones: k-means on the sphere.

Which ones look alike is asked for by walls, by batches that shall not be five near-copies, and to compare a
picture with those it may be like instead of with all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.vectors.exact import ExactCopy
from storage.vectors.ids import Rows
from storage.vectors.nearest import WINDOW, Floats, Heard, side_by_side
from storage.vectors.products import as_floats

SAMPLE = 64  # pictures a centre is found with
ROUNDS = 8  # centres need not be settled: every picture is compared with several clusters


@dataclass(frozen=True, eq=False)
class Clusters:
    """centres (c, d), unit length; of (n,) which one each picture is in, by place."""

    centres: Floats
    of: NDArray[np.int32]

    def members(self) -> list[Rows]:
        """The places in each cluster, ascending."""
        ends = np.cumsum(np.bincount(self.of, minlength=len(self.centres)))
        return np.split(np.argsort(self.of, kind="stable"), ends[:-1])

    def nearest(self, count: int) -> Rows:
        """(c, count) of each cluster the ones with the nearest centres, itself first."""
        cosine = self.centres @ self.centres.T
        np.fill_diagonal(cosine, np.inf)
        return np.argsort(-cosine, axis=1, kind="stable")[:, :count]

    def likely(self, query: Floats, probed: int) -> NDArray[np.bool_]:
        """(n,) whether a picture is in one of the `probed` clusters whose centres have the highest products
        with a query (d,)."""
        chosen = np.zeros(len(self.centres), dtype=bool)
        chosen[np.argsort(-(self.centres @ query), kind="stable")[:probed]] = True
        found: NDArray[np.bool_] = chosen[self.of]
        return found


def clustered(copy: ExactCopy, count: int, seed: int, heard: Heard) -> Clusters:
    """In `count` clusters, the same for the same seed. Takes n · count · d products, and as many again for
    the centres, which are found with `SAMPLE` pictures each."""
    rng = np.random.default_rng(seed)
    n = len(copy.ids)
    if not count:
        return Clusters(np.empty((0, copy.dimension), np.float32), np.empty(0, np.int32))
    sample = as_floats(copy.halves(np.sort(rng.choice(n, min(SAMPLE * count, n), replace=False))))
    centres = sample[rng.choice(len(sample), count, replace=False)]
    for _ in range(ROUNDS):
        of = np.concatenate(
            [(sample[s : s + WINDOW] @ centres.T).argmax(axis=1) for s in range(0, len(sample), WINDOW)]
        )
        heard(0, n)
        order, sizes = np.argsort(of, kind="stable"), np.bincount(of, minlength=count)
        some = np.flatnonzero(sizes)
        centres[some] = np.add.reduceat(sample[order], (np.cumsum(sizes) - sizes)[some], axis=0)
        centres[sizes == 0] = sample[rng.choice(len(sample), int((sizes == 0).sum()), replace=False)]
        centres /= np.maximum(np.linalg.norm(centres, axis=1, keepdims=True), 1e-12)
    return Clusters(centres, assigned(copy, np.arange(n), centres, heard))


def assigned(copy: ExactCopy, places: Rows, centres: Floats, heard: Heard) -> NDArray[np.int32]:
    """(m,) the nearest centre of each picture at these places."""

    def nearest(some: Rows) -> NDArray[np.int32]:
        found: NDArray[np.int32] = (as_floats(copy.halves(some)) @ centres.T).argmax(axis=1).astype(np.int32)
        return found

    parts = [places[start : start + WINDOW] for start in range(0, len(places), WINDOW)]
    return np.concatenate([np.empty(0, np.int32), *side_by_side(nearest, parts, heard)])
