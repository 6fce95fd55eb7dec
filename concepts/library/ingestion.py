"""Adding pictures: files → facts, thumbnails and vectors.

Each thread of a pool reads, decodes and embeds its own batch of files, the network on one core per
thread, so that decoding and inference overlap without waiting for each other.

Per batch of files: one SQL commit that also puts new pictures in the outbox, then the vectors, then
the outbox is cleared. A process that dies between two of these leaves only outbox entries, which the
next run embeds first, so the library ends up the same as if it had not died.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.jobs import Listener
from concepts.library.counting import Counting
from concepts.library.originals import original
from storage.adding import PictureFacts
from storage.errors import BadPictureError
from storage.library import Library, Picture
from storage.pictures import sources
from storage.pictures.decoding import Decoded, decode
from storage.pictures.duplicates import near_groups
from storage.pictures.files import SkippedFile, Source, Within
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.pictures.thumbnails import ThumbnailStore
from storage.removed import Removed
from storage.tables import UNDATED
from storage.vectors.protocol import VectorIndex

COMMIT_EVERY = 256  # files: about what a killed process does again
ENCODE_BATCH = 16  # larger ones leave the heap for fresh pages at every layer, 1.6 times slower here
WORKERS = os.cpu_count() or 2
AHEAD = WORKERS + 1  # batches under way or done and not yet taken; bounds memory

REFUSED = "refused"  # a picture that is gone for good and shall not come in again

Item = TypeVar("Item")


@dataclass(frozen=True)
class Look:
    """What a file turned out to be. `facts` is the id alone where the picture was known already."""

    source: Source
    facts: PictureFacts | str
    pixels: Pixels | None = None  # until they are embedded
    vector: Vectors | None = None  # (d,)


@dataclass
class AddReport:
    """What one run did. `unchanged` files were read by an earlier run and not looked at again."""

    added: int = 0
    duplicates: int = 0  # files whose picture was in the library already
    unchanged: int = 0
    removed_before: int = 0  # files whose picture somebody removed from the library: they stay out of it
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
        self,
        library: Library,
        removed: Removed,
        index: VectorIndex,
        thumbnails: ThumbnailStore,
        encoder: Encoder,
    ) -> None:
        self._library = library
        self._removed = removed
        self._index = index
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._fingerprint = str(encoder.fingerprint)

    def add(
        self, paths: Sequence[Path], listener: Listener, counting: Counting, within: Within | None = None
    ) -> AddReport:
        """Adds every picture of these files, folders, archives and lists, of links those that stay `within`.

        `counting`: of the same paths, for the time left. Raises `DiscernError` for a path that isn't there; a
        bad file is skipped and listed instead.
        """
        started = time.monotonic()
        files = sources.walk(paths, within)
        result = AddReport(embedded=self.embed_pending(listener))
        done = 0

        def tell() -> None:
            """Counts what is kept, so that nothing that was counted is done again."""
            listener(
                done + result.unchanged + result.removed_before,
                counting.total,
                counting.said or _say(result, started),
            )

        looks = _looked_at(self._changed(files, result), partial(self._look, within), self._encoder)
        for batch in _batches(_each(looks, ENCODE_BATCH, tell), COMMIT_EVERY):
            self._commit(batch, result)
            done += len(batch)
            tell()
        listener(done + result.unchanged, done + result.unchanged, "Looking for near-duplicates")
        ids, hashes = self._library.hashes()
        self._library.set_near_groups(near_groups(ids, hashes))
        result.seconds = time.monotonic() - started
        return result

    def embed_pending(self, listener: Listener) -> int:
        """Embeds what the outbox holds for this encoder, and says how many pictures that were.

        A picture none of whose files can be read stays in the outbox, for when they are back.
        """
        embedded = 0
        for looks in _batches(_looked_at(self._pending(), self._look_again, self._encoder), COMMIT_EVERY):
            embedded += self._write(looks)
            listener(embedded, None, "embedding what was left from before")
        return embedded

    def _changed(
        self, files: Iterable[Source | SkippedFile], result: AddReport
    ) -> Iterator[Source | SkippedFile]:
        for batch in _batches(files, COMMIT_EVERY):
            unchanged = self._library.adding.unchanged(batch)
            known = self._library.adding.read_from([file for file in batch if isinstance(file, Source)])
            out = self._removed.among(list(known.values()))
            result.removed_before += sum(known.get(uri) in out for uri in unchanged)
            result.unchanged += sum(known.get(uri) not in out for uri in unchanged)
            yield from (file for file in batch if file.uri not in unchanged)

    def _pending(self) -> Iterator[Picture]:
        after = ""
        while ids := self._library.adding.pending(self._fingerprint, COMMIT_EVERY, after):
            yield from self._library.pictures(ids)
            after = ids[-1]

    def _look(self, within: Within | None, file: Source | SkippedFile) -> Look | SkippedFile:
        """Everything that is done per file before the network."""
        if isinstance(file, SkippedFile):
            return file
        try:
            data = sources.read(file.uri, within)
            known = picture_id(data)
            if self._library.knows(known):
                return Look(file, known)
            if self._removed.refused(known):
                return SkippedFile(file.uri, REFUSED, "", file.size, file.mtime_ns)
            decoded = _decode(data, self._encoder)
        except BadPictureError as error:
            return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)
        self._thumbnails.write(known, thumbnail(decoded.image))
        facts = PictureFacts(
            id=known,
            bytes=len(data),
            format=decoded.format,
            width=decoded.width,
            height=decoded.height,
            perceptual_hash=perceptual_hash(decoded.image),
            taken=UNDATED if decoded.taken is None else decoded.taken,
        )
        return Look(file, facts, self._encoder.prepare(decoded.image))

    def _look_again(self, picture: Picture) -> Look | SkippedFile:
        """Pixels of a picture whose facts are known, from the first of its files that still has it."""
        decoded = original(picture, short_side(self._encoder))
        if decoded is None:
            return SkippedFile(picture.id, "missing", "None of its files can be read any more.", 0, 0)
        if not self._thumbnails.exists(picture.id):  # as after restoring a backup
            self._thumbnails.write(picture.id, thumbnail(decoded.image))
        return Look(Source(picture.id, picture.bytes, 0), picture.id, self._encoder.prepare(decoded.image))

    def _commit(self, batch: Sequence[Look | SkippedFile], result: AddReport) -> None:
        looks = [item for item in batch if isinstance(item, Look)]
        skipped = [item for item in batch if isinstance(item, SkippedFile) and item.reason != REFUSED]
        out = self._removed.among([look.facts for look in looks if isinstance(look.facts, str)])
        self._library.adding.record([(look.source, look.facts) for look in looks], skipped, self._fingerprint)
        added = self._write(batch)
        result.added += added
        result.embedded += added
        removed = sum(look.facts in out for look in looks)
        result.duplicates += len(looks) - added - removed
        result.removed_before += removed + len(batch) - len(looks) - len(skipped)
        result.skipped.update(file.reason for file in skipped)

    def _write(self, batch: Sequence[Look | SkippedFile]) -> int:
        """Vectors into the index, then their ids out of the outbox; returns how many."""
        vectors = {
            item.facts if isinstance(item.facts, str) else item.facts.id: item.vector
            for item in batch
            if isinstance(item, Look) and item.vector is not None
        }
        if vectors:
            self._index.write(list(vectors), np.stack(list(vectors.values())))
            self._library.adding.vectors_written(list(vectors), self._fingerprint)
        return len(vectors)


def embed_files(
    paths: Sequence[Path], encoder: Encoder, within: Within | None = None
) -> Iterator[tuple[list[str], list[str], Vectors, int]]:
    """Ids, places and vectors (n, d) of files that need not be in a library, and how many were bad. Of links
    those count that stay `within`.

    Streams: a million files take no more memory than a hundred.
    """

    def look(file: Source | SkippedFile) -> Look | SkippedFile:
        if isinstance(file, SkippedFile):
            return file
        try:
            data = sources.read(file.uri, within)
            return Look(file, picture_id(data), encoder.prepare(_decode(data, encoder).image))
        except BadPictureError as error:
            return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)

    for batch in _batches(_looked_at(sources.walk(paths, within), look, encoder), ENCODE_BATCH):
        looks = [item for item in batch if isinstance(item, Look)]
        ids = [item.facts for item in looks if isinstance(item.facts, str)]
        vectors = [item.vector for item in looks if item.vector is not None]
        stacked = np.stack(vectors) if vectors else np.empty((0, encoder.dimension), np.float32)
        yield ids, [item.source.uri for item in looks], stacked, len(batch) - len(looks)


def embed_pictures(pictures: Sequence[bytes], encoder: Encoder) -> list[Vectors | BadPictureError]:
    """The vector (d,) of each of a few pictures in memory, or why it can't be read."""
    found: list[Vectors | BadPictureError] = []
    for data in pictures:
        try:
            pixels = encoder.prepare(_decode(data, encoder).image)
            found.append(encoder.encode_pictures(pixels[None])[0])
        except BadPictureError as error:
            found.append(error)
    return found


def _looked_at(
    items: Iterable[Item], look: Callable[[Item], Look | SkippedFile], encoder: Encoder
) -> Iterator[Look | SkippedFile]:
    """Looks at items and embeds their pixels, a batch per thread, and gives the results in order."""

    def work(batch: list[Item]) -> list[Look | SkippedFile]:
        looks = [look(item) for item in batch]
        pixels = [item.pixels for item in looks if isinstance(item, Look) and item.pixels is not None]
        vectors = iter(encoder.encode_pictures(np.stack(pixels)) if pixels else ())
        return [
            replace(item, pixels=None, vector=next(vectors))
            if isinstance(item, Look) and item.pixels is not None
            else item
            for item in looks
        ]

    waiting: deque[Future[list[Look | SkippedFile]]] = deque()
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for batch in _batches(items, ENCODE_BATCH):
                waiting.append(pool.submit(work, batch))
                if len(waiting) > AHEAD:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def _decode(data: bytes, encoder: Encoder) -> Decoded:
    return decode(data, short_side=short_side(encoder))


def short_side(encoder: Encoder) -> int:
    """Pixels to which a picture is shrunk while decoding, as far as encoder and thumbnail allow."""
    return max(encoder.decode_size, THUMBNAIL_SIDE)


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _each(items: Iterable[Item], size: int, tell: Callable[[], None]) -> Iterator[Item]:
    """The same items; `tell` is called after so many each time."""
    for number, item in enumerate(items, 1):
        yield item
        if number % size == 0:
            tell()


def _say(result: AddReport, started: float) -> str:
    rate = result.embedded / max(time.monotonic() - started, 1e-9)
    bad = sum(result.skipped.values())
    return f"{result.added:,} new, {result.unchanged:,} unchanged, {bad:,} skipped, {rate:.0f} a second"
