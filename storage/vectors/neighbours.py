"""The nearest others of every picture, by any reader's own search."""

from __future__ import annotations

import numpy as np

from storage.vectors.protocol import Neighbours, VectorReader

TOGETHER = 256  # pictures whose neighbours are looked for at once


def neighbours_of(reader: VectorReader, k: int) -> Neighbours:
    """As `VectorReader.neighbours` promises."""
    n = len(reader.ids)
    k = max(min(k, n - 1), 0)
    rows, products = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    row = 0
    for ids, vectors in reader.batches(TOGETHER) if k else ():
        for itself, hits in zip(ids, reader.search(vectors, k + 1), strict=True):
            # Of more than k twins the picture itself may be none of the first.
            others = [hit for hit in hits if hit[0] != itself][:k]
            rows[row] = reader.ids.places([other for other, _ in others])
            products[row] = [product for _, product in others]
            row += 1
    return Neighbours(rows, products)
