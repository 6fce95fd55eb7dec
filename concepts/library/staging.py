"""What batches of files and pictures turned out to be, from wherever they were looked at.

Workers outside this process each write what a batch came to into a file of its own, and the one writer of the
library takes the files in order, so vectors and thumbnails pass through no queue. A file is named by its
batch and written whole or not at all: a batch that is done twice, because a worker died or the job began
again, is the same file, and one that is there already isn't done again. It goes when its rows are in the
library.
"""

from __future__ import annotations

import hashlib
import io
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Generic, TypeVar
from uuid import uuid4

import numpy as np

from concepts import __version__
from concepts.jobs.engines import Engine, EngineTask, nothing
from concepts.library.ingest_worker import ENCODE_BATCH, Looked, ProcessedFile
from storage.adding import PictureFacts
from storage.files import write_whole
from storage.pictures.files import SkippedFile, Source

STAGE_BATCH = 4 * ENCODE_BATCH  # files a worker gets at a time: a second of work or so
KEPT_SECONDS = 24 * 3600  # what a job that never went on has left
MARK = "mark"  # by which a worker sees whether the folder is the one of the library

Item = TypeVar("Item")


@dataclass(frozen=True)
class Fragment:
    """The looks of one batch: in `name` of the staging folder, or along with it where a worker doesn't see
    that folder."""

    name: str
    content: bytes | None = None


@dataclass(frozen=True)
class ToStaging(Generic[Item]):
    """The same work, whose looks are left in the staging folder."""

    work: EngineTask[Item, list[Looked]]
    folder: Path
    mark: str

    def begin(self) -> Callable[[list[Item]], Fragment]:
        return partial(self._stage, self.work.begin(), _reads(self.folder / MARK, self.mark))

    def _stage(
        self, look: Callable[[list[Item]], list[Looked]], sees_it: bool, batch: list[Item]
    ) -> Fragment:
        what = repr((__version__, self.work, batch)).encode("utf-8", "backslashreplace")
        name = hashlib.sha256(what).hexdigest() + ".arrow"
        if sees_it and (self.folder / name).exists():
            return Fragment(name)
        content = packed(look(batch))
        if not sees_it:
            return Fragment(name, content)
        write_whole(self.folder / name, content)
        return Fragment(name)


class StagedResults:
    """Looks with one encoder, in the order of what they are of. For one thread."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        """`folder`: of what is staged with this encoder."""
        self.are_elsewhere = engine.is_elsewhere
        self._engine = engine
        self._folder = folder
        self._staged: deque[tuple[str, int]] = deque()  # name, rows that are not kept yet

    def of(
        self,
        work: EngineTask[Item, list[Looked]],
        items: Iterable[Item],
        waiting: Callable[[], None] = nothing,
    ) -> Generator[Looked, None, None]:
        """Whoever stops before the end closes it: else its threads are there as long as the error is, and may
        be let go of in one of themselves."""
        if not self.are_elsewhere:
            for looks in self._engine.map(work, batches_of(items, ENCODE_BATCH), waiting):
                yield from looks
            return
        mark = self._prepare()
        sent: deque[list[Item]] = deque()
        staging = ToStaging(work, self._folder, mark)
        for fragment in self._engine.map(staging, _noted(batches_of(items, STAGE_BATCH), sent), waiting):
            looks = self._taken(fragment, work, sent.popleft())
            self._staged.append((fragment.name, len(looks)))
            yield from looks

    def kept(self, count: int) -> None:
        """So many more of what was given are in the library, so they needn't be staged any more."""
        while self._staged and count >= self._staged[0][1]:
            name, rows = self._staged.popleft()
            (self._folder / name).unlink(missing_ok=True)
            count -= rows
        if self._staged and count:
            name, rows = self._staged[0]
            self._staged[0] = name, rows - count

    # Inside

    def _prepare(self) -> str:
        """The mark in the folder, from which goes what nobody came back for."""
        self._folder.mkdir(parents=True, exist_ok=True)
        for file in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - file.stat().st_mtime > KEPT_SECONDS:
                    file.unlink()
        place = self._folder / MARK
        if not place.exists():
            write_whole(place, uuid4().hex.encode())
        return place.read_text()

    def _taken(
        self, fragment: Fragment, work: EngineTask[Item, list[Looked]], batch: list[Item]
    ) -> list[Looked]:
        if fragment.content is not None:
            return unpacked(fragment.content)
        try:
            return unpacked((self._folder / fragment.name).read_bytes())
        # Another process added the same files and was the first to be done with them; or a power cut left
        # a part of the file (pyarrow's ArrowInvalid is a ValueError).
        except (FileNotFoundError, ValueError):
            return work.begin()(batch)


def batches_of(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _noted(batches: Iterable[list[Item]], sent: deque[list[Item]]) -> Iterator[list[Item]]:
    for batch in batches:
        sent.append(batch)
        yield batch


def _reads(file: Path, content: str) -> bool:
    try:
        return file.read_text() == content
    except OSError:
        return False


# A fragment is an Arrow file: it holds data and names no code.

VECTOR = np.dtype("<f4")  # as bytes, so that no Python list of numbers is made of it
_FILE = ("uri", "size", "mtime_ns")
_FACTS = ("bytes", "format", "width", "height", "perceptual_hash", "taken")


def packed(looks: Iterable[Looked]) -> bytes:
    import pyarrow as pa  # not before there is something to stage

    columns = [
        *(pa.field(name, pa.string()) for name in ("uri", "reason", "message", "id", "format")),
        *(pa.field(name, pa.int64()) for name in ("size", "mtime_ns", "bytes", "width", "height", "taken")),
        pa.field("perceptual_hash", pa.string()),
        pa.field("thumbnail", pa.binary()),
        pa.field("vector", pa.binary()),
    ]
    schema = pa.schema(columns)
    written = io.BytesIO()
    with pa.ipc.new_file(written, schema) as out:
        out.write_table(pa.Table.from_pylist([_row(item) for item in looks], schema=schema))
    return written.getvalue()


def unpacked(content: bytes) -> list[Looked]:
    import pyarrow as pa

    with pa.ipc.open_file(io.BytesIO(content)) as file:
        return [_look(row) for row in file.read_all().to_pylist()]


def _row(item: Looked) -> dict[str, Any]:
    if isinstance(item, SkippedFile):
        return {name: getattr(item, name) for name in (*_FILE, "reason", "message")}
    row: dict[str, Any] = {name: getattr(item.source, name) for name in _FILE}
    row |= {"id": item.picture_id, "thumbnail": item.thumbnail}
    if item.vector is not None:
        row["vector"] = item.vector.astype(VECTOR).tobytes()
    if isinstance(item.facts, PictureFacts):
        row |= {name: getattr(item.facts, name) for name in _FACTS}
    return row


def _look(row: dict[str, Any]) -> Looked:
    file = {name: row[name] for name in _FILE}
    if row["id"] is None:
        return SkippedFile(reason=row["reason"], message=row["message"], **file)
    facts = PictureFacts(id=row["id"], **{name: row[name] for name in _FACTS}) if row["format"] else row["id"]
    vector = None if row["vector"] is None else np.frombuffer(row["vector"], VECTOR)
    return ProcessedFile(Source(**file), facts, vector=vector, thumbnail=row["thumbnail"])
