"""The vectors of one encoder as a LanceDB table, read through a memory-mapped copy of it."""

from __future__ import annotations

import logging
import shutil
import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import lancedb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from storage import buckets
from storage.errors import DamagedIndexError, DiskFullError, NoPermissionError, ReadOnlyError, StorageError
from storage.vectors.digests import Digests, digests_of, finite
from storage.vectors.ids import AT_ONCE, ID_TYPE, Flags, Halves, Keys, checked, encoded, located
from storage.vectors.matrix import Matrix
from storage.vectors.reader import VectorReader
from storage.vectors.tables import LANCE, BucketTables, WritersTurn, guarded

COMPACT_AFTER = 50  # small files; each write adds one
ROWS_A_FILE = 2_000  # to compact writes all rows anew: in a large table it waits for as many more files
KEEP_VERSIONS = timedelta(minutes=1)  # whoever reads the table itself holds the lock; others read the copy

GIVEN_AT_ONCE = 100_000  # digests: LanceDB writes whole rows anew for them
DIGEST = pa.field("digest", pa.uint32())  # null in rows that were written before there were any

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Part:
    """Rows as they lie in the table: ids (n,), vectors (n, d); `digests` (n,) say nothing where not `known`
    (n,). `sound` (n,): finite, and the digest, where it is known, is right."""

    ids: Keys
    vectors: Halves
    digests: Digests
    known: Flags
    sound: Flags


class LanceIndex:
    """Written to LanceDB, read from the copy, which follows whenever the table has changed.

    Writers of all processes queue for one lock, because concurrent upserts can leave duplicates in LanceDB
    without an error. Readers take the lock only to bring the copy up to date.
    """

    def __init__(
        self,
        folder: Path,
        fingerprint: str,
        dimension: int,
        bucket: BucketTables | None = None,
        matrix: Matrix | None = None,
    ) -> None:
        """The table is in the folder, or in a bucket; the copy (`matrix`) and a lock are in the folder."""
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder = folder
        self._bucket = bucket
        self._matrix = matrix or Matrix(folder / f"{fingerprint}.matrix", dimension)
        self._newest: VectorReader | None = None
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
        digests = digests_of(keys, stored)
        with self._writing():
            self._add_digest_column()
            before = self._in_step()
            with ThreadPoolExecutor(1) as beside:
                laid = beside.submit(self._matrix.lay, before, stored, digests)  # while LanceDB writes them
                # Where the copy doesn't know, the table is asked.
                if self._matrix.held(before, keys) != set():
                    self._upsert(written, stored, digests)
                else:
                    rows = self._arrow(written, stored, digests, self._table.schema)
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
        with self._writing():
            before = self._in_step()
            batches = [list(ids[start : start + AT_ONCE]) for start in range(0, len(ids), AT_ONCE)]
            for some in batches:
                self._table.delete(lancedb.col("id").isin(some))
            if self._has_committed(before, len(batches)):
                self._matrix.append(before, self.version, gone=encoded(list(ids)))

    def purge(self, ids: Sequence[str]) -> None:
        """Writes the table anew, because a deleted row stays in its file until LanceDB finds that worth
        a compaction, and keeps no version of before."""
        gone = set(ids)
        with self._writing():
            copy = self._sound_copy()  # LanceDB can't be asked while it writes
            schema = self._schema()

            def kept() -> Iterator[pa.RecordBatch]:
                yield pa.RecordBatch.from_pylist([], schema=schema)  # LanceDB takes no table of no batch
                for ids_of_some, vectors in copy.batches():
                    some = list(ids_of_some)
                    rows = [row for row, picture_id in enumerate(some) if picture_id not in gone]
                    if rows:
                        left, keys, stored = self._checked([some[row] for row in rows], vectors[rows])
                        yield from self._arrow(left, stored, digests_of(keys, stored), schema).to_batches()

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
        with self._writing():
            before = self._in_step()
            if self._compacted(before, 0) and self.version != before:  # else the copy would be made anew
                self._matrix.append(before, self.version)

    def verify(self) -> bool:
        """Whether the copy is what the table holds: else it is made again. Gives vectors without a digest
        theirs. Raises `DamagedIndexError` where the table holds a picture twice or a vector is damaged."""
        with self._lock:  # no version may be tidied away while it is read
            copy = self.snapshot()
            self._refuse_twice(copy)
            rows = damaged = without = 0
            is_copied = copy.has_digests and copy.is_sound() and not any(self._matrix.changed())
            for part in self._parts():
                wrong, same = self._compared(part, copy)
                rows += len(part.ids)
                damaged += int(wrong.sum())
                without += int((~part.known).sum())
                is_copied &= bool(same.all())
            if damaged:
                raise DamagedIndexError(self._place, _are_damaged(damaged, rows))
            is_copied &= rows == copy.count()
            if not is_copied:
                log.warning("The copy of the vectors for reading differs from them and is made again.")
                self._make_copy_again()
            with suppress(DiskFullError, ReadOnlyError, NoPermissionError), self._writing():  # it can wait
                if without:
                    self._give_digests()
            return is_copied

    def mend(self) -> None:
        """Takes damaged vectors out, and puts in their place what the copy has of them undamaged. Raises
        `DamagedIndexError` where the table can't be read through."""
        with self._writing():
            copy = self._matrix.at(self.version) or self._matrix.newest()
            if copy is not None:
                self._refuse_twice(copy)
            lost: set[bytes] = set()
            whole: list[tuple[Keys, Halves]] = []
            for part in self._parts():
                wrong = self._compared(part, copy)[0] if copy else ~part.sound
                lost.update(part.ids[wrong].tolist())
                if copy is not None and wrong.any():
                    whole.append(_undamaged(part, wrong, copy))
            self._add_digest_column()
            for ids, vectors in whole:  # first, and the copy last: whoever kills this loses nothing
                self._upsert([key.decode() for key in ids.tolist()], vectors, digests_of(ids, vectors))
                lost.difference_update(ids.tolist())
            out = [key.decode() for key in lost]
            for start in range(0, len(out), AT_ONCE):
                self._table.delete(lancedb.col("id").isin(out[start : start + AT_ONCE]))
            self._make_copy_again()

    # Reading

    def snapshot(self) -> VectorReader:
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

    def _brought_up_to_date(self) -> VectorReader:
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

    def _compared(self, part: _Part, copy: VectorReader) -> tuple[Flags, Flags]:
        """(n,) which rows of the table are damaged, and (n,) which the copy has the same. A vector without a
        digest counts as damaged, too, where that of the copy differs and may be the right one."""
        places, there = located(copy.known, part.ids)
        same = there.copy()
        held = copy.halves(places[there])
        same[there] = (held.view(np.uint16) == part.vectors[there].view(np.uint16)).all(axis=1)
        unclear = there & ~same & part.sound & ~part.known
        if unclear.any():
            unclear[unclear] = copy.sound(places[unclear])
        return ~part.sound | unclear, same

    def _refuse_twice(self, copy: VectorReader) -> None:
        """A copy whose ids are damaged says nothing of the table: then their digests are wrong."""
        places = np.flatnonzero(copy.known[1:] == copy.known[:-1])
        if len(places) and copy.sound(places).any():
            raise DamagedIndexError(self._place, "a picture is in it twice")

    def _upsert(self, ids: Sequence[str], vectors: Halves, digests: Digests) -> None:
        upsert = self._table.merge_insert("id").when_matched_update_all()
        rows = self._arrow(ids, vectors, digests, self._table.schema)
        upsert.when_not_matched_insert_all().execute(rows)

    def _sound_copy(self) -> VectorReader:
        """To be written into the table. One without digests is compared with the table first."""
        if not self.snapshot().has_digests:
            self.verify()
        copy = self.snapshot()
        if not copy.is_sound():
            log.warning("The copy of the vectors for reading is damaged and is made again.")
            copy = self._make_copy_again()
        return copy

    def _make_copy_again(self) -> VectorReader:
        self._matrix.remove()
        self._newest = None
        return self.snapshot()

    def _made(self, version: str) -> VectorReader:
        def parts() -> Iterator[tuple[Keys, Halves]]:
            for part in self._parts():
                if damaged := int((~part.sound).sum()):
                    raise DamagedIndexError(self._place, _are_damaged(damaged, len(part.ids)))
                yield part.ids, part.vectors

        return self._matrix.make(version, parts())

    def _parts(self) -> Iterator[_Part]:
        has_digests = DIGEST.name in self._table.schema.names
        columns = ["id", "vector", *([DIGEST.name] if has_digests else [])]
        with self._guarded():
            for batch in self._table.search().select(columns).to_batches(AT_ONCE):
                ids = batch["id"].to_numpy(zero_copy_only=False).astype(ID_TYPE)
                vectors = batch["vector"].flatten().to_numpy().reshape(-1, self.dimension)
                digests, known = np.zeros(len(ids), np.uint32), np.zeros(len(ids), bool)
                if has_digests:
                    known = batch[DIGEST.name].is_valid().to_numpy(zero_copy_only=False)
                    digests = batch[DIGEST.name].fill_null(0).to_numpy()
                right = ~known | (digests_of(ids, vectors) == digests)
                yield _Part(ids, vectors, digests, known, finite(vectors) & right)

    def _add_digest_column(self) -> None:
        """To a table that was begun before there were digests."""
        if DIGEST.name not in self._table.schema.names:
            before = self.version
            self._table.add_columns(DIGEST)
            if self._has_committed(before, 1):
                self._matrix.append(before, self.version)  # no vector has changed

    def _give_digests(self) -> None:
        """To vectors that were written before there were any, and that were just compared with their copy."""
        with self._guarded():
            self._add_digest_column()
            schema = pa.schema([self._table.schema.field("id"), DIGEST])
            ids, digests = [], []
            for part in self._parts():
                ids.append(part.ids[~part.known])
                digests.append(digests_of(ids[-1], part.vectors[~part.known]))
            without, their = np.concatenate(ids), np.concatenate(digests)
            before = self.version
            for start in range(0, len(without), GIVEN_AT_ONCE):
                some = slice(start, start + GIVEN_AT_ONCE)
                columns = [pa.array(without[some].astype(str)), pa.array(their[some])]
                update = self._table.merge_insert("id").when_matched_update_all()
                update.execute(pa.table(columns, schema=schema))
            if self._has_committed(before, -(-len(without) // GIVEN_AT_ONCE)):
                self._matrix.append(before, self.version)

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
                DIGEST,
            ],
            metadata={"made": uuid4().hex},
        )

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

    def _arrow(self, ids: Sequence[str], vectors: Halves, digests: Digests, schema: pa.Schema) -> pa.Table:
        columns = [
            pa.array(ids, pa.string()),
            pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), self.dimension),
            pa.array(digests),
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


def _are_damaged(damaged: int, of: int) -> str:
    return f"{damaged:,} of {of:,} vectors {'is' if damaged == 1 else 'are'} damaged"


def _undamaged(part: _Part, wrong: Flags, copy: VectorReader) -> tuple[Keys, Halves]:
    """Ids and vectors: what the copy has of the damaged rows of a part and is as it was written, by its own
    digest or by that of the table."""
    places, there = located(copy.known, part.ids)
    rows = np.flatnonzero(wrong & there)
    held = copy.halves(places[rows])
    right = copy.sound(places[rows])
    if not copy.has_digests:
        right &= part.known[rows] & (digests_of(part.ids[rows], held) == part.digests[rows])
    return part.ids[rows[right]], held[right]
