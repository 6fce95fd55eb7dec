"""A memory-mapped copy of every vector, sorted by picture id: what is read, searched and scored."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from storage.errors import UnknownPictureError

ID_TYPE = np.dtype("S64")
CHUNK = 1024  # rows converted to float32 at a time
SLACK = 1e-4  # float32 can't be wrong by more on unit vectors, so no true hit is cut off

_one_blas_thread = Lock()


@dataclass(frozen=True)
class Matrix:
    """ids (n,) ascending; vectors (n, d) float16, row i belongs to ids[i]. Both stay on disk."""

    ids: NDArray[np.bytes_]
    vectors: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.ids)

    def rows(self, ids: Sequence[str]) -> NDArray[np.int64]:
        """Raises `UnknownPictureError` where an id has no vector."""
        wanted = np.array(ids, dtype=ID_TYPE)
        rows = np.searchsorted(self.ids, wanted)
        found = rows < len(self)
        found[found] = self.ids[rows[found]] == wanted[found]
        if not found.all():
            unknown = np.flatnonzero(~found)
            raise UnknownPictureError(
                f"{len(unknown)} of {len(ids)} pictures have no vector, the first is {ids[unknown[0]]}. "
                "Add them to the library first."
            )
        return rows

    def scores(
        self,
        weights: NDArray[np.floating],
        bias: float | NDArray[np.floating] = 0.0,
        rows: NDArray[np.int64] | None = None,
    ) -> NDArray[np.float32]:
        """weights (d,) or (d, k) → vectors · weights + bias, (n,) or (n, k), of all rows or of some.

        Needs a few MB besides the answer, and gives the same one whatever the number of processors:
        the chunks are fixed, and each is the work of one thread.
        """
        count = len(self) if rows is None else len(rows)
        columns = np.ascontiguousarray(weights, dtype=np.float32)
        out = np.empty((count, *columns.shape[1:]), dtype=np.float32)

        def score(start: int) -> None:
            part = slice(start, min(start + CHUNK, count))
            chunk = self.vectors[part] if rows is None else self.vectors[rows[part]]
            np.matmul(chunk.astype(np.float32), columns, out=out[part])

        # BLAS's own threads wait for each other in a busy loop, which on a processor shared with other
        # programs made this 10 to 50 times slower. The limit is the process's, hence the lock.
        with (
            _one_blas_thread,
            threadpool_limits(1, user_api="blas"),
            ThreadPoolExecutor(os.cpu_count()) as pool,
        ):
            for _ in pool.map(score, range(0, count, CHUNK)):
                pass
        out += np.asarray(bias, dtype=np.float32)
        return out

    def search(
        self, vector: NDArray[np.floating], n: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The n highest dot products, highest first, equal ones by id. Exact.

        Whatever may be among the first n is multiplied again in float64, row by row: a float32 product
        depends in its last bit on where the row stands, so twins would come in any order.
        """
        rows = np.arange(len(self)) if among is None else np.unique(self.rows(among))
        if n < 1 or not len(rows):
            return []
        rough = self.scores(vector, rows=None if among is None else rows)
        if n < len(rows):
            nth = np.partition(rough, len(rows) - n)[len(rows) - n]
            rows = rows[rough >= nth - SLACK * np.linalg.norm(vector)]
        weights = np.asarray(vector, dtype=np.float64)
        chunks = (rows[i : i + CHUNK] for i in range(0, len(rows), CHUNK))
        exact = np.concatenate([(self.vectors[chunk] * weights).sum(axis=1) for chunk in chunks])
        best = np.lexsort((rows, -exact))[:n]  # rows ascend with ids
        return [(self.ids[rows[i]].decode(), float(exact[i])) for i in best]

    def batches(self, size: int) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        for start in range(0, len(self), size):
            part = slice(start, start + size)
            yield self.ids[part].astype("U64").tolist(), self.vectors[part].astype(np.float32)


def open_matrix(folder: Path) -> Matrix:
    """Raises `OSError` or `ValueError` where there is no whole copy in `folder`."""
    ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
    vectors = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
    return Matrix(ids, vectors)


def write_matrix(
    folder: Path, ids: NDArray[np.bytes_], parts: Iterable[NDArray[np.float16]], dimension: int
) -> None:
    """Writes ids (n,) and their vectors, which come in parts in the same order, sorted by id.

    `folder` appears at once with everything in it, or not at all. Holds 80 bytes per row in memory.
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
