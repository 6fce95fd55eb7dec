"""Some of the vectors as if there were no others: what a concept looks in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import PictureIds
from storage.vectors.products import multiplied
from storage.vectors.protocol import BATCH, Neighbours, VectorReader
from storage.vectors.scores import Scores


class FramedVectors:
    """A `VectorReader` that lists, searches, scores and compares the pictures of a frame alone.

    `vectors` and `missing` answer for every picture of the library: who names a picture has it already, and
    an answer about one outside the frame may still teach.
    """

    def __init__(self, whole: VectorReader, ids: PictureIds, key: str) -> None:
        """`ids` of the frame, each with a vector; `key` another one whenever the frame is."""
        self._whole = whole
        self.ids = ids
        self.version = f"{whole.version} in {key}"

    def count(self) -> int:
        return len(self.ids)

    def missing(self, ids: Sequence[str]) -> list[str]:
        return self._whole.missing(ids)

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        return self._whole.vectors(ids)

    def batches(self, size: int = BATCH) -> Iterator[tuple[PictureIds, NDArray[np.float16]]]:
        for start in range(0, len(self.ids), size):
            ids = self.ids.only(np.arange(start, min(start + size, len(self.ids))))
            yield ids, self._whole.vectors(list(ids)).astype(np.float16)

    def products(
        self, columns: NDArray[np.float64], size: int = BATCH
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        for ids, vectors in self.batches(size):
            yield ids, multiplied(vectors, columns)

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        return self._whole.scores(weights, bias, self._allowed(allowed))

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        return self._whole.search(queries, k, self._allowed(allowed))

    def neighbours(self, k: int) -> Neighbours:
        n = len(self.ids)
        k = max(min(k, n - 1), 0)
        rows, products = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
        start = 0
        for ids, vectors in self.batches(TOGETHER) if k else ():
            found = self._whole.search(vectors, k + 1, self.ids)
            for row, (itself, hits) in enumerate(zip(ids, found, strict=True), start):
                # Of more than k twins the picture itself may be none of the first.
                others = [hit for hit in hits if hit[0] != itself][:k]
                rows[row] = self.ids.places([other for other, _ in others])
                products[row] = [product for _, product in others]
            start += len(ids)
        return Neighbours(rows, products)

    def _allowed(self, allowed: PictureIds | None) -> PictureIds:
        return self.ids if allowed is None else allowed.within(self.ids)


TOGETHER = 256  # pictures whose neighbours are looked for at once
