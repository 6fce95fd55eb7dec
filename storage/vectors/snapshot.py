"""The snapshot of a table of vectors that readers map into memory.

    <name>.vectors   every vector in the order of coming, in half precision; only ever appended to
    <name>.ids       whose each is; the last of equal ones counts
    <name>.log       a line for each version of the table: its CRC-32, and as JSON the version, how many rows
                     there are, and the CRC-32 of the ids and of each block of vectors that came with it

A write therefore costs no more than the new vectors. After a killed write or damage, the log doesn't end at
the table's version, and the snapshot is made again from the table. Each block of vectors is compared with its
CRC-32 when it is first read.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from storage.vectors.ids import ID_TYPE, Flags, Halves, Keys, Rows, located, order_of
from storage.vectors.reader import VectorReader

BLOCK = 4096  # rows, at most
FEW = 50_000  # ids that are looked up one by one, and rows that may be of before
VECTORS, IDS, LOG = ".vectors", ".ids", ".log"
MADE_FROM = "made-from"  # the state of the table that it is a copy of, as `storage.vectors.stored` notes it
NONE = np.empty(0, ID_TYPE)

Part = tuple[Keys, Halves]  # ids (n,) and their vectors (n, d)
Refill = Callable[["Blocks", Sequence[int]], None]

_UNREADABLE = (OSError, ValueError, KeyError, TypeError)


class Blocks:
    """The blocks of one snapshot's vectors. Each is compared with its digest when it is first read."""

    def __init__(
        self,
        file: Path,
        ids: Keys,
        vectors: Halves,
        stops: Sequence[int],
        digests: Sequence[int],
        seen: set[int],
        refill: Refill,
    ) -> None:
        """ids (m,) and vectors (m, d) in the order of coming. Block i ends before row stops[i]. `seen` blocks
        were compared, of an earlier state of the file too. `refill` makes blocks again or raises."""
        self._file = file
        self._ids, self._vectors = ids, vectors
        self._stops = np.array(stops, np.int64)
        self._digests = list(digests)
        self._seen = seen
        self._refill = refill
        self._whole = False

    def touch(self, rows: NDArray[np.integer] | slice | None) -> None:
        """Compares the blocks of these rows. Raises `DamagedIndexError` where one can't be made again."""
        if self._whole:
            return
        if rows is not None and not isinstance(rows, slice) and len(rows) > len(self._ids) // 8:
            rows = None
        new = [block for block in self._of(rows) if block not in self._seen]
        if new and (damaged := self.damaged(new)):
            self._refill(self, damaged)
        self._seen.update(new)
        self._whole = rows is None or self._seen.issuperset(range(len(self._stops)))

    def look_again(self) -> None:
        """Compare every block again."""
        self._seen.clear()
        self._whole = False
        self.touch(None)

    def damaged(self, blocks: Iterable[int] | None = None) -> list[int]:
        """Return the blocks, of these or of all, that differ from their digest."""
        some = list(range(len(self._stops)) if blocks is None else blocks)

        def is_damaged(block: int) -> bool:
            return digest_of(self._vectors[self._rows(block)]) != self._digests[block]

        if len(some) < 2:
            return [block for block in some if is_damaged(block)]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            return [block for block, wrong in zip(some, pool.map(is_damaged, some), strict=True) if wrong]

    def are_sound(self, rows: Rows) -> Flags:
        """Return (n,) whether the block of each row matches its digest."""
        return ~np.isin(np.searchsorted(self._stops, rows, side="right"), self.damaged())

    def fill(self, damaged: Sequence[int], parts: Iterable[Part]) -> list[int]:
        """Fill these blocks from the table's parts, and return the ones that still differ."""
        rows = np.concatenate([np.arange(self._first(block), self._stops[block]) for block in damaged])
        order = order_of(self._ids[rows])
        keys, new = self._ids[rows][order], np.array(self._vectors[rows])
        for ids, vectors in parts:
            places, there = located(keys, ids)
            new[order[places[there]]] = vectors[there]
        left, start = [], 0
        with self._file.open("r+b") as file:
            for block in damaged:
                stop = start + int(self._stops[block]) - self._first(block)
                if digest_of(new[start:stop]) == self._digests[block]:
                    file.seek(self._first(block) * new.itemsize * new.shape[1])
                    file.write(_bytes_of(new[start:stop]))
                else:
                    left.append(block)
                start = stop
        return left

    def _of(self, rows: NDArray[np.integer] | slice | None) -> Iterable[int]:
        if rows is None:
            return range(len(self._stops))
        if isinstance(rows, slice):
            first, last = np.searchsorted(self._stops, (rows.start, rows.stop - 1), side="right")
            return range(int(first), min(int(last) + 1, len(self._stops)))
        return np.unique(np.searchsorted(self._stops, rows, side="right")).tolist()  # type: ignore[no-any-return]

    def _first(self, block: int) -> int:
        return int(self._stops[block - 1]) if block else 0

    def _rows(self, block: int) -> slice:
        return slice(self._first(block), int(self._stops[block]))


@dataclass
class _State:
    """What the log of a snapshot says up to a place in it."""

    name: str
    read: int = 0  # bytes of the log
    version: str = ""
    stops: list[int] = field(default_factory=list)
    digests: list[int] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)  # blocks
    # Of the first `sorted` rows the ids, ascending, and the row of each. Other ids of the next, to `listed`.
    known: Keys = field(default_factory=lambda: NONE)
    known_rows: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, np.int32))
    sorted: int = 0
    later: set[bytes] = field(default_factory=set)
    listed: int = 0

    reader: VectorReader | None = None  # of this version

    @property
    def rows(self) -> int:
        return self.stops[-1] if self.stops else 0


@dataclass(frozen=True)
class Laid:
    """Vectors that were put behind those of a version, where nothing reads them until `append` says whose
    they are."""

    version: str
    digests: list[int]


class Snapshot:
    """One process at a time writes, the one that holds the table's lock; any may read."""

    def __init__(self, folder: Path, dimension: int, refill: Refill) -> None:
        """`refill` makes damaged blocks again, or raises `DamagedIndexError`."""
        self.folder = folder
        self._dimension = dimension
        self._refill = refill
        self._state: _State | None = None
        self._alone = threading.RLock()  # a job writes while requests read

    # Reading

    @property
    def name(self) -> str:
        """Another one whenever it was made anew; nothing where there is none."""
        state = self._newest()
        return state.name if state else ""

    def at(self, version: str) -> VectorReader | None:
        """None where the files don't hold this version."""
        state = self._at(version)
        return None if state is None else self._reader(state)

    def newest(self) -> VectorReader | None:
        """The newest that can be read, whatever the table says."""
        state = self._newest()
        return None if state is None else self._reader(state)

    def held(self, version: str, ids: Keys) -> set[bytes] | None:
        """Those of these that have a vector in this version; None where the files don't hold it."""
        state = self._at(version)
        if state is None:
            return None
        wanted = ids[order_of(ids)]
        with self._alone:
            self._list(state)
            _, there = located(state.known, wanted)
            known: set[bytes] = set(wanted[there].tolist())
            return known | (state.later & set(ids.tolist()))

    # Writing

    def is_due(self, version: str) -> bool:
        """Whether it has to be made: where its files don't hold this version, or most rows have given way to
        later ones."""
        state = self._at(version)
        if state is None:
            return True
        with self._alone:
            self._list(state)
            return state.rows > 2 * (len(state.known) + len(state.later)) + FEW

    def lay(self, before: str, vectors: Halves) -> Laid | None:
        """Puts vectors (n, d) behind those of version `before`. None where the files don't hold that."""
        state = self._at(before)
        if state is None:
            return None
        with self._file(state, VECTORS).open("r+b") as file:
            file.seek(state.rows * self._dimension * vectors.itemsize)
            file.write(_bytes_of(vectors))
        return Laid(before, [digest_of(vectors[start : start + BLOCK]) for start in _starts(len(vectors))])

    def append(self, laid: Laid | None, after: str, ids: Keys = NONE) -> None:
        """What made version `after` of the table: row i of what was laid is that of ids[i]."""
        state = None if laid is None else self._at(laid.version)
        if laid is None or state is None:
            return
        with self._file(state, IDS).open("r+b") as file:
            file.seek(state.rows * ID_TYPE.itemsize)
            file.write(_bytes_of(ids))
        with self._file(state, LOG).open("r+b") as log:
            log.seek(state.read)
            log.truncate()  # half a line of a killed process
            log.write(_line(after, state.rows, ids, laid.digests))
        self._follow(state)

    def follow(self, before: str, after: str) -> None:
        """The table has another version and the same vectors."""
        self.append(Laid(before, []), after)

    def make(self, version: str, parts: Iterable[Part]) -> VectorReader:
        """Anew, of ids (k,) and their vectors (k, d) that come in parts. Every other one goes, and with them
        what a killed process left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        state = _State(f"{time.time_ns():020}-{uuid4().hex[:8]}")
        digests: list[int] = []
        known, rows = [NONE], 0
        try:
            with self._file(state, VECTORS).open("wb") as file, self._file(state, IDS).open("wb") as beside:
                for ids, vectors in parts:
                    file.write(_bytes_of(vectors))
                    known.append(ids.astype(ID_TYPE))
                    beside.write(_bytes_of(known[-1]))
                    rows += len(ids)
                for written in (file, beside):
                    written.flush()
                    os.fsync(written.fileno())
            vectors = self._mapped(state, rows)
            digests = [digest_of(vectors[start : start + BLOCK]) for start in _starts(rows)]
            unfinished = self.folder / f"{state.name}.unfinished"
            unfinished.write_bytes(_line(version, 0, np.concatenate(known), digests))
            unfinished.rename(self._file(state, LOG))
        except BaseException:
            for file_of_it in self.folder.glob(f"{state.name}.*"):
                file_of_it.unlink(missing_ok=True)
            raise
        for other in self.folder.iterdir():
            if other.name != MADE_FROM and not other.name.startswith(state.name):
                other.unlink(missing_ok=True)
        self._follow(state)
        self._state = state
        return self._reader(state)

    def remove(self) -> None:
        self._state = None
        shutil.rmtree(self.folder, ignore_errors=True)

    # Inside

    def _at(self, version: str) -> _State | None:
        state = self._newest()
        return state if state is not None and state.version == version else None

    def _newest(self) -> _State | None:
        with contextlib.suppress(*_UNREADABLE):
            name = max(file.stem for file in self.folder.glob(f"*{LOG}"))
            state = self._state
            if state is None or state.name != name:
                state = _State(name)
            self._follow(state)
            self._state = state if state.version else None
            return self._state
        self._state = None
        return None

    def _follow(self, state: _State) -> None:
        """Reads the log from where it was read to, as far as it and the ids are as they were written."""
        with self._alone, self._file(state, LOG).open("rb") as log:
            log.seek(state.read)
            for line in log:
                said, _, written = line.partition(b" ")
                if not written.endswith(b"\n") or f"{crc32(written):08x}".encode() != said:
                    break
                noted: dict[str, Any] = json.loads(written)
                first, rows = state.rows, int(noted["rows"])
                if crc32(_bytes_of(self._ids(state, rows)[first:])) != noted["ids"]:
                    break
                if rows * self._dimension * 2 > self._file(state, VECTORS).stat().st_size:
                    break
                state.stops += [min(first + start + BLOCK, rows) for start in _starts(rows - first)]
                state.digests += noted["digests"]
                state.version = noted["version"]
                state.reader = None
                state.read += len(line)

    def _list(self, state: _State) -> None:
        """Brings what is known of ids up to the rows there are. To be called alone."""
        if state.listed == state.rows:
            return
        ids = self._ids(state, state.rows)
        if state.rows - state.sorted > max(FEW, state.sorted // 2):
            state.known_rows = _last_of_each(ids).astype(np.int32)
            state.known = ids[state.known_rows]
            state.sorted, state.later = state.rows, set()
        else:
            new = ids[state.listed :]
            new = new[order_of(new)]  # in order they are found in a third of the time
            _, there = located(state.known, new)
            state.later.update(new[~there].tolist())
        state.listed = state.rows

    def _reader(self, state: _State) -> VectorReader:
        with self._alone:
            if state.reader is not None:
                return state.reader
            self._list(state)
            ids, vectors = self._ids(state, state.rows), self._mapped(state, state.rows)
            file = self._file(state, VECTORS)
            blocks = Blocks(file, ids, vectors, state.stops, state.digests, state.seen, self._refill)
            known, rows = state.known, state.known_rows
            if state.rows > state.sorted:
                later = ids[state.sorted :]
                last = _last_of_each(later)
                new, new_rows = later[last], (last + state.sorted).astype(np.int32)
                places, there = located(known, new)
                rows = rows.copy()
                rows[places[there]] = new_rows[there]
                at = np.searchsorted(known, new[~there])
                known, rows = np.insert(known, at, new[~there]), np.insert(rows, at, new_rows[~there])
            state.reader = VectorReader(state.version, known, vectors, rows, blocks)
            return state.reader

    def _file(self, state: _State, kind: str) -> Path:
        return self.folder / f"{state.name}{kind}"

    def _ids(self, state: _State, rows: int) -> Keys:
        """Raises `ValueError` where the file is shorter."""
        return np.asarray(np.memmap(self._file(state, IDS), ID_TYPE, "r", shape=(rows,)) if rows else NONE)

    def _mapped(self, state: _State, rows: int) -> Halves:
        if not rows:
            return np.empty((0, self._dimension), np.float16)
        return np.memmap(self._file(state, VECTORS), np.float16, "r", shape=(rows, self._dimension))


def digest_of(vectors: Halves) -> int:
    return crc32(_bytes_of(vectors))


def _bytes_of(array: NDArray[Any]) -> Any:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _starts(count: int) -> Iterator[int]:
    return iter(range(0, count, BLOCK))


def _line(version: str, before: int, ids: Keys, digests: Sequence[int]) -> bytes:
    rows, of_ids = before + len(ids), crc32(_bytes_of(ids))
    noted = {"version": version, "rows": rows, "ids": of_ids, "digests": digests}
    written = json.dumps(noted).encode() + b"\n"
    return f"{crc32(written):08x} ".encode() + written


def _last_of_each(ids: Keys) -> Rows:
    """The rows of all ids in ascending order, of equal ones the last."""
    order = order_of(ids)
    if len(order) < 2:
        return order
    following = ids[order]
    last = np.append(following[1:] != following[:-1], True)
    return order if last.all() else order[last]
