"""The files of the copy that is read: as the table grows they grow, and nothing in them is moved.

    vectors-<name>            every vector in the order of coming, half precision; only ever appended to
    digests-<name>            the digest of each; copies that were begun before there were digests have none
    <version>/ids.npy         (n,) the ids of that version of the table, ascending
    <version>/rows.npy        (n,) where in the file the vector of each is
    <version>/of.json         which file, how many of its rows, of how many numbers
    <version>/files.sums      of these three
    <version>/later/<n>.npz   what was written since: ids, the row of the first, ids that are gone, and from
                              which version of the table to which, behind the SHA-256 of all that

So a write costs what is written, and what a killed process left half done is a chain of versions that
doesn't end where the table is: the copy is then made anew from the table.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from storage.files import read_kept, write_kept
from storage.sums import changed, write_sums
from storage.vectors.digests import Digests, digests_of
from storage.vectors.ids import ID_TYPE, Halves, Keys, ascend, located, order_of
from storage.vectors.products import OnGpu
from storage.vectors.reader import VectorReader

FEW = 50_000  # ids that may be in notes alone, and rows that may be of before
NOTES = 500  # that a process which opens the copy has to read at most
OF, FILES = "of.json", "files.sums"
MADE_FROM = "made-from"  # the state of the table that it is a copy of, as `storage.vectors.stored` notes it
NONE = np.empty(0, ID_TYPE)

_UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile)


@dataclass
class _State:
    """A version that the files hold: a folder, and what its notes add."""

    folder: Path
    version: str
    file: str
    used: int  # rows of the file
    ids: Keys
    rows: NDArray[np.int32]
    notes: int = 0
    later: dict[bytes, int] = field(default_factory=dict)  # the row of each id written since
    gone: set[bytes] = field(default_factory=set)  # ids of the folder, deleted since

    def held(self, ids: Keys) -> set[bytes]:
        """Those of these that have a vector."""
        wanted = ids[order_of(ids)]  # in order they are found in a third of the time
        _, there = located(self.ids, wanted)
        known: set[bytes] = set(wanted[there].tolist())
        later: set[bytes] = self.later.keys() & ids.tolist()
        return (known - self.gone) | later

    def follow(self, after: str, first: int, ids: Keys, gone: Keys) -> None:
        self.later.update(zip(ids.tolist(), range(first, first + len(ids)), strict=True))
        self.gone.difference_update(ids.tolist())
        for picture_id in gone.tolist():
            self.later.pop(picture_id, None)
            self.gone.add(picture_id)
        self.version, self.used, self.notes = after, first + len(ids), self.notes + 1

    def together(self) -> tuple[Keys, NDArray[np.int32]]:
        """All ids, ascending, and their rows."""
        if not self.notes:
            return self.ids, self.rows
        new = np.array(list(self.later), dtype=ID_TYPE)
        order = order_of(new)
        new, rows = new[order], np.array(list(self.later.values()), dtype=np.int32)[order]
        kept = np.ones(len(self.ids), dtype=bool)
        for others in (new, np.array(list(self.gone), dtype=ID_TYPE)):
            places, there = located(self.ids, others)
            kept[places[there]] = False
        ids, old = self.ids[kept], self.rows[kept]
        at = np.searchsorted(ids, new)
        return np.insert(ids, at, new), np.insert(old, at, rows)


class Matrix:
    """One process at a time writes, the one that holds the table's lock; any may read."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.folder = folder
        self._dimension = dimension
        self._state: _State | None = None
        self._gpu = OnGpu()

    # Reading

    def at(self, version: str) -> VectorReader | None:
        """None where this version has no folder, or not a whole one."""
        with contextlib.suppress(*_UNREADABLE):
            return self._copy(self._opened(self.folder / version))
        return None

    def newest(self) -> VectorReader | None:
        """The newest that can be read, whatever the table says."""
        for folder in sorted(self.folders(), key=lambda folder: folder.stat().st_mtime, reverse=True):
            with contextlib.suppress(*_UNREADABLE):
                return self._copy(self._followed(self._opened(folder)))
        return None

    def folders(self) -> list[Path]:
        return [path for path in self.folder.iterdir() if path.is_dir()] if self.folder.is_dir() else []

    def changed(self) -> Iterator[Path]:
        """Files that aren't as they were written. The vectors themselves have digests of their own."""
        for folder in self.folders():
            if (folder / FILES).exists():  # older versions kept none
                yield from changed(folder / FILES)
            notes = list((folder / "later").glob("*.npz"))
            noted = [one for one in (folder / MADE_FROM, *notes) if one.exists() and read_kept(one) is None]
            yield from noted
            with contextlib.suppress(*_UNREADABLE):
                state = self._followed(self._opened(folder))
                if state.notes < len(notes) and not noted:
                    yield self.folder / state.file

    # Writing

    def holds(self, version: str) -> bool:
        return self._at(version) is not None

    def count(self, version: str) -> int | None:
        """How many have a vector in this version; None where the files don't hold it."""
        state = self._at(version)
        return None if state is None else len(state.together()[0])

    def held(self, version: str, ids: Keys) -> set[bytes] | None:
        """Those of these that have a vector in this version; None where the files don't hold it."""
        state = self._at(version)
        return None if state is None else state.held(ids)

    def lay(self, before: str, vectors: Halves, digests: Digests) -> int:
        """Puts vectors (n, d) and their digests (n,) behind those of version `before`, where nothing reads
        them until `append` says whose they are. Returns their checksum. Does nothing where the files don't
        hold `before`."""
        state = self._at(before)
        if state is not None:
            block = np.ascontiguousarray(vectors)
            with (self.folder / state.file).open("r+b") as file:
                file.seek(state.used * self._dimension * block.itemsize)
                file.write(block.view(np.uint8).data)
            beside = self._digests_beside(state.file)
            if beside.is_file():
                with beside.open("r+b") as file:
                    file.seek(state.used * digests.itemsize)
                    file.write(digests.view(np.uint8).data)
        return _checksum(vectors)

    def append(
        self,
        before: str,
        after: str,
        ids: Keys = NONE,
        laid: int = 0,
        gone: Keys = NONE,
    ) -> None:
        """What made version `after` of the table of `before`: ids (n,), each once, row i of what was laid is
        that of ids[i]; or ids that are gone. Does nothing where the files don't hold `before`."""
        state = self._at(before)
        if state is None:
            return
        self._state = None  # until all of it is on disk
        packed = io.BytesIO()
        np.savez(
            packed,
            allow_pickle=False,
            before=np.str_(before),
            after=np.str_(after),
            first=np.int64(state.used),
            checksum=np.uint64(laid),
            ids=ids,
            gone=gone,
        )
        write_kept(state.folder / "later" / f"{state.notes + 1:06d}.npz", packed.getvalue())
        state.follow(after, state.used, ids, gone)
        self._state = state
        changed = len(state.later) + len(state.gone)
        if state.notes >= NOTES or changed > max(FEW, len(state.ids) // 2):
            self.brought_to(after)

    def brought_to(self, version: str) -> VectorReader | None:
        """A folder of its own for what is in notes. None where that doesn't lead to this version, or where
        most rows are of before."""
        state = self._at(version)
        if state is None:
            return None
        ids, rows = state.together()
        if state.used > 2 * len(ids) + FEW:
            return None
        return self._published(version, state.file, state.used, ids, rows)

    def make(self, version: str, parts: Iterable[tuple[Keys, Halves]]) -> VectorReader:
        """The copy anew, of ids (k,) and their vectors (k, d) that come in parts, each id once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"vectors-{uuid4().hex}"
        known = [NONE]
        try:
            with (self.folder / name).open("wb") as file, self._digests_beside(name).open("wb") as beside:
                for ids, vectors in parts:
                    file.write(np.ascontiguousarray(vectors).view(np.uint8).data)
                    known.append(ids.astype(ID_TYPE))
                    beside.write(digests_of(known[-1], vectors).view(np.uint8).data)
            ids = np.concatenate(known)
            order = order_of(ids).astype(np.int32)
            return self._published(version, name, len(ids), ids[order], order)
        except BaseException:
            (self.folder / name).unlink(missing_ok=True)
            self._digests_beside(name).unlink(missing_ok=True)
            raise

    def remove(self) -> None:
        self._state = None
        self._gpu.let_go()
        shutil.rmtree(self.folder, ignore_errors=True)

    # Inside

    def _at(self, version: str) -> _State | None:
        state = self._state
        # Another process may have brought the files up to date: their folder is then another one.
        if state is not None and state.version == version and (state.folder / OF).is_file():
            return state
        self._state = None
        for folder in self.folders():
            with contextlib.suppress(*_UNREADABLE):
                state = self._followed(self._opened(folder))
                if state.version == version:
                    self._state = state
                    return state
        return None

    def _opened(self, folder: Path) -> _State:
        of: dict[str, Any] = json.loads((folder / OF).read_text())
        if of["dimension"] != self._dimension:
            raise ValueError(f"{folder} has vectors of {of['dimension']} numbers.")
        ids = np.load(folder / "ids.npy", mmap_mode="r", allow_pickle=False)
        rows = np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)
        there = (self.folder / of["file"]).stat().st_size
        whole = there >= of["rows"] * self._dimension * np.dtype(np.float16).itemsize
        whole = whole and (ids.dtype, rows.dtype, len(rows)) == (ID_TYPE, np.dtype(np.int32), len(ids))
        if not whole or not ascend(ids):
            raise ValueError(f"{folder} is not a whole copy.")
        return _State(folder, folder.name, of["file"], of["rows"], ids, rows)

    def _followed(self, state: _State) -> _State:
        """With its notes, as far as one leads to the next and the vectors are what was written."""
        for path in sorted((state.folder / "later").glob("*.npz")):
            if (packed := read_kept(path)) is None:
                break
            with np.load(io.BytesIO(packed), allow_pickle=False) as note:
                first, ids = int(note["first"]), note["ids"]
                if note["before"] != state.version or first != state.used:
                    break
                block = self._mapped(state.file, first + len(ids))[first:]
                if _checksum(block) != note["checksum"]:
                    break
                state.follow(str(note["after"]), first, ids, note["gone"])
        return state

    def _copy(self, state: _State) -> VectorReader:
        ids, rows = state.together()
        vectors = self._mapped(state.file, state.used)
        digests = self._digests(state)
        return VectorReader(state.version, ids, vectors, rows, self._gpu.of(state.file), digests)

    def _digests(self, state: _State) -> Digests | None:
        beside = self._digests_beside(state.file)
        if not state.used:
            return np.empty(0, np.uint32)
        if not beside.is_file() or beside.stat().st_size < state.used * np.dtype(np.uint32).itemsize:
            return None
        return np.memmap(beside, np.uint32, "r", shape=(state.used,))

    def _digests_beside(self, file: str) -> Path:
        return self.folder / file.replace("vectors-", "digests-", 1)

    def _mapped(self, file: str, rows: int) -> Halves:
        """Raises `ValueError` where the file is shorter."""
        if not rows:
            return np.empty((0, self._dimension), np.float16)
        return np.memmap(self.folder / file, np.float16, "r", shape=(rows, self._dimension))

    def _published(
        self, version: str, file: str, used: int, ids: Keys, rows: NDArray[np.int32]
    ) -> VectorReader:
        """The folder appears at once with everything in it, or not at all. All others go, and with them what
        a killed process left."""
        folder = self.folder / version
        unfinished = self.folder / f"unfinished-{version}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
        beside = self._digests_beside(file)
        for written in (self.folder / file, beside):
            with contextlib.suppress(FileNotFoundError), written.open("rb") as content:
                os.fsync(content.fileno())
        _save(unfinished / "ids.npy", ids)
        _save(unfinished / "rows.npy", rows)
        of = {"file": file, "rows": used, "dimension": self._dimension}
        (unfinished / OF).write_text(json.dumps(of))
        write_sums(unfinished / FILES, list(unfinished.iterdir()))
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.rename(folder)
        for other in self.folder.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other, ignore_errors=True)
            elif other.is_file() and other.name not in (file, beside.name):
                other.unlink(missing_ok=True)
        self._gpu.let_go(but=file)
        self._state = self._opened(folder)
        return self._copy(self._state)


def _checksum(vectors: Halves) -> int:
    """The sum of all words of eight bytes, modulo 2**64: a page that a power cut kept from the disk is zeros.
    It is as fast as memory, which a CRC isn't."""
    content = np.ascontiguousarray(vectors).reshape(-1).view(np.uint8)
    words = np.pad(content, (0, -len(content) % 8)) if len(content) % 8 else content
    return int(words.view(np.uint64).sum())


def _save(path: Path, array: NDArray[Any]) -> None:
    """As `np.save`, whose error on a full disk doesn't say that it is full."""
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(np.ascontiguousarray(array).view(np.uint8).data)
