"""A memory-mapped copy of every vector, sorted by picture id: what is read, searched and scored. Exact."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from storage.errors import UnknownPictureError
from storage.vectors.ids import ID_TYPE, PictureIds, Rows, located
from storage.vectors.neighbours import neighbours_of
from storage.vectors.protocol import BATCH, Neighbours
from storage.vectors.scores import Scores, smallest

CHUNK = 1024  # rows converted to float32 at a time
BLOCK = 256 * CHUNK  # rows whose products with all queries are in memory at a time
SLACK = 1e-4  # float32 can't be wrong by more on unit vectors, so no true hit is cut off


class ExactCopy:
    """One state of the vectors, on disk or in memory. Never changes."""

    def __init__(self, version: str, ids: NDArray[np.bytes_], vectors: NDArray[np.float16]) -> None:
        """ids (n,) ascending; vectors (n, d), row i belongs to ids[i]."""
        self.version = version
        self.ids = PictureIds(ids)
        self.dimension = int(vectors.shape[1])
        self._known = ids
        self._vectors = vectors

    def count(self) -> int:
        return len(self.ids)

    def missing(self, ids: Sequence[str]) -> list[str]:
        wanted = list(dict.fromkeys(ids))
        _, there = located(self._known, wanted)
        return [picture_id for picture_id, known in zip(wanted, there, strict=True) if not known]

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        rows, there = located(self._known, ids)
        if not there.all():
            unknown = np.flatnonzero(~there)
            raise UnknownPictureError(
                f"{len(unknown)} of {len(ids)} pictures have no vector, the first is {ids[unknown[0]]}. "
                "Add them to the library first."
            )
        return self._vectors[rows].astype(np.float32)

    def batches(self, size: int = BATCH) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        for start in range(0, len(self.ids), size):
            rows = np.arange(start, min(start + size, len(self.ids)))
            yield self.ids.at(rows), self._vectors[start : start + size].astype(np.float32)

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        allowed: PictureIds | None = None,
    ) -> Scores:
        """Needs a few MB besides the answer, which is the same whatever the number of processors."""
        rows = np.arange(len(self.ids)) if allowed is None else allowed.rows_in(self._known)
        values = self._products(np.asarray(weights, dtype=np.float32), rows)
        values += np.asarray(bias, dtype=np.float32)
        return Scores(self.ids if allowed is None else PictureIds(self._known, rows), values)

    def search(
        self, queries: NDArray[np.floating], k: int, allowed: PictureIds | None = None
    ) -> list[list[tuple[str, float]]]:
        """Whatever may be among the first k is multiplied again in float64, row by row: a float32 product
        depends in its last bit on where the row stands, so twins would come in any order."""
        if not len(queries) or k < 1:
            return [[] for _ in queries]
        rows = np.arange(len(self.ids)) if allowed is None else allowed.rows_in(self._known)
        columns = np.asarray(queries, dtype=np.float32).T
        likely = [_Likely(k, SLACK * float(np.linalg.norm(query))) for query in queries]
        for start in range(0, len(rows), BLOCK):
            part = rows[start : start + BLOCK]
            rough = self._products(columns, part)
            for found, column in zip(likely, rough.T, strict=True):
                found.add(part, column)
        return [self._exact(query, found.rows, k) for query, found in zip(queries, likely, strict=True)]

    def neighbours(self, k: int) -> Neighbours:
        return neighbours_of(self, k)

    def _exact(self, query: NDArray[np.floating], rows: Rows, k: int) -> list[tuple[str, float]]:
        weights = np.asarray(query, dtype=np.float64)
        exact = np.empty(len(rows))
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            exact[part] = (self._vectors[rows[part]] * weights).sum(axis=1)
        best = smallest(-exact, k)
        return list(zip(self.ids.at(rows[best]), exact[best].tolist(), strict=True))

    def _products(self, columns: NDArray[np.float32], rows: Rows) -> NDArray[np.float32]:
        """columns (d,) or (d, k) → vectors · columns, (n,) or (n, k), of rows (n,), which ascend."""
        span = int(rows[-1] - rows[0]) + 1 if len(rows) else 0
        if len(rows) < span / 2:
            return _multiplied(self._vectors, columns, rows)
        if not span:
            return np.empty((0, *columns.shape[1:]), dtype=np.float32)
        out = _multiplied(self._vectors[rows[0] : rows[-1] + 1], columns)  # to read on is faster than to pick
        return out if len(rows) == span else out[rows - rows[0]]


def _multiplied(
    vectors: NDArray[np.float16], columns: NDArray[np.float32], rows: Rows | None = None
) -> NDArray[np.float32]:
    """The product of all vectors, or of those in `rows`. The chunks are fixed, and each is the work of one
    thread, so the answer doesn't depend on how many there are."""
    count = len(vectors if rows is None else rows)
    columns = np.ascontiguousarray(columns)
    out = np.empty((count, *columns.shape[1:]), dtype=np.float32)

    def multiply(start: int) -> None:
        part = slice(start, min(start + CHUNK, count))
        chunk = vectors[part] if rows is None else vectors[rows[part]]
        np.matmul(chunk.astype(np.float32), columns, out=out[part])

    with _one_blas_thread, ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(multiply, range(0, count, CHUNK)):
            pass
    return out


class _Likely:
    """The rows that may be among the k highest once they are multiplied exactly."""

    def __init__(self, k: int, slack: float) -> None:
        self.rows: Rows = np.empty(0, dtype=np.int64)
        self._k = k
        self._slack = slack
        self._rough = np.empty(0, dtype=np.float32)
        self._least = np.float32(-np.inf)

    def add(self, rows: Rows, rough: NDArray[np.float32]) -> None:
        """rows (b,) above all that came before, with their products rounded to float32 (b,)."""
        near = rough >= self._least
        self.rows = np.concatenate([self.rows, rows[near]])
        self._rough = np.concatenate([self._rough, rough[near]])
        if len(self.rows) > self._k:
            place = len(self.rows) - self._k
            self._least = np.float32(np.partition(self._rough, place)[place] - self._slack)
            near = self._rough >= self._least
            self.rows, self._rough = self.rows[near], self._rough[near]


class _OneBlasThread:
    """Keeps BLAS to one thread while anybody multiplies.

    BLAS's own threads wait for each other in a busy loop, which on a processor shared with other programs
    made this 10 to 50 times slower. The limit is the process's: the first sets it, the last lifts it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._users = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                self._limits = threadpool_limits(1, user_api="blas")
            self._users += 1

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._limits.restore_original_limits()


_one_blas_thread = _OneBlasThread()


def open_copy(folder: Path) -> ExactCopy:
    """Raises `OSError` or `ValueError` where there is no whole copy in `folder`."""
    ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    return ExactCopy(folder.name, ids, vectors)


def write_copy(
    folder: Path, ids: NDArray[np.bytes_], parts: Iterable[NDArray[np.float16]], dimension: int
) -> None:
    """Writes ids (n,) and their vectors, which come in parts in the same order, sorted by id.

    `folder`, named by the version, appears at once with everything in it, or not at all. Holds 80 bytes
    per row in memory.
    """
    order = np.argsort(ids, kind="stable")
    target = np.empty(len(ids), dtype=np.int64)
    target[order] = np.arange(len(ids))
    unfinished = folder.with_name(f"unfinished-{folder.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    sorted_ids = _new_array(unfinished / "ids.npy", ID_TYPE, (len(ids),))
    sorted_ids[:] = ids[order]
    sorted_ids.flush()
    vectors = _new_array(unfinished / "vectors.npy", np.dtype(np.float16), (len(ids), dimension))
    start = 0
    for part in parts:
        vectors[target[start : start + len(part)]] = part
        start += len(part)
    vectors.flush()
    shutil.rmtree(folder, ignore_errors=True)
    unfinished.rename(folder)


def _new_array(path: Path, dtype: np.dtype[Any], shape: tuple[int, ...]) -> np.memmap[Any, Any]:
    array = np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    if hasattr(os, "posix_fallocate"):
        # A full disk that is met by a mapped page kills the process; met here it is an error.
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, array.offset + array.nbytes)
    return array
