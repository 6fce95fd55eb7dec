"""The neighbour graph of a set of pictures, exactly."""

from __future__ import annotations

import numpy as np

from concepts.encoders.base import Vectors
from concepts.learning.base import NeighbourGraph

NEIGHBOURS = 10
BLOCK = 1024  # pictures compared with all others at a time


def neighbour_graph(vectors: Vectors, k: int = NEIGHBOURS) -> NeighbourGraph:
    """(n, d) unit vectors → the k nearest others of each (fewer in a smaller set), by falling cosine.

    Exact: n² · d products, five seconds for 5,000 pictures of 1,280 dimensions.
    """
    n = len(vectors)
    k = min(k, n - 1)
    X = np.ascontiguousarray(vectors, dtype=np.float32)
    rows, cosine = np.empty((n, max(k, 0)), np.int64), np.empty((n, max(k, 0)), np.float32)
    for start in range(0, n if k > 0 else 0, BLOCK):
        block = X[start : start + BLOCK] @ X.T
        itself = np.arange(len(block))
        block[itself, start + itself] = -np.inf
        nearest = np.argpartition(-block, k - 1, axis=1)[:, :k]
        near = np.take_along_axis(block, nearest, axis=1)
        order = np.lexsort((nearest, -near), axis=1)  # equally near ones in the order of their rows
        rows[start : start + BLOCK] = np.take_along_axis(nearest, order, axis=1)
        cosine[start : start + BLOCK] = np.take_along_axis(near, order, axis=1)
    return NeighbourGraph(rows, cosine)
