"""Whether pictures are drawn like others, and how many of them are unlike all of those."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import Bools, Floats, one_blas_thread

MOST = 500  # pictures of either set that are compared
SHUFFLES = 499  # so that the smallest p-value is 0.004
STRANGE = 0.05  # share of the known pictures themselves that count as unlike the others of them


def difference(known: Vectors, pictures: Vectors, seed: int) -> float:
    """The p-value of both being drawn alike; the same for a seed. Unit vectors (n, d), (m, d), n and m ≥ 2.

    Twice the smaller of two: of how many pictures are strange (see `share_unlike`), which finds a few of a
    new kind, and of the maximum mean discrepancy with an RBF kernel as wide as the median distance (Gretton
    et al. 2012), which finds other shares of the same kinds. Each is exact for every n and m: the share of
    shuffles of what belongs to which set that differ as much. Of more than `MOST` a random part is compared.
    """
    rng = np.random.default_rng(seed)
    sample = [_some(known, rng), _some(pictures, rng)]
    n, m = map(len, sample)
    X = np.concatenate(sample)
    belongs = np.concatenate([np.full(n, 1 / n), np.full(m, -1 / m)])
    shuffled = np.stack([belongs, *(rng.permutation(belongs) for _ in range(SHUFFLES))])
    with one_blas_thread():
        cosine = X @ X.T
        distance = np.maximum(2 - 2 * cosine.astype(np.float64), 0)
        width = np.median(distance[np.triu_indices(len(distance), 1)])
        kernel = np.asarray(np.exp(-distance / (width or 1.0)))
        discrepancy = np.einsum("ij,ij->i", shuffled @ kernel, shuffled)
        np.fill_diagonal(cosine, -np.inf)

        def strange_of(known: Bools) -> float:
            """The share of the pictures that are not known (N,) which is unlike all that are."""
            nearest = cosine[known].max(axis=0)
            return float((nearest[~known] < np.quantile(nearest[known], STRANGE)).mean())

        strange = np.array([strange_of(row > 0) for row in shuffled])
    return min(2 * min(_exceeded(discrepancy), _exceeded(strange)), 1.0)


def share_unlike(known: Vectors, pictures: Vectors) -> float:
    """Which share of the pictures (m, d) is unlike any of the known ones (n, d), 0..1. Unit vectors.

    A picture is strange whose nearest known one is farther than the nearest other is for all but `STRANGE`
    of the known ones themselves. As many would be strange if nothing had changed, and that is taken off.
    With fewer than `1 / STRANGE` known pictures nothing can be said, and 0 is.
    """
    if len(known) < 1 / STRANGE or not len(pictures):
        return 0.0
    among = known @ known.T
    np.fill_diagonal(among, -np.inf)
    least = np.quantile(among.max(axis=1), STRANGE)
    strange = float(((pictures @ known.T).max(axis=1) < least).mean())
    return max(strange - STRANGE, 0.0) / (1 - STRANGE)


def _some(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    if len(vectors) <= MOST:
        return vectors
    return vectors[np.sort(rng.choice(len(vectors), MOST, replace=False))]


def _exceeded(found: Floats) -> float:
    """The share that is at least the first; what is equal within rounding is."""
    return float((found >= found[0] - 1e-12).mean())
