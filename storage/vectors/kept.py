"""Vectors without those of pictures that were removed from the library, which stay until the bin is emptied.

Nothing is written or copied when a picture is removed or put back, so both take no time in any library.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from storage.errors import UnknownPictureError
from storage.vectors.by_snapshot import ReadBySnapshot
from storage.vectors.ids import PictureIds
from storage.vectors.neighbours import neighbours_of
from storage.vectors.protocol import BATCH, Neighbours, VectorIndex, VectorReader
from storage.vectors.scores import Scores

Number = TypeVar("Number", np.float16, np.float64)
Bin = Callable[[], tuple[Collection[str], int]]  # ids in the bin, and a number that changes with them


class KeptReader:
    """A `VectorReader` of another one's vectors but those that are `hidden`."""

    def __init__(self, vectors: VectorReader, hidden: Collection[str], version: str) -> None:
        self.version = version
        self._vectors = vectors
        self._hidden = frozenset(hidden)
        self.ids = vectors.ids.without(self._hidden)

    def count(self) -> int:
        return len(self.ids)

    def missing(self, ids: Sequence[str]) -> list[str]:
        missing = {*self._vectors.missing(ids), *self._hidden.intersection(ids)}
        return [picture_id for picture_id in dict.fromkeys(ids) if picture_id in missing]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        if removed := self._hidden.intersection(ids):
            raise UnknownPictureError(
                f"{len(removed)} of {len(ids)} pictures were removed from the library: {min(removed)} …"
            )
        return self._vectors.vectors(ids)

    def batches(self, size: int = BATCH) -> Iterator[tuple[PictureIds, NDArray[np.float16]]]:
        return self._kept(self._vectors.batches(size))

    def products(
        self, columns: NDArray[np.float64], size: int = BATCH
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        return self._kept(self._vectors.products(columns, size))

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        return self._vectors.scores(weights, bias, self._of(allowed))

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        return self._vectors.search(queries, k, self._of(allowed))

    def neighbours(self, k: int) -> Neighbours:
        return neighbours_of(self, k)

    def _kept(
        self, batches: Iterator[tuple[PictureIds, NDArray[Number]]]
    ) -> Iterator[tuple[PictureIds, NDArray[Number]]]:
        hidden = PictureIds.of(self._hidden)
        for ids, rows in batches:
            out = hidden.rows_of(ids)
            if not len(out):  # as mostly: to leave out none would copy them all
                yield ids, rows
            elif len(out) < len(ids):
                kept = np.delete(np.arange(len(ids)), out)
                yield ids.only(kept), rows[kept]

    def _of(self, allowed: PictureIds | None) -> PictureIds:
        return self.ids if allowed is None else allowed.without(self._hidden)


class KeptIndex(ReadBySnapshot):
    """A `VectorIndex` that is read without what is in the bin, and written as it is."""

    def __init__(self, index: VectorIndex, in_bin: Bin) -> None:
        self.fingerprint = index.fingerprint
        self._index = index
        self._in_bin = in_bin
        self._last: KeptReader | None = None  # to leave some ids out of a million takes milliseconds

    def snapshot(self) -> VectorReader:
        """The index's own where nothing is in the bin."""
        hidden, number = self._in_bin()
        vectors = self._index.snapshot()
        if not hidden:
            self._last = None
            return vectors
        last, version = self._last, f"{vectors.version}-{number}"
        if last is None or last.version != version:
            last = self._last = KeptReader(vectors, hidden, version)
        return last

    @property
    def version(self) -> str:
        hidden, version = self._in_bin()
        return f"{self._index.version}-{version}" if hidden else self._index.version

    @property
    def ids(self) -> PictureIds:
        return self.snapshot().ids

    def count(self) -> int:
        return self.snapshot().count()

    def missing(self, ids: Sequence[str]) -> list[str]:
        return self.snapshot().missing(ids)

    def write(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> None:
        self._index.write(ids, vectors)

    def delete(self, ids: Sequence[str]) -> None:
        self._index.delete(ids)

    def purge(self, ids: Sequence[str]) -> None:
        self._index.purge(ids)

    def verify(self) -> None:
        self._index.verify()

    def remake(self) -> None:
        self._index.remake()

    def drop(self) -> None:
        self._index.drop()
