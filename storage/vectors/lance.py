"""The vector index: one LanceDB table per encoder, and the memory-mapped copy that reads go to."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import lancedb
import numpy as np
import pyarrow as pa
from filelock import FileLock
from numpy.typing import NDArray

from storage.errors import StorageError
from storage.vectors.exact import ID_TYPE, Matrix, open_matrix, write_matrix

BATCH = 8192
COMPACT_AFTER = 50  # small files; each write adds one
KEEP_VERSIONS = timedelta(hours=1)  # longer than any reader takes for one scan


class VectorIndex:
    """Vectors of one encoder by picture id. Everything in it can be made again from SQL and the pictures.

    Writers of all processes queue for one file lock, because concurrent upserts can leave duplicates in
    LanceDB without an error. Readers take the lock only to bring the memory-mapped copy up to date.
    """

    def __init__(self, folder: Path, fingerprint: str, dimension: int) -> None:
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder = folder
        self._copies = folder / f"{fingerprint}.matrix"
        self._matrix: tuple[str, Matrix] | None = None
        with self._guarded():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(folder / f"{fingerprint}.lock")
            self._database = lancedb.connect(folder, read_consistency_interval=timedelta(0))
            self._table = self._open()
            found = self._table.schema.field("vector").type.list_size
        if found != dimension:
            raise StorageError(
                f"The index of encoder {fingerprint} holds vectors of {found} numbers, not {dimension}. "
                f"Remove {folder} and embed the library again."
            )

    # Writing

    def write(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> None:
        """Adds or replaces. vectors (n, d), row i for ids[i]; of an id that comes twice the last one counts.

        Raises `ValueError` for another shape, for an id that is no picture id, and for numbers that
        float16 can't hold.
        """
        rows = self._arrow(ids, vectors)
        if not rows.num_rows:
            return
        with self._lock, self._guarded():
            upsert = self._table.merge_insert("id").when_matched_update_all().when_not_matched_insert_all()
            upsert.execute(rows)
            if self._table.stats()["fragment_stats"]["num_small_fragments"] >= COMPACT_AFTER:
                self._table.optimize(cleanup_older_than=KEEP_VERSIONS)

    def delete(self, ids: Sequence[str]) -> None:
        """Ids without a vector are passed over."""
        with self._lock, self._guarded():
            for start in range(0, len(ids), BATCH):
                self._table.delete(lancedb.col("id").isin(list(ids[start : start + BATCH])))

    def drop(self) -> None:
        """Removes this encoder's vectors for good. The index can't be used afterwards."""
        with self._lock, self._guarded():
            self._database.drop_table(self.fingerprint)
            shutil.rmtree(self._copies, ignore_errors=True)
        self._matrix = None

    # Ids

    def count(self) -> int:
        with self._guarded():
            return int(self._table.count_rows())

    def ids(self) -> Iterator[str]:
        """Every id, in no particular order."""
        for batch in self._scan("id"):
            yield from batch.to_pylist()

    def missing(self, ids: Sequence[str]) -> list[str]:
        """Those without a vector, each once, in the order given."""
        wanted = dict.fromkeys(ids)
        if wanted:
            for picture_id in self.ids():
                wanted.pop(picture_id, None)
        return list(wanted)

    # Vectors

    def vectors(self, ids: Sequence[str]) -> NDArray[np.float32]:
        """(n, d) in the order of ids. Raises `UnknownPictureError` where one has no vector."""
        matrix = self.matrix()
        return matrix.vectors[matrix.rows(ids)].astype(np.float32)

    def batches(self, size: int = BATCH) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        """Every id and vector (≤ size, d), by id, as of the moment of the call."""
        return self.matrix().batches(size)

    def search(
        self, vector: NDArray[np.floating], n: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """(d,) → the n ids with the highest dot products, highest first, equal ones by id. Exact."""
        return self.matrix().search(vector, n, among)

    def matrix(self) -> Matrix:
        """All vectors as they are now. The copy on disk is made again only where the table has changed."""
        stamp = self._stamp()
        if self._matrix is None or self._matrix[0] != stamp:
            try:
                self._matrix = (stamp, open_matrix(self._copies / stamp))
            except (OSError, ValueError):
                self._matrix = self._rebuild()
        return self._matrix[1]

    # Inside

    def _rebuild(self) -> tuple[str, Matrix]:
        with self._lock, self._guarded():
            stamp = self._stamp()
            try:
                return stamp, open_matrix(self._copies / stamp)  # made while this one waited
            except (OSError, ValueError):
                pass
            ids = np.empty(self.count(), dtype=ID_TYPE)
            start = 0
            for batch in self._scan("id"):
                ids[start : start + len(batch)] = batch.to_numpy(zero_copy_only=False)
                start += len(batch)
            parts = (batch.flatten().to_numpy().reshape(-1, self.dimension) for batch in self._scan("vector"))
            write_matrix(self._copies / stamp, ids, parts, self.dimension)
            for other in self._copies.iterdir():
                if other.name != stamp:  # also what a killed process left
                    shutil.rmtree(other, ignore_errors=True)
            return stamp, open_matrix(self._copies / stamp)

    def _stamp(self) -> str:
        """Changes whenever the table does. Versions alone begin at 1 again in a table made anew."""
        with self._guarded():
            made = self._table.schema.metadata[b"made"].decode()
            return f"{made}-{self._table.version}"

    def _scan(self, column: str) -> Iterator[pa.Array]:
        with self._guarded():
            for batch in self._table.search().select([column]).to_batches(BATCH):
                yield batch[column]

    def _open(self) -> lancedb.table.Table:
        try:
            return self._database.open_table(self.fingerprint)
        except ValueError:  # there is no such table
            with self._lock:
                return self._database.create_table(self.fingerprint, schema=self._schema(), exist_ok=True)

    def _schema(self) -> pa.Schema:
        # The key as metadata, so that there is no moment when the table is without it.
        key = {"lance-schema:unenforced-primary-key": "true"}
        return pa.schema(
            [
                pa.field("id", pa.string(), nullable=False, metadata=key),
                pa.field("vector", pa.list_(pa.float16(), self.dimension), nullable=False),
            ],
            metadata={"made": uuid4().hex},
        )

    def _arrow(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> pa.Table:
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(
                f"{len(ids)} ids need vectors {(len(ids), self.dimension)}, not {vectors.shape}."
            )
        last = {picture_id: row for row, picture_id in enumerate(ids)}
        for picture_id in last:
            if not (picture_id.isascii() and picture_id.isalnum() and len(picture_id) <= ID_TYPE.itemsize):
                raise ValueError(f"{picture_id!r} is not a picture id.")
        with np.errstate(over="ignore"):
            stored = vectors[list(last.values())].astype(np.float16)
        if not np.isfinite(stored).all():
            raise ValueError("A vector has numbers that are not finite in float16.")
        columns = [
            pa.array(list(last), pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(stored.ravel()), self.dimension),
        ]
        return pa.table(columns, schema=self._table.schema)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not _is_of_storage(error):
                raise
            reason = str(error) or type(error).__name__
            if any(sign in reason for sign in ("No space left", "File too large", "quota exceeded")):
                raise StorageError(
                    f"There is no room left for {self._folder}. Free some space and run the same command "
                    "again: everything up to here is kept."
                ) from error
            if isinstance(error, PermissionError) or "Permission denied" in reason:
                raise StorageError(f"{self._folder} can't be written. Check who owns it.") from error
            raise StorageError(
                f"The vector index in {self._folder} can't be used ({reason.splitlines()[0][:200]}). Remove "
                "that folder and embed the library again (library reembed): pictures, labels and concepts "
                "are kept elsewhere."
            ) from error


def _is_of_storage(error: Exception) -> bool:
    """LanceDB has no error classes of its own: damage is a RuntimeError, a Rust panic or "not found"."""
    if isinstance(error, ValueError):
        return "was not found" in str(error)
    return isinstance(error, (OSError, RuntimeError)) or type(error).__name__ == "RustPanic"
