"""The vectors of one encoder as a LanceDB table, read through a snapshot that is mapped into memory."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage import buckets
from storage.errors import DamagedIndexError, StorageError
from storage.vectors.ids import (
    AT_ONCE,
    ID_TYPE,
    Flags,
    Halves,
    Keys,
    PictureIds,
    Rows,
    checked,
    located,
    parts,
)
from storage.vectors.reader import VectorReader
from storage.vectors.snapshot import Blocks, Part, Snapshot
from storage.vectors.tables import LANCE, BucketTables, WritersTurn, guarded

COMPACT_AFTER = 50  # small files; each write adds one
ROWS_A_FILE = 2_000  # to compact writes all rows anew: in a large table it waits for as many more files
KEEP_VERSIONS = timedelta(minutes=1)  # whoever reads the table holds the lock; others read the snapshot

_EXPONENT = np.uint16(0x7C00)  # all of whose bits only infinities and what is no number have (IEEE 754)

log = logging.getLogger(__name__)


class LanceIndex:
    """Written to LanceDB, read from the snapshot, which follows whenever the table has changed.

    Writers of all processes queue for one lock, because concurrent upserts can leave duplicates in LanceDB
    without an error. Readers take the lock only to make the snapshot anew.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        dimension: int,
        bucket: BucketTables | None = None,
        snapshot: Snapshot | None = None,
    ) -> None:
        """The table is in the folder, or in a bucket; the snapshot and a lock are in the folder."""
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder = folder
        self._bucket = bucket
        self._snapshot = snapshot or Snapshot(folder / f"{fingerprint}.snapshot", dimension, self.refill)
        with guarded(folder, bucket, opening=True):
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
        with self._writing():
            before = self._in_step()
            with ThreadPoolExecutor(1) as beside:
                laid = beside.submit(self._snapshot.lay, before, stored)  # while LanceDB writes them
                rows = self._arrow(written, stored, self._table.schema)
                # Where the snapshot doesn't know, the table is asked.
                if self._snapshot.held(before, keys) != set():
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
            self._snapshot.append(laid.result(), self.version, keys)

    def delete(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        with self._writing():
            before, copy = self._in_step(), self.snapshot()
            copy.touch()
            batches = [list(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE)]
            for some in batches:
                self._table.delete(lancedb.col("id").isin(some))
            if self._has_committed(before, len(batches)):
                self._snapshot.make(self.version, _without(copy, ids))

    def purge(self, ids: Sequence[str]) -> None:
        """Writes the table anew, because a deleted row stays in its file until LanceDB finds that worth
        a compaction, and keeps no version of before."""
        with self._writing():
            copy = self.snapshot()
            copy.touch()  # LanceDB can't be asked while it writes
            self._rewrite(_without(copy, ids))
            self._snapshot.remove()

    def tidy(self) -> None:
        """Puts small files together and removes the versions of before that no reader needs any more."""
        with self._writing():
            before = self._in_step()
            if self._compacted(before, 0) and self.version != before:  # else it would be made anew
                self._snapshot.follow(before, self.version)

    def verify(self) -> None:
        """Raises `DamagedIndexError` where table and snapshot differ, or the table holds a picture twice.
        Blocks of the snapshot that are damaged are made again."""
        with self._lock:  # no version may be tidied away while it is read
            copy = self.snapshot()
            copy.look_again()
            rows = damaged = 0
            for ids, vectors in self._parts():
                places, there = located(copy.known, ids)
                rows += len(ids)
                damaged += int((~there).sum()) + int((~_same(copy, places[there], vectors[there])).sum())
            if damaged:
                raise DamagedIndexError(self._place, _are_damaged(damaged, rows))
            if rows != copy.count():
                raise DamagedIndexError(self._place, f"it has {rows:,} vectors of {copy.count():,} pictures")

    def refill(self, blocks: Blocks, damaged: Sequence[int]) -> None:
        """Makes damaged blocks of the snapshot again. Raises `DamagedIndexError` where what the table has
        isn't what was written either."""
        with self._lock:
            log.warning("The snapshot of the vectors is damaged and is made again from the table.")
            if left := blocks.fill(damaged, self._parts()):
                raise DamagedIndexError(self._place, f"{len(left):,} blocks of vectors are damaged")

    def mend(self) -> None:
        """Writes the table anew: what the snapshot has undamaged, and what else the table has. Raises
        `DamagedIndexError` where the table can't be read through."""
        with self._writing():
            old = self._snapshot.newest()
            if old is not None:
                with suppress(DamagedIndexError):
                    old.look_again()  # and fill from the table what can be filled
            before = self.version
            copy = self._snapshot.make(before, self._sound_parts(old))  # first: who kills this loses nothing
            self._rewrite(_without(copy, ()))
            self._snapshot.follow(before, self.version)

    # Reading

    def snapshot(self) -> VectorReader:
        """Made anew only where its files don't follow the table."""
        if (copy := self._snapshot.at(self.version)) is not None:
            return copy
        with self._lock, self._guarded():
            version = self.version
            return self._snapshot.at(version) or self._snapshot.make(version, self._finite_parts())

    @property
    def version(self) -> str:
        """Versions of the table alone begin at 1 again in a table made anew."""
        with self._guarded():
            made = self._table.schema.metadata[b"made"].decode()
            return f"{made}-{self._table.version}"

    # Inside

    def _in_step(self) -> str:
        """The table's version, which the snapshot's files hold from now on."""
        version = self.version
        if self._snapshot.is_due(version):
            self._snapshot.make(version, self._finite_parts())
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
            log.warning("Others have written vectors meanwhile. The snapshot is made again.")
        return told

    def _parts(self) -> Iterator[Part]:
        with self._guarded():
            for batch in self._table.search().select(["id", "vector"]).to_batches(AT_ONCE):
                ids = batch["id"].to_numpy(zero_copy_only=False).astype(ID_TYPE)
                yield ids, batch["vector"].flatten().to_numpy().reshape(-1, self.dimension)

    def _finite_parts(self) -> Iterator[Part]:
        rows = damaged = 0
        for ids, vectors in self._parts():
            rows += len(ids)
            damaged += int((~finite(vectors)).sum())
            yield ids, vectors
        if damaged:  # nothing is made of them then
            raise DamagedIndexError(self._place, _are_damaged(damaged, rows))

    def _sound_parts(self, copy: VectorReader | None) -> Iterator[Part]:
        """What the table has, each as this copy of it holds it, without what is damaged in the copy."""
        sound = np.empty(0, bool) if copy is None else copy.sound()
        for ids, vectors in self._parts():
            kept = finite(vectors)
            if copy is not None:
                places, there = located(copy.known, ids)
                kept[there] = sound[places[there]]
                vectors = vectors.copy()
                vectors[there] = copy.as_they_lie(places[there])
            yield ids[kept], vectors[kept]

    def _rewrite(self, some: Iterable[Part]) -> None:
        """In the place of all there was, of which no version stays."""
        self._table = self._created(some, "overwrite")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that nobody can read an older version is what is wanted
            self._table.optimize(cleanup_older_than=timedelta(0), delete_unverified=True)

    def _created(self, some: Iterable[Part] | None, mode: str = "create") -> lancedb.table.Table:
        # The key as metadata, so that there is no moment when the table is without it.
        key = {"lance-schema:unenforced-primary-key": "true"}
        vectors = pa.field("vector", pa.list_(pa.float16(), self.dimension), nullable=False)
        ids = pa.field("id", pa.string(), nullable=False, metadata=key)
        schema = pa.schema([ids, vectors], metadata={"made": uuid4().hex})

        def batches(some: Iterable[Part]) -> Iterator[pa.RecordBatch]:
            yield pa.RecordBatch.from_pylist([], schema=schema)  # LanceDB takes no table of no batch
            for keys, vectors in some:
                yield from self._arrow(_text(keys), vectors, schema).to_batches()

        data = None if some is None else batches(some)
        return self._database.create_table(self.fingerprint, data, schema=schema, mode=mode)

    def _open(self) -> lancedb.table.Table:
        """The table. One that is gone begins with what is sound in its snapshot."""
        if (table := self._opened()) is not None:
            return table
        with self._lock:  # and who waited for it may find the table that somebody else has begun
            table = self._opened()
            if table is None:  # an empty table is false
                copy = self._snapshot.newest()
                table = self._created(None if copy is None else _sound_in(copy))
            return table

    def _opened(self) -> lancedb.table.Table | None:
        try:
            return self._database.open_table(self.fingerprint)
        except ValueError as error:
            if "was not found" not in str(error):
                raise
            return None

    def _checked(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> tuple[list[str], Keys, Halves]:
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
        if not finite(stored).all():
            raise ValueError("A vector has numbers that are not finite in float16.")
        return list(last), keys, stored

    def _arrow(self, ids: Sequence[str], vectors: Halves, schema: pa.Schema) -> pa.Table:
        columns = [
            pa.array(ids, pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self.dimension),
        ]
        return pa.table(columns, schema=schema)

    @property
    def _place(self) -> Path | str:
        return self._bucket.uri if self._bucket else self._folder

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Alone."""
        with self._lock, self._guarded():
            yield

    def _guarded(self) -> AbstractContextManager[None]:
        return guarded(self._folder, self._bucket)


def dimension_of(folder: Path, fingerprint: str, bucket: BucketTables | None = None) -> int:
    """How many numbers each vector of a table has."""
    with guarded(folder, bucket, opening=True):
        table = _connected(folder, bucket).open_table(fingerprint)
        return int(table.schema.field("vector").type.list_size)


def remove_table(folder: Path, fingerprint: str, bucket: BucketTables | None = None) -> None:
    """Takes away a table that can't be read any more. Its snapshot stays."""
    folder.mkdir(parents=True, exist_ok=True)
    with WritersTurn(folder, fingerprint, bucket):
        if bucket is not None:
            bucket.remove(fingerprint)
        else:
            shutil.rmtree(folder / f"{fingerprint}{LANCE}", ignore_errors=True)


def finite(vectors: Halves) -> Flags:
    """(n,) whether each vector (n, d) consists of numbers alone."""
    if not vectors.size:
        return np.ones(len(vectors), bool)
    largest = (vectors.view(np.uint16) & _EXPONENT).max(axis=1)
    return np.asarray(largest < _EXPONENT)


def _connected(folder: Path, bucket: BucketTables | None) -> lancedb.DBConnection:
    at, options = (folder, None) if bucket is None else (bucket.uri, buckets.options())
    return lancedb.connect(at, storage_options=options, read_consistency_interval=timedelta(0))


def _are_damaged(damaged: int, of: int) -> str:
    return f"{damaged:,} of {of:,} vectors {'is' if damaged == 1 else 'are'} damaged"


def _without(copy: VectorReader, ids: Sequence[str]) -> Iterator[Part]:
    """What a snapshot has besides these."""
    gone = PictureIds.of(ids)
    for some, vectors in copy.batches():
        kept = some.without(gone).rows_in(some.keys)
        yield some.keys[kept], vectors[kept]


def _sound_in(copy: VectorReader) -> Iterator[Part]:
    sound = copy.sound()
    for places in parts(len(copy.known), AT_ONCE):
        some = places[sound[places]]
        yield copy.known[some], copy.as_they_lie(some)


def _same(copy: VectorReader, places: Rows, vectors: Halves) -> Flags:
    """(n,) whether the vectors at these places are these (n, d), to the last bit."""
    held = copy.as_they_lie(places)
    return np.asarray((held.view(np.uint16) == vectors.view(np.uint16)).all(axis=1))


def _text(keys: Keys) -> list[str]:
    return [key.decode() for key in keys.tolist()]
