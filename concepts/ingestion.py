"""Adding pictures: files → facts, thumbnails and vectors, with decoding and inference overlapped.

Per batch of files: one SQL commit that also puts new pictures in the outbox, then the vectors, then
the outbox is cleared. A process that dies between two of these leaves only outbox entries, which the
next run embeds first, so the library ends up the same as if it had not died.
"""

from __future__ import annotations

import os
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from concepts.encoders.base import Encoder, Pixels, Vectors
from storage import pictures, sources
from storage.duplicates import near_groups
from storage.errors import BadPictureError
from storage.library import Library, PictureFacts
from storage.sources import SkippedFile, Source
from storage.thumbnails import ThumbnailStore
from storage.vectors import VectorIndex

COMMIT_EVERY = 256  # files: about what a killed process does again
ENCODE_BATCH = 32
AHEAD = 3 * ENCODE_BATCH  # decoded pictures that may wait for the network; bounds memory
THUMBNAIL_SIDE = 320

Report = Callable[[int, int | None, str], None]
Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Look:
    """What a file turned out to be. `facts` is the id alone where the picture was known already."""

    source: Source
    facts: PictureFacts | str
    pixels: Pixels | None = None
    vector: Vectors | None = None  # (d,)


@dataclass
class AddReport:
    """What one run did. `unchanged` files were read by an earlier run and not looked at again."""

    added: int = 0
    duplicates: int = 0  # files whose picture was in the library already
    unchanged: int = 0
    embedded: int = 0  # vectors written, including those an earlier run left open
    skipped: Counter[str] = field(default_factory=Counter)  # reason → files
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return vars(self) | {
            "skipped": dict(self.skipped),
            "seconds": round(self.seconds, 2),
            "pictures_per_second": round(self.embedded / self.seconds, 1) if self.seconds else None,
        }


class Ingestion:
    """Adds files to a library whose vectors come from one encoder."""

    def __init__(
        self, library: Library, index: VectorIndex, thumbnails: ThumbnailStore, encoder: Encoder
    ) -> None:
        self._library = library
        self._index = index
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._fingerprint = str(encoder.fingerprint)

    def add(self, paths: Sequence[Path], report: Report) -> AddReport:
        """Adds every picture of these files, folders, archives and lists.

        Raises `DiscernError` for a path that isn't there; a bad file is skipped and listed instead.
        """
        started = time.monotonic()
        result = AddReport()
        total = _Counting(paths)
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            result.embedded = self._embed_pending(pool, report)
            looks = _ahead(pool, self._look, self._changed(sources.walk(paths), result), AHEAD)
            done = 0
            for batch in _batches(self._encoded(looks), COMMIT_EVERY):
                self._commit(batch, result)
                done += len(batch)
                report(done + result.unchanged, total.value, _say(result, started))
        files = done + result.unchanged
        report(files, files, "Looking for near-duplicates")
        ids, hashes = self._library.hashes()
        self._library.set_near_groups(near_groups(ids, hashes))
        result.seconds = time.monotonic() - started
        return result

    def embed_pending(self, report: Report) -> int:
        """Embeds what the outbox holds for this encoder; used after a re-embedding was asked for."""
        with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
            return self._embed_pending(pool, report)

    def _changed(
        self, files: Iterable[Source | SkippedFile], result: AddReport
    ) -> Iterator[Source | SkippedFile]:
        for batch in _batches(files, COMMIT_EVERY):
            unchanged = self._library.unchanged(batch)
            result.unchanged += len(unchanged)
            yield from (file for file in batch if file.uri not in unchanged)

    def _look(self, file: Source | SkippedFile) -> Look | SkippedFile:
        """Everything that is done per file outside the network; runs in several threads."""
        if isinstance(file, SkippedFile):
            return file
        try:
            data = sources.read(file.uri)
            picture_id = pictures.picture_id(data)
            if self._library.has(picture_id):
                return Look(file, picture_id, None)
            decoded = pictures.decode(data, short_side=max(self._encoder.decode_size, THUMBNAIL_SIDE))
            self._thumbnails.write(picture_id, pictures.thumbnail(decoded.image))
            facts = PictureFacts(
                id=picture_id,
                bytes=len(data),
                format=decoded.format,
                width=decoded.width,
                height=decoded.height,
                perceptual_hash=pictures.perceptual_hash(decoded.image),
            )
            return Look(file, facts, self._encoder.prepare(decoded.image))
        except BadPictureError as error:
            return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)

    def _encoded(self, looks: Iterable[Look | SkippedFile]) -> Iterator[Look | SkippedFile]:
        """Swaps pixels for vectors, a batch at a time, so that few decoded pictures are in memory."""
        for batch in _batches(looks, ENCODE_BATCH):
            pixels = [item.pixels for item in batch if isinstance(item, Look) and item.pixels is not None]
            vectors = iter(self._encoder.encode_pictures(np.stack(pixels)) if pixels else ())
            for item in batch:
                if isinstance(item, Look) and item.pixels is not None:
                    yield replace(item, pixels=None, vector=next(vectors))
                else:
                    yield item

    def _commit(self, batch: Sequence[Look | SkippedFile], result: AddReport) -> None:
        looks = [item for item in batch if isinstance(item, Look)]
        skipped = [item for item in batch if isinstance(item, SkippedFile)]
        fresh = {
            look.facts.id: look.vector
            for look in looks
            if isinstance(look.facts, PictureFacts) and look.vector is not None
        }
        self._library.record([(look.source, look.facts) for look in looks], skipped, self._fingerprint)
        self._write(fresh)
        result.added += len(fresh)
        result.embedded += len(fresh)
        result.duplicates += len(looks) - len(fresh)
        result.skipped.update(file.reason for file in skipped)

    def _write(self, vectors: dict[str, Vectors]) -> None:
        if vectors:
            self._index.write(list(vectors), np.stack(list(vectors.values())))
            self._library.vectors_written(list(vectors), self._fingerprint)

    def _embed_pending(self, pool: ThreadPoolExecutor, report: Report) -> int:
        """A picture none of whose files can be read stays in the outbox, for when they are back."""
        embedded = 0
        for looks in _batches(
            self._encoded(_ahead(pool, self._look_again, self._pending(), AHEAD)), COMMIT_EVERY
        ):
            fresh = {
                item.facts: item.vector
                for item in looks
                if isinstance(item, Look) and isinstance(item.facts, str) and item.vector is not None
            }
            self._write(fresh)
            embedded += len(fresh)
            report(embedded, None, f"{embedded:,} pictures embedded")
        return embedded

    def _pending(self) -> Iterator[str]:
        after = ""
        while ids := self._library.pending(self._fingerprint, COMMIT_EVERY, after):
            yield from ids
            after = ids[-1]

    def _look_again(self, picture_id: str) -> Look | SkippedFile:
        """Pixels of a picture whose facts are known, from the first of its files that still has it."""
        for uri in self._library.picture(picture_id).sources:
            source = Source(uri, 0, 0)
            try:
                data = sources.read(uri)
                if pictures.picture_id(data) != picture_id:
                    continue
                decoded = pictures.decode(data, short_side=max(self._encoder.decode_size, THUMBNAIL_SIDE))
            except BadPictureError:
                continue
            return Look(source, picture_id, self._encoder.prepare(decoded.image))
        return SkippedFile(picture_id, "missing", "None of its files can be read any more.", 0, 0)


def embed_files(
    paths: Sequence[Path], encoder: Encoder
) -> Iterator[tuple[list[str], list[str], Vectors, int]]:
    """Ids, places and vectors (n, d) of files that need not be in a library, and how many were bad.

    Streams: a million files take no more memory than a hundred.
    """

    def look(file: Source | SkippedFile) -> Look | SkippedFile:
        if isinstance(file, SkippedFile):
            return file
        try:
            data = sources.read(file.uri)
            decoded = pictures.decode(data, short_side=max(encoder.decode_size, THUMBNAIL_SIDE))
        except BadPictureError as error:
            return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)
        return Look(file, pictures.picture_id(data), encoder.prepare(decoded.image))

    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for batch in _batches(_ahead(pool, look, sources.walk(paths), AHEAD), ENCODE_BATCH):
            looks = [item for item in batch if isinstance(item, Look) and item.pixels is not None]
            pixels = [look.pixels for look in looks if look.pixels is not None]
            vectors = encoder.encode_pictures(np.stack(pixels)) if pixels else np.empty((0, 0), np.float32)
            ids = [look.facts for look in looks if isinstance(look.facts, str)]
            yield ids, [look.source.uri for look in looks], vectors, len(batch) - len(looks)


class _Counting:
    """Counts files in the background, for the time left; None until the count is done."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.value: int | None = None
        self._paths = paths
        threading.Thread(target=self._count, name="counting", daemon=True).start()

    def _count(self) -> None:
        self.value = sum(1 for _ in sources.walk(self._paths))


def _ahead(
    pool: ThreadPoolExecutor, work: Callable[[Item], Result], items: Iterable[Item], window: int
) -> Iterator[Result]:
    """Results in order, with at most `window` items under way or waiting to be taken."""
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) >= window:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _say(result: AddReport, started: float) -> str:
    rate = result.embedded / max(time.monotonic() - started, 1e-9)
    bad = sum(result.skipped.values())
    return f"{result.added:,} new, {result.unchanged:,} unchanged, {bad:,} skipped, {rate:.0f} a second"
