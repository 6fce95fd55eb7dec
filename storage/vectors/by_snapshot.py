"""What an index of vectors answers by its snapshot, whatever it is an index of."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import PictureIds
from storage.vectors.protocol import BATCH, Neighbours, VectorReader
from storage.vectors.scores import Scores


class ReadBySnapshot(ABC):
    """The part of a `VectorReader` that needs the vectors as they are at the moment of the call."""

    @abstractmethod
    def snapshot(self) -> VectorReader: ...

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        return self.snapshot().vectors(ids)

    def batches(self, size: int = BATCH) -> Iterator[tuple[PictureIds, NDArray[np.float16]]]:
        return self.snapshot().batches(size)

    def products(
        self, columns: NDArray[np.float64], size: int = BATCH
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        return self.snapshot().products(columns, size)

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        return self.snapshot().scores(weights, bias, allowed)

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        return self.snapshot().search(queries, k, allowed)

    def neighbours(self, k: int) -> Neighbours:
        return self.snapshot().neighbours(k)
