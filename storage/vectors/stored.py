"""The vectors of one encoder on disk, read without LanceDB as long as nothing was written.

LanceDB takes a second to load, which a command that only reads shouldn't wait for.
"""

from __future__ import annotations

import contextlib
import hashlib
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from storage.errors import DamagedIndexError
from storage.files import write_whole
from storage.vectors.graph import KeptGraph
from storage.vectors.ids import ID_TYPE, PictureIds
from storage.vectors.map import KeptMap
from storage.vectors.reader import VectorReader
from storage.vectors.snapshot import MADE_FROM, Blocks, Snapshot
from storage.vectors.tables import LANCE, BucketTables

if TYPE_CHECKING:
    from storage.vectors.table import LanceIndex

ASK_AFTER = 1.0  # seconds between two questions to a bucket: one takes as long as a key press may
MOST = 2.0  # times what the vectors themselves take, in the table or in its copy
SPARE = 64 * 1024**2  # bytes that are never too much


@dataclass(frozen=True)
class DiskUse:
    """Bytes: `table` with its versions of before, the `copy` that is read, the `graph` with its map, and
    what is there of `others`, encoders the library had. `least`: what the vectors themselves take, once."""

    table: int
    copy: int
    graph: int
    others: int
    least: int

    @property
    def is_too_much(self) -> bool:
        return max(self.table, self.copy) > MOST * self.least + SPARE


@dataclass
class PurgedVectors:
    """How many there were, in the `tables` of how many encoders, each written anew."""

    vectors: int = 0
    tables: int = 0


def tables_in(folder: Path, bucket: BucketTables | None = None) -> list[tuple[str, int]]:
    """(fingerprint, dimension) of every encoder that has vectors here."""
    from storage.vectors.table import dimension_of  # loads LanceDB

    if bucket is not None:
        names = bucket.fingerprints()
    else:
        names = [table.name.removesuffix(LANCE) for table in sorted(folder.glob(f"*{LANCE}"))]
    return [(name, dimension_of(folder, name, bucket)) for name in names]


class StoredIndex:
    """The LanceDB table, which is written, and its memory-mapped copy, which is read alone where the table's
    files say that it is still the newest. Readers see what every process has written up to then. Everything
    in it can be made again from SQL and the pictures.

    Every commit of LanceDB adds a file to the table's folder `_versions` (its published format), so equal
    names there mean an equal table. Where that can't be seen the table is asked. One in a bucket is asked at
    most once a second, so that what others write there is seen a second later; what is written here, at once.
    """

    def __init__(
        self, folder: Path, fingerprint: str, dimension: int, bucket: BucketTables | None = None
    ) -> None:
        """As `LanceIndex` takes them."""
        self.fingerprint = fingerprint
        self.dimension = dimension
        self._folder = folder
        self._bucket = bucket
        self._snapshot = Snapshot(folder / f"{fingerprint}.snapshot", dimension, self._refill)
        self._refused: tuple[str, DamagedIndexError] | None = None  # a snapshot with a block that is lost
        self._newest: tuple[str, VectorReader] | None = None  # the table's state, and the copy of it
        self._asked = -math.inf  # when a table in a bucket was last asked for its state
        self.graph = KeptGraph(folder / f"{fingerprint}.graph", self.snapshot)
        self.map = KeptMap(folder / f"{fingerprint}.map")

    # Writing

    def write(self, ids: Sequence[str], vectors: NDArray[np.floating]) -> None:
        self._table.write(ids, vectors)
        self._asked = -math.inf

    def delete(self, ids: Sequence[str]) -> None:
        self._table.delete(ids)
        self._asked = -math.inf

    def tidy(self) -> None:
        """Removes what only older versions have. Readers see no difference."""
        self._table.tidy()

    def disk(self, vectors: int) -> DiskUse:
        """`vectors`: how many there are. What a bucket holds of other encoders isn't counted."""
        name, bucket = self.fingerprint, self._bucket
        kinds = {kind: _bytes_in(self._folder / f"{name}.{kind}") for kind in ("lance", "snapshot", "graph")}
        kinds["graph"] += self.map.bytes
        return DiskUse(
            table=kinds["lance"] if bucket is None else bucket.bytes_of(name),
            copy=kinds["snapshot"],
            graph=kinds["graph"],
            others=_bytes_in(self._folder) - sum(kinds.values()),
            least=vectors * (self.dimension * np.dtype(np.float16).itemsize + ID_TYPE.itemsize),
        )

    def purge(self, ids: Sequence[str]) -> int:
        """Leaves nothing of these pictures; says how many were there. The graph has to be made anew."""
        self.graph.remove()
        self.map.purge(ids)
        there = len(set(ids)) - len(self.missing(ids))
        if there:
            self._newest = None  # else its mapped file stays open
            self._table.purge(ids)
            self._asked = -math.inf
        return there

    def verify(self) -> None:
        """Looks through the vectors. What was damaged of their snapshot is made again. Raises
        `DamagedIndexError` where the table is damaged, too."""
        self._newest = self._refused = None
        try:
            self._table.verify()
        except DamagedIndexError:
            self._reopen()
            raise

    def remake(self) -> None:
        """Writes the table anew in its place where it can be read through. Else it begins anew with what is
        sound in the newest snapshot: that holds what the table held when it was made. One that is killed
        before the table is there leaves the snapshot, for the next."""
        from storage.vectors.table import LanceIndex, remove_table

        try:
            self._table.mend()
        except DamagedIndexError:
            self._reopen()
            remove_table(self._folder, self.fingerprint, self._bucket)
            self._table = LanceIndex(
                self._folder, self.fingerprint, self.dimension, self._bucket, self._snapshot
            )
        self._newest = self._refused = None

    # Reading

    def snapshot(self) -> VectorReader:
        try:
            return self._current() or self._made()
        except DamagedIndexError:
            self._reopen()
            raise

    @property
    def version(self) -> str:
        return self.snapshot().version

    @property
    def ids(self) -> PictureIds:
        return self.snapshot().ids

    def count(self) -> int:
        return self.snapshot().count()

    def missing(self, ids: Sequence[str]) -> list[str]:
        return self.snapshot().missing(ids)

    # Inside

    @cached_property
    def _table(self) -> LanceIndex:
        from storage.vectors.table import LanceIndex  # loads LanceDB

        is_there = self._bucket.has(self.fingerprint) if self._bucket else self._table_folder.exists()
        kept = None if is_there else self._snapshot.newest()
        if kept is not None and len(kept.ids):
            place = self._bucket.uri if self._bucket else self._folder
            raise DamagedIndexError(place, "its table is gone, a copy of it is there")
        return LanceIndex(self._folder, self.fingerprint, self.dimension, self._bucket, self._snapshot)

    def _reopen(self) -> None:
        """What is damaged may be made anew by another process: the next read looks at it afresh."""
        self.__dict__.pop("_table", None)

    @property
    def _made_from(self) -> Path:
        """The state of the table that the snapshot is of, and its version."""
        return self._snapshot.folder / MADE_FROM

    def _refill(self, blocks: Blocks, damaged: Sequence[int]) -> None:
        """Where that fails, every read is refused until the table was mended."""
        try:
            self._table.refill(blocks, damaged)
        except DamagedIndexError as error:
            self._refused = self._snapshot.name, error
            raise

    def _current(self) -> VectorReader | None:
        """The snapshot of the table as it is now; None where there is none, or where that can't be told."""
        if self._refused is not None and self._refused[0] == self._snapshot.name:
            raise self._refused[1]
        state = self._state()
        if self._newest and self._newest[0] == state:
            return self._newest[1]
        if state is None or self._bucket is not None:
            return None
        with contextlib.suppress(OSError):
            noted, _, version = self._made_from.read_bytes().decode("ascii", "replace").partition(" ")
            if noted == state and (copy := self._snapshot.at(version)):
                self._newest = state, copy
                return copy
        return None

    def _made(self) -> VectorReader:
        """The copy that the table makes or has, and a note of the table's state beside it."""
        self._asked = time.monotonic()
        before = self._state()
        copy = self._table.snapshot()
        if before is not None and before == self._state():
            self._newest = before, copy
            if self._bucket is None:
                with contextlib.suppress(OSError):
                    write_whole(self._made_from, f"{before} {copy.version}".encode())
        return copy

    def _state(self) -> str | None:
        """The names of the table's versions, and when the first and last of them were written: a table made
        anew counts its versions from 1 again. None without a table. In a bucket, where times are whole
        seconds, it says when it was asked last; None where that was long ago, or before a write from here."""
        if self._bucket is not None:
            return repr(self._asked) if time.monotonic() - self._asked < ASK_AFTER else None
        versions = self._table_folder / "_versions"
        try:
            manifests = sorted(versions.glob("*.manifest"))
            files = [manifests[0].stat(), manifests[-1].stat()]
        except (OSError, IndexError):
            return None
        names = [manifest.name for manifest in manifests]
        written = [(file.st_mtime_ns, file.st_ino, file.st_size) for file in files]
        return hashlib.sha256(repr((names, written)).encode()).hexdigest()

    @property
    def _table_folder(self) -> Path:
        return self._folder / f"{self.fingerprint}{LANCE}"


def _bytes_in(folder: Path) -> int:
    """Total size in bytes. Files and folders that disappear in the meantime are skipped."""
    found = 0
    for inner, _, files in os.walk(folder):  # which passes over a folder that is gone
        for name in files:
            with contextlib.suppress(FileNotFoundError):
                found += Path(inner, name).stat().st_size
    return found
