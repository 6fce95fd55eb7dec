"""The vectors of one encoder as a LanceDB table, read through a memory-mapped copy of it."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage import buckets
from storage.disk import obstacle
from storage.errors import DamagedIndexError, DiskFullError, NoPermissionError, ReadOnlyError, StorageError
from storage.vectors.by_snapshot import ReadBySnapshot
from storage.vectors.exact import ExactCopy
from storage.vectors.ids import ID_TYPE, PictureIds, checked, encoded
from storage.vectors.matrix import Matrix
from storage.vectors.protocol import BATCH
from storage.vectors.tables import LANCE, BucketTables, WritersTurn

COMPACT_AFTER = 50  # small files; each write adds one
ROWS_A_FILE = 2_000  # to compact writes all rows anew: in a large table it waits for as many more files
KEEP_VERSIONS = timedelta(minutes=1)  # whoever reads the table itself holds the lock; others read the copy

_EXPONENT = np.uint16(0x7C00)  # all of whose bits only infinities and what is no number have (IEEE 754)

log = logging.getLogger(__name__)


class LanceIndex(ReadBySnapshot):
    """A `VectorIndex`: written to LanceDB, read from the copy, which follows whenever the table has changed.

    Writers of all processes queue for one lock, because concurrent upserts can leave duplicates in LanceDB
    without an error. Readers take the lock only to bring the copy up to date.
    """

    def __init__(
        self, folder: Path, fingerprint: str, dimension: int, bucket: BucketTables | None = None
    ) -> None:
        """The table is in the folder, or in a bucket; the copy and a lock are in the folder."""
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder = folder
        self._bucket = bucket
        self._matrix = Matrix(folder / f"{fingerprint}.matrix", dimension)
        self._newest: ExactCopy | None = None
        with self._guarded():
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = WritersTurn(folder, fingerprint, bucket)
            self._database = _connected(folder, bucket)
            self._table = self._open()
            found = self._table.schema.field("vector").type.list_size
        if found != dimension:
            raise StorageError(
                f"The index of encoder {fingerprint} holds vectors of {found} numbers, not {dimension}. "
                f"Remove {bucket.uri if bucket else folder} and embed the library again."
            )

    # Writing

    def write(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> None:
        written, keys, stored = self._checked(ids, vectors)
        if not written:
            return
        with self._lock, self._guarded():
            rows = self._arrow(written, stored, self._table.schema)
            before = self._in_step()
            with ThreadPoolExecutor(1) as beside:
                laid = beside.submit(self._matrix.lay, before, stored)  # while LanceDB writes the same
                # Where the copy doesn't know, the table is asked.
                if self._matrix.held(before, keys) != set():
                    upsert = self._table.merge_insert("id").when_matched_update_all()
                    upsert.when_not_matched_insert_all().execute(rows)
                else:
                    self._table.add(rows)  # in a tenth of the time: it doesn't look for what is there
            if not self._has_committed(before, 1):
                return
            stats = self._table.stats()
            enough = max(COMPACT_AFTER, stats["num_rows"] // ROWS_A_FILE)
            if stats["fragment_stats"]["num_small_fragments"] >= enough and not self._compacted(before, 1):
                return
            self._matrix.append(before, self.version, keys, laid.result())

    def delete(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        with self._lock, self._guarded():
            before = self._in_step()
            batches = [list(ids[start : start + BATCH]) for start in range(0, len(ids), BATCH)]
            for some in batches:
                self._table.delete(lancedb.col("id").isin(some))
            if self._has_committed(before, len(batches)):
                self._matrix.append(before, self.version, gone=encoded(list(ids)))

    def purge(self, ids: Sequence[str]) -> None:
        """Writes the table anew, because a deleted row stays in its file until LanceDB finds that worth
        a compaction, and keeps no version of before."""
        gone = set(ids)
        with self._lock, self._guarded():
            copy = self.snapshot()  # LanceDB can't be asked while it writes
            schema = self._table.schema.with_metadata(self._schema().metadata)

            def kept() -> Iterator[pa.RecordBatch]:
                yield pa.RecordBatch.from_pylist([], schema=schema)  # LanceDB takes no table of no batch
                for ids_of_some, vectors in copy.batches():
                    some = list(ids_of_some)
                    rows = [row for row, picture_id in enumerate(some) if picture_id not in gone]
                    if rows:
                        left, _, stored = self._checked([some[row] for row in rows], vectors[rows])
                        yield from self._arrow(left, stored, schema).to_batches()

            self._table = self._database.create_table(
                self.fingerprint, kept(), schema=schema, mode="overwrite"
            )
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # that nobody can read an older version is what is wanted
                self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)
            self._newest = None
            self._matrix.remove()

    def tidy(self) -> None:
        """Puts small files together and removes the versions of before that no reader needs any more."""
        with self._lock, self._guarded():
            before = self._in_step()
            if self._compacted(before, 0) and self.version != before:  # else the copy would be made anew
                self._matrix.append(before, self.version)

    def drop(self) -> None:
        with self._lock, self._guarded():
            self._database.drop_table(self.fingerprint)
            self._matrix.remove()
        self._newest = None

    def verify(self) -> None:
        """A copy that isn't what the table holds is made again. Raises `DamagedIndexError` where the table
        holds a picture twice."""
        with self._lock:  # no version may be tidied away while it is read
            copy = self.snapshot()
            if (copy.known[1:] == copy.known[:-1]).any():
                raise DamagedIndexError(self._place, "a picture is in it twice")
            if not self._is_copied(copy):
                log.warning("The copy of the vectors for reading differs from them and is made again.")
                self._matrix.remove()
                self._newest = None
                self.snapshot()

    # Reading

    def snapshot(self) -> ExactCopy:
        """The copy on disk is brought up to date only where the table has changed."""
        version, newest = self.version, self._newest
        if newest is None or newest.version != version:
            newest = self._newest = self._matrix.at(version) or self._brought_up_to_date()
        return newest

    @property
    def version(self) -> str:
        """Versions of the table alone begin at 1 again in a table made anew."""
        with self._guarded():
            made = self._table.schema.metadata[b"made"].decode()
            return f"{made}-{self._table.version}"

    @property
    def ids(self) -> PictureIds:
        return self.snapshot().ids

    # These two ask the copy's files: between two writes no copy has to be made, and whoever holds others off
    # from writing holds nobody off from asking.

    def count(self) -> int:
        counted = self._matrix.count(self.version)
        return self.snapshot().count() if counted is None else counted

    def missing(self, ids: Sequence[str]) -> list[str]:
        wanted = dict.fromkeys(ids)
        held = self._matrix.held(self.version, encoded(list(wanted)))
        if held is None:
            return self.snapshot().missing(list(wanted))
        return [picture_id for picture_id in wanted if picture_id.encode() not in held]

    # Inside

    def _brought_up_to_date(self) -> ExactCopy:
        with self._lock, self._guarded():
            version = self.version
            return self._matrix.at(version) or self._matrix.brought_to(version) or self._made(version)

    def _in_step(self) -> str:
        """The table's version, which the copy's files hold from now on."""
        version = self.version
        if not self._matrix.holds(version):
            self._made(version)
        return version

    def _has_committed(self, before: str, commits: int) -> bool:
        """Whether so many commits lead from that version to the table's, all of them ours."""
        made, _, number = before.rpartition("-")
        return self._is_alone(self.version == f"{made}-{int(number) + commits}")

    def _compacted(self, before: str, commits: int) -> bool:
        """Puts small files together, in as many commits as LanceDB likes, where so many of ours lead from
        that version here. Whether no row came or went."""
        rows = self._table.count_rows()
        if not self._has_committed(before, commits):
            return False
        self._table.optimize(cleanup_older_than=KEEP_VERSIONS)
        return self._is_alone(self._table.count_rows() == rows)

    def _is_alone(self, told: bool) -> bool:
        if not told:  # somebody wrote who wasn't held off
            log.warning("Others have written vectors meanwhile. The copy for reading is made again.")
        return told

    def _is_copied(self, copy: ExactCopy) -> bool:
        seen = 0
        for batch in self._scan("id", "vector"):
            ids = batch["id"].to_pylist()
            held = batch["vector"].flatten().to_numpy().reshape(-1, self.dimension)
            seen += len(ids)
            if copy.missing(ids) or not np.array_equal(copy.vectors(ids), held.astype(np.float32)):
                return False
        return seen == copy.count()

    def _made(self, version: str) -> ExactCopy:
        def parts() -> Iterator[tuple[NDArray[np.bytes_], NDArray[np.float16]]]:
            for batch in self._scan("id", "vector"):
                vectors = batch["vector"].flatten().to_numpy().reshape(-1, self.dimension)
                yield batch["id"].to_numpy(zero_copy_only=False).astype(ID_TYPE), vectors

        return self._matrix.make(version, parts())

    def _scan(self, *columns: str) -> Iterator[pa.RecordBatch]:
        with self._guarded():
            yield from self._table.search().select(list(columns)).to_batches(BATCH)

    def _open(self) -> lancedb.table.Table:
        if (table := self._opened()) is not None:
            return table
        with self._lock:  # and who waited for it may find the table that somebody else has begun
            table = self._opened()
            if table is None:  # an empty table is false
                table = self._database.create_table(self.fingerprint, schema=self._schema())
            return table

    def _opened(self) -> lancedb.table.Table | None:
        try:
            return self._database.open_table(self.fingerprint)
        except ValueError as error:
            if "was not found" not in str(error):
                raise
            return None

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

    def _checked(
        self, ids: Sequence[str], vectors: NDArray[np.floating]
    ) -> tuple[list[str], NDArray[np.bytes_], NDArray[np.float16]]:
        """Each id once, as it is kept, and the last of its vectors as it is kept."""
        if vectors.shape != (len(ids), self.dimension):
            raise ValueError(
                f"{len(ids)} ids need vectors {(len(ids), self.dimension)}, not {vectors.shape}."
            )
        last = {picture_id: row for row, picture_id in enumerate(ids)}
        keys = checked(list(last))
        with np.errstate(over="ignore"):
            stored = vectors.astype(np.float16, copy=False)
        if len(last) < len(ids):
            stored = stored[list(last.values())]
        if len(stored) and (stored.view(np.uint16) & _EXPONENT).max() == _EXPONENT:
            raise ValueError("A vector has numbers that are not finite in float16.")
        return list(last), keys, stored

    def _arrow(self, ids: Sequence[str], vectors: NDArray[np.float16], schema: pa.Schema) -> pa.Table:
        columns = [
            pa.array(ids, pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self.dimension),
        ]
        return pa.table(columns, schema=schema)

    @property
    def _place(self) -> Path | str:
        return self._bucket.uri if self._bucket else self._folder

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not _is_of_storage(error):
                raise
            reason = str(error) or type(error).__name__
            if self._bucket and (refusal := buckets.problem_of(reason, self._bucket.uri)) is not None:
                raise refusal from error
            if any(sign in reason for sign in ("No space left", "File too large", "quota exceeded")):
                raise DiskFullError(self._folder) from error
            if "Read-only file system" in reason:
                raise ReadOnlyError(self._folder) from error
            if isinstance(error, PermissionError) or "Permission denied" in reason:
                raise NoPermissionError(self._folder) from error
            if (problem := obstacle(self._folder)) is not None:
                raise problem from error
            # Behind a comma LanceDB says where in its own code that was.
            reason = reason.splitlines()[0].partition(", /")[0][:200]
            raise DamagedIndexError(self._place, reason) from error


def dimension_of(folder: Path, fingerprint: str, bucket: BucketTables | None = None) -> int:
    """How many numbers each vector of a table has."""
    table = _connected(folder, bucket).open_table(fingerprint)
    return int(table.schema.field("vector").type.list_size)


def remove_table(folder: Path, fingerprint: str, bucket: BucketTables | None = None) -> None:
    """Takes away a table that can't be read any more. Its copies stay."""
    folder.mkdir(parents=True, exist_ok=True)
    with WritersTurn(folder, fingerprint, bucket):
        if bucket is not None:
            bucket.remove(fingerprint)
        else:
            shutil.rmtree(folder / f"{fingerprint}{LANCE}", ignore_errors=True)


def _connected(folder: Path, bucket: BucketTables | None) -> lancedb.DBConnection:
    at, options = (folder, None) if bucket is None else (bucket.uri, buckets.options())
    return lancedb.connect(at, storage_options=options, read_consistency_interval=timedelta(0))


def _is_of_storage(error: Exception) -> bool:
    """LanceDB has no error classes of its own: damage is a RuntimeError, a Rust panic or "not found"."""
    if isinstance(error, ValueError):
        return "was not found" in str(error) or buckets.problem_of(str(error), "") is not None
    return isinstance(error, (OSError, RuntimeError)) or type(error).__name__ == "RustPanic"
