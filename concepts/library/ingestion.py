"""Adding pictures: files → facts, thumbnails and vectors.

What a file turns out to be is a pure function of it (`concepts.library.ingest_worker`), in threads of this
process or on other machines; what comes of it is kept here alone.

Per batch of files: one SQL commit that also puts new pictures in the outbox, then the vectors, then
the outbox is cleared. A process that dies between two of these leaves only outbox entries, which the
next run embeds first, so the library ends up the same as if it had not died.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from concepts.encoders.base import Encoder, Vectors
from concepts.jobs import Listener
from concepts.jobs.engines import InProcess, nothing
from concepts.library.file_count import Counting
from concepts.library.ingest_worker import (
    ENCODE_BATCH,
    REFUSED,
    Again,
    EmbedFiles,
    EncoderHandle,
    Looked,
    ProcessAgain,
    ProcessedFile,
    ProcessFiles,
    split_known,
)
from concepts.library.staging import StagedResults, batches_of
from storage.library import Library
from storage.pictures import sources
from storage.pictures.duplicates import near_groups
from storage.pictures.files import SkippedFile, Source, Within
from storage.pictures.thumbnails import ThumbnailStore
from storage.removed import Removed
from storage.vectors.stored import StoredIndex

COMMIT_EVERY = 256  # files: about what a killed process does again
LOOKED_UP_AT_ONCE = 1024  # files: whether they were read before
THUMBNAILS_AT_ONCE = 8  # asked for or kept at a time, because where they are kept may be far away

Item = TypeVar("Item")


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

    @property
    def files(self) -> int:
        """That were come to, each once."""
        return (
            self.added + self.duplicates + self.unchanged + self.removed_before + sum(self.skipped.values())
        )

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
        index: StoredIndex,
        thumbnails: ThumbnailStore,
        encoder: EncoderHandle,
        looks: StagedResults,
    ) -> None:
        self._library = library
        self._removed = removed
        self._index = index
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._looks = looks
        self._fingerprint = encoder.fingerprint

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

        def tell() -> None:
            """Counts what is kept, so that nothing that was counted is done again."""
            listener(result.files, counting.total, counting.said or _say(result, started))

        work = ProcessFiles(self._encoder, within, None if self._looks.are_elsewhere else self)
        with closing(self._looks.of(work, self._changed(files, result), tell)) as looked_at:
            for batch in batches_of(_each(looked_at, ENCODE_BATCH, tell), COMMIT_EVERY):
                self._commit(self._sorted_out(batch), result)
                self._looks.kept(len(batch))
                tell()
        listener(result.files, result.files, "Looking for near-duplicates")
        ids, hashes = self._library.hashes()
        self._library.set_near_groups(near_groups(ids, hashes))
        result.seconds = time.monotonic() - started
        return result

    def embed_pending(self, listener: Listener) -> int:
        """Embeds what the outbox holds for this encoder, and says how many pictures that were.

        A picture none of whose files can be read stays in the outbox, for when they are back.
        """
        embedded = 0

        def tell() -> None:
            listener(embedded, None, "embedding what was left from before")

        with closing(self._looks.of(ProcessAgain(self._encoder), self._pending(), tell)) as looked_at:
            for batch in batches_of(looked_at, COMMIT_EVERY):
                self._keep_thumbnails(batch)
                embedded += self._write(batch)
                self._looks.kept(len(batch))
                tell()
        return embedded

    # What a look asks of the library where it is done in this process

    def known(self, picture_ids: Sequence[str]) -> set[str]:
        return self._library.known(picture_ids)

    def refused(self, picture_ids: Sequence[str]) -> set[str]:
        return self._removed.refused(picture_ids)

    def keep_thumbnail(self, picture_id: str, content: bytes) -> None:
        self._thumbnails.write(picture_id, content)

    # Inside

    def _changed(
        self, files: Iterable[Source | SkippedFile], result: AddReport
    ) -> Iterator[Source | SkippedFile]:
        for batch in batches_of(files, LOOKED_UP_AT_ONCE):
            read = self._library.adding.read_from(batch)
            others = [file for file in batch if file.uri not in read]
            bad = self._library.adding.skipped_before(others)
            out = self._removed.among(list(read.values()))
            removed = sum(picture in out for picture in read.values())
            result.removed_before += removed
            result.unchanged += len(read) - removed + len(bad)
            yield from (file for file in others if file.uri not in bad)

    def _pending(self) -> Iterator[Again]:
        after = ""
        while ids := self._library.adding.pending(self._fingerprint, COMMIT_EVERY, after):
            pictures = self._library.pictures(ids)
            with ThreadPoolExecutor(THUMBNAILS_AT_ONCE) as pool:
                there = pool.map(self._thumbnails.exists, [picture.id for picture in pictures])
            yield from (Again(picture, not one) for picture, one in zip(pictures, there, strict=True))
            after = ids[-1]

    def _sorted_out(self, batch: Sequence[Looked]) -> list[Looked]:
        """As if whoever looked had known the library; a look in this process did."""
        if not self._looks.are_elsewhere:
            return list(batch)
        found: list[Looked] = list(split_known(self, deque(batch)))
        self._keep_thumbnails(found)
        return found

    def _keep_thumbnails(self, batch: Sequence[Looked]) -> None:
        small = {
            item.picture_id: item.thumbnail
            for item in batch
            if isinstance(item, ProcessedFile) and item.thumbnail
        }
        with ThreadPoolExecutor(THUMBNAILS_AT_ONCE) as pool:
            list(pool.map(self.keep_thumbnail, small, small.values()))

    def _commit(self, batch: Sequence[Looked], result: AddReport) -> None:
        looks = [item for item in batch if isinstance(item, ProcessedFile)]
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

    def _write(self, batch: Sequence[Looked]) -> int:
        """Vectors into the index, then their ids out of the outbox; returns how many."""
        vectors = {
            item.picture_id: item.vector
            for item in batch
            if isinstance(item, ProcessedFile) and item.vector is not None
        }
        if vectors:
            self._index.write(list(vectors), np.stack(list(vectors.values())))
            self._library.adding.vectors_written(list(vectors), self._fingerprint)
        return len(vectors)


def embed_files(
    paths: Sequence[Path],
    encoder: Encoder,
    within: Within | None = None,
    looks: StagedResults | None = None,
    same: EncoderHandle | None = None,
    waiting: Callable[[], None] = nothing,
) -> Generator[tuple[list[str], list[str], Vectors, int], None, None]:
    """Ids, places and vectors (n, d) of files that need not be in a library, and how many were bad. Of links
    those count that stay `within`.

    Streams: a million files take no more memory than a hundred. `looks` with the `same` encoder
    for another engine than threads of this process; `waiting` is called while nothing comes.
    """
    looks = looks or StagedResults(InProcess(), Path())
    work = EmbedFiles(same or EncoderHandle(encoder, Path()), within)
    with closing(looks.of(work, sources.walk(paths, within), waiting)) as looked_at:
        for batch in batches_of(looked_at, ENCODE_BATCH):
            found = [item for item in batch if isinstance(item, ProcessedFile)]
            vectors = [item.vector for item in found if item.vector is not None]
            stacked = np.stack(vectors) if vectors else np.empty((0, encoder.dimension), np.float32)
            bad = len(batch) - len(found)
            yield [item.picture_id for item in found], [item.source.uri for item in found], stacked, bad
            looks.kept(len(batch))


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
