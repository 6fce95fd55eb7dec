"""What an index of vectors promises. Nobody outside this package knows how or where they are kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import PictureIds
from storage.vectors.scores import Scores

BATCH = 8192


@dataclass(frozen=True, eq=False)
class Neighbours:
    """The nearest others of every picture: rows (n, k) are places in the reader's ids, products (n, k) the
    dot products with them, the highest first."""

    rows: NDArray[np.int64]
    products: NDArray[np.float32]


class VectorReader(Protocol):
    """Vectors of one encoder by picture id, to be read. `allowed` leaves all other pictures out; an id in
    it that has no vector is passed over."""

    @property
    def version(self) -> str:
        """Another one whenever a vector was added, replaced or deleted; never that of another index."""

    @property
    def ids(self) -> PictureIds:
        """Every picture with a vector."""

    def count(self) -> int:
        """How many pictures have a vector: their ids are read, and nothing is made ready for more."""

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those without a vector, each once, in the order given."""

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) in the order of ids. Raises `UnknownPictureError` where one has no vector."""

    def batches(self, size: int = BATCH) -> Iterator[tuple[PictureIds, NDArray[np.float16]]]:
        """Every id with its vector (≤ size, d), by id, as of the moment of the call: in half precision, as
        they are kept, for who reads all of them to convert what is in work."""

    def products(
        self, columns: NDArray[np.float64], size: int = BATCH
    ) -> Iterator[tuple[PictureIds, NDArray[np.float64]]]:
        """columns (d, k) → every id with its vector · columns, (≤ size, k) in float64, by id, as of the
        moment of the call."""

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        """weights (d,) or (d, k) → vectors · weights + bias, in float32."""

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        """queries (q, d) → for each the k ids with the highest dot products, highest first, equal ones by
        id. The products are those of float64. Of stored vectors that are too many to be read while a person
        waits, those in the likely clusters are looked at: how many that finds is measured, see `Graph`."""

    def neighbours(self, k: int) -> Neighbours:
        """The k nearest others of every picture (fewer in a smaller library), equally near ones by id. Exact:
        n² · d products, 2-4 seconds for 5,000 pictures of 1,280 dimensions on two cores."""


class VectorIndex(VectorReader, Protocol):
    """Vectors that can be written. Reading sees what every process has written up to then; in a bucket, what
    others have written up to a second before.

    Everything in it can be made again from SQL and the pictures.
    """

    fingerprint: str  # of the encoder the vectors are from

    def snapshot(self) -> VectorReader:
        """The vectors as they are now: what is read from it stays the same whatever is written meanwhile."""

    def write(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> None:
        """Adds or replaces. vectors (n, d), row i for ids[i]; of an id that comes twice the last one counts.

        Raises `ValueError` for another shape, for an id that is no picture id, and for numbers that
        float16 can't hold.
        """

    def delete(self, ids: Sequence[str]) -> None:
        """Ids without a vector are passed over."""

    def verify(self) -> None:
        """Reads everything once. Raises `DamagedIndexError` where that can't be done."""

    def remake(self) -> None:
        """Begins anew in place of what is damaged, with the vectors that can still be had without the
        pictures. The others are then missing."""

    def purge(self, ids: Sequence[str]) -> None:
        """Deletes for good: no older state, no copy and no file holds these vectors afterwards. Takes as long
        as writing all the others."""

    def drop(self) -> None:
        """Removes all vectors for good. The index can't be used afterwards."""
