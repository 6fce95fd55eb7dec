"""A digest for each vector, so that damage is told from what was written."""

from __future__ import annotations

from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import Flags, Halves, Keys

Digests = NDArray[np.uint32]

_EXPONENT = np.uint16(0x7C00)  # all of whose bits only infinities and what is no number have (IEEE 754)


def digests_of(ids: Keys, vectors: Halves) -> Digests:
    """(n,) the CRC-32 of each id and its vector (n, d) together, so that a vector of another picture is
    noticed, too."""
    rows = zip(ids.tolist(), np.ascontiguousarray(vectors).view(np.uint8), strict=True)
    return np.fromiter((crc32(row, crc32(key)) for key, row in rows), np.uint32, len(ids))


def finite(vectors: Halves) -> Flags:
    """(n,) whether each vector (n, d) consists of numbers alone."""
    if not vectors.size:
        return np.ones(len(vectors), bool)
    largest = (vectors.view(np.uint16) & _EXPONENT).max(axis=1)
    return np.asarray(largest < _EXPONENT)


def sound(ids: Keys, vectors: Halves, digests: Digests | None) -> Flags:
    """(n,) whether each vector (n, d) is finite and, where there are digests (n,), as it was written."""
    found = finite(vectors)
    return found if digests is None else found & (digests_of(ids, vectors) == digests)
