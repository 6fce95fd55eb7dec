"""Adding pictures, top to bottom: files are read, decoded, embedded, recorded, and their vectors kept.

`Ingestion.add` is the loop. `read_files` and `process` are pure functions of a batch, in threads of this
process or on other machines (`concepts.jobs.engines`); the library is asked and written to here alone.

Per batch of files: one SQL commit that also puts new pictures in the outbox, then the vectors, then
the outbox is cleared. A process that dies between two of these leaves only outbox entries, which the
next run embeds first, so the library ends up the same as if it had not died.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import chain, islice
from operator import attrgetter
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.errors import FingerprintMismatchError
from concepts.jobs import Listener
from concepts.jobs.engines import Engine, InProcess, nothing
from concepts.library.near_duplicates import group_near_duplicates
from concepts.library.originals import original_file
from storage.adding import PictureFacts
from storage.errors import BadPictureError
from storage.library import Library, Picture
from storage.picture_columns import KEYWORDS, LONGEST_VALUE, PictureColumn
from storage.pictures import sources
from storage.pictures.decoding import decoded
from storage.pictures.files import SkippedFile, Source, Within, printable
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.pictures.thumbnails import ThumbnailStore
from storage.pictures.videos import FIRST, is_video, split
from storage.pictures.xmp import keywords_in
from storage.removed import Removed
from storage.tables import UNDATED
from storage.vectors.stored import StoredIndex

LOOKED_UP_AT_ONCE = 1024  # files: whether they were read before
THUMBNAILS_AT_ONCE = 8  # asked for or kept at a time, because where they are kept may be far away


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
    videos: int = 0  # that were read, and their `frames`, which are counted above
    frames: int = 0
    others: int = 0  # files of folders that are no pictures
    first_skipped: str = ""  # the name of the first bad file
    first_other: str = ""  # and of the first that is no picture

    @property
    def files(self) -> int:
        """That were come to, each once."""
        pictures = self.added + self.duplicates + self.unchanged + self.removed_before
        return pictures + sum(self.skipped.values()) - (self.frames - self.videos)

    @property
    def pictures_per_second(self) -> float | None:
        return round(self.embedded / self.seconds, 1) if self.seconds else None


class Embedding(NamedTuple):
    """What a listener hears of pictures that wait for a vector."""

    what: str
    total: int | None = None


LEFT = Embedding("embedding what was left from before")


class Ingestion:
    """Adds files to a library whose vectors come from one encoder."""

    def __init__(
        self,
        library: Library,
        removed: Removed,
        index: StoredIndex,
        thumbnails: ThumbnailStore,
        encoder: EncoderHandle,
        engine: Engine,
    ) -> None:
        self._library = library
        self._removed = removed
        self._index = index
        self._thumbnails = thumbnails
        self._encoder = encoder
        self._engine = engine

    def add(
        self, paths: Sequence[Path], listener: Listener, counting: Counting, within: Within | None = None
    ) -> AddReport:
        """Adds every picture of these files, folders, archives and lists, of links those that stay `within`.

        `counting`: of the same paths, for the time left. Raises `DiscernError` for a path that isn't there; a
        bad file is skipped and listed instead.
        """
        started = time.monotonic()
        result = AddReport(embedded=self.embed_pending(listener))

        def pass_over(paths: list[str]) -> None:
            result.others += len(paths)
            result.first_other = result.first_other or next((name_of(path) for path in paths), "")

        files = sources.walk(paths, within, pass_over)
        waiting = 0  # files that are looked at and not kept yet

        def come() -> Iterator[Processed]:
            nonlocal waiting
            for some in processed:
                waiting += len(some)
                yield from some

        def tell() -> None:
            done, total = result.files + waiting, counting.total  # frames that wait are no files
            told = "reading the first pictures"
            if result.files:
                bad = sum(result.skipped.values())
                told = f"{result.added:,} new, {result.unchanged:,} unchanged, {bad:,} skipped"
            listener(done if total is None else min(done, total), total, counting.said or told)

        read = partial(read_files, within=within)
        look = partial(process, encoder=self._encoder, within=within)
        changed = batches(self._changed(files, result), weight)
        with (
            closing(self._engine.map(read, changed, tell)) as contents,
            closing(self._engine.map(look, self._unknown(contents, result), tell)) as processed,
        ):
            for batch in growing(come()):
                self._record(batch, result)
                waiting -= len(batch)
                tell()
        group_near_duplicates(
            self._library,
            self._index,
            self._thumbnails,
            lambda done, of, said: listener(result.files, result.files, f"{said}: {done:,} of {of or 0:,}"),
        )
        result.seconds = round(time.monotonic() - started, 2)
        return result

    def embed_pending(self, listener: Listener, told: Embedding = LEFT) -> int:
        """Embeds what the outbox holds for this encoder, and says how many pictures that were.

        A picture none of whose files can be read stays in the outbox, for when they are back.
        """
        embedded = 0

        def tell() -> None:
            listener(embedded, told.total, told.what)

        embed = partial(embed_again, encoder=self._encoder)
        pending = batches(self._pending(), attrgetter("picture.bytes"))
        with closing(self._engine.map(embed, pending, tell)) as processed:
            for batch in chunks(chain.from_iterable(processed), COMMIT_EVERY):
                embedded_now = [item for item in batch if isinstance(item, ProcessedFile)]
                self._keep_thumbnails(embedded_now)
                embedded += self._write(embedded_now)
                tell()
        return embedded

    # Inside, in the order of the loop

    def _changed(
        self, files: Iterable[Source | SkippedFile], result: AddReport
    ) -> Iterator[Source | SkippedFile]:
        """Without those that an earlier run has read."""
        for batch in chunks(files, LOOKED_UP_AT_ONCE):
            read = self._library.adding.read_from(batch)
            others = [file for file in batch if file.uri not in read]
            bad = self._library.adding.skipped_before(others)
            in_trash = self._removed.among(list(read.values()))
            removed = sum(picture in in_trash for picture in read.values())
            result.removed_before += removed
            result.unchanged += len(read) - removed + len(bad)
            yield from (file for file in others if file.uri not in bad)

    def _unknown(
        self, contents: Iterable[list[Content | SkippedFile]], result: AddReport
    ) -> Iterator[list[Content | Processed]]:
        """What the library has already needn't be decoded, and what it shall not have goes no further. It is
        asked about all of a batch at once: one by one that was a tenth of adding them."""
        for batch in contents:
            ids = [item.picture_id for item in batch if isinstance(item, Content)]
            known, refused = self._library.known(ids), self._removed.refused(ids)
            others: list[Content | Processed] = []
            for item in batch:
                if isinstance(item, Content) and item.picture_id in known:
                    others.append(KnownFile(item.source, item.picture_id))
                elif isinstance(item, Content) and item.picture_id in refused:
                    result.removed_before += 1
                else:
                    others.append(item)
            yield from chunks(others, ENCODE_BATCH)  # a video has many

    def _record(self, batch: Sequence[Processed], result: AddReport) -> None:
        new = [item for item in batch if isinstance(item, ProcessedFile)]
        known = [item for item in batch if isinstance(item, KnownFile)]
        skipped = [item for item in batch if isinstance(item, SkippedFile)]
        in_trash = self._removed.among([item.picture_id for item in known])
        self._keep_thumbnails(new)  # first: a page may show a picture once it is recorded
        read: list[tuple[Source, PictureFacts | str]] = [(item.source, item.facts) for item in new]
        read += [(item.source, item.picture_id) for item in known]
        # A copy is only known as one here: when it was looked up, its twin may not have been recorded yet.
        columns = [_keywords(item) for item in new if item.keywords]
        fresh = self._library.adding.record(read, skipped, self._encoder.fingerprint, columns)
        added = self._write([item for item in new if item.facts.id in fresh])
        result.added += added
        result.embedded += added
        removed = sum(item.picture_id in in_trash for item in known)
        result.duplicates += len(new) - added + len(known) - removed
        result.removed_before += removed
        result.skipped.update(file.reason for file in skipped)
        result.first_skipped = result.first_skipped or next((name_of(file.uri) for file in skipped), "")
        frames = [source.uri for source, _ in read if split(source.uri)]
        result.frames += len(frames)
        result.videos += sum(uri.endswith(FIRST) for uri in frames)

    def _pending(self) -> Iterator[Again]:
        after = ""
        while ids := self._library.adding.pending(self._encoder.fingerprint, COMMIT_EVERY, after):
            pictures = self._library.pictures(ids)
            with ThreadPoolExecutor(THUMBNAILS_AT_ONCE) as pool:
                there = pool.map(self._thumbnails.exists, [picture.id for picture in pictures])
            yield from (Again(picture, not one) for picture, one in zip(pictures, there, strict=True))
            after = ids[-1]

    def _keep_thumbnails(self, batch: Sequence[ProcessedFile]) -> None:
        small = {item.facts.id: item.thumbnail for item in batch if item.thumbnail}
        with ThreadPoolExecutor(THUMBNAILS_AT_ONCE) as pool:
            list(pool.map(self._thumbnails.write, small, small.values()))

    def _write(self, batch: Sequence[ProcessedFile]) -> int:
        """Vectors into the index, then their ids out of the outbox; returns how many."""
        vectors = {item.facts.id: item.vector for item in batch}
        if vectors:
            self._index.write(list(vectors), np.stack(list(vectors.values())))
            self._library.adding.vectors_written(list(vectors), self._encoder.fingerprint)
        return len(vectors)


# What workers do


@dataclass(frozen=True)
class Content:
    """A file that could be read, and its bytes. They stay in the process that read them, and those of a large
    file aren't held at all: where they are missing it is read again. Those of a frame go along."""

    source: Source
    picture_id: str
    data: bytes | None = field(repr=False)
    wants_thumbnail: bool

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"data": self.data if split(self.source.uri) else None}


@dataclass(frozen=True)
class KnownFile:
    """One whose picture the library has."""

    source: Source
    picture_id: str


@dataclass(frozen=True)
class ProcessedFile:
    """What a file turned out to be."""

    source: Source
    facts: PictureFacts
    thumbnail: bytes | None  # None where none is wanted
    vector: Vectors  # (d,)
    keywords: str = ""  # in the file


Processed = ProcessedFile | KnownFile | SkippedFile
Prepared = tuple[Source, PictureFacts, bytes | None, str]  # with its thumbnail and keywords


@dataclass(frozen=True)
class Again:
    """A picture whose facts are known, and whether its thumbnail is lost, as after restoring a backup."""

    picture: Picture
    thumbnail_is_lost: bool


class EncoderHandle:
    """An encoder at hand. Where this is sent, the same one is loaded when it is first needed."""

    def __init__(self, encoder: Encoder, cache: Path, load: Callable[..., Encoder] = load_encoder) -> None:
        self._encoder: Encoder | None = encoder
        self._name = encoder.name
        self.fingerprint = str(encoder.fingerprint)
        self._cache, self._load = cache, load

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_encoder": None}

    def get(self) -> Encoder:
        """Raises `FingerprintMismatchError` where another one has the same name there."""
        if self._encoder is not None:
            return self._encoder
        encoder = _loaded(self._load, self._name, self._cache)
        if str(encoder.fingerprint) != self.fingerprint:
            raise FingerprintMismatchError("This library", self.fingerprint, str(encoder.fingerprint))
        return encoder

    def embedded(self, prepared: Sequence[Prepared], pixels: Sequence[Pixels]) -> list[Processed]:
        """The same pictures with their vectors."""
        vectors = self.get().encode_pictures(np.stack(pixels)) if pixels else ()
        return [
            ProcessedFile(source, facts, small, vector, keywords)
            for (source, facts, small, keywords), vector in zip(prepared, vectors, strict=True)
        ]


@lru_cache(maxsize=1)  # once in each process that does the work
def _loaded(load: Callable[..., Encoder], name: str, cache: Path) -> Encoder:
    return load(name, cache=cache)


def read_files(
    batch: Sequence[Source | SkippedFile], within: Within | None = None, thumbnails: bool = True
) -> list[Content | SkippedFile]:
    """The bytes of each file, or of a video's frames; what can't be read is skipped, and the reason told."""
    found: list[Content | SkippedFile] = []
    for file in batch:
        if isinstance(file, SkippedFile):
            found.append(file)
            continue
        try:
            if is_video(file.uri):
                read = sources.frames(file, within)
            else:
                read = [(file, sources.read(file.uri, within))]
        except BadPictureError as error:
            found.append(_skipped(file, error))
        else:
            found += [
                one
                if isinstance(one, SkippedFile)
                else Content(one[0], picture_id(one[1]), _held(one[1]), thumbnails)
                for one in read
            ]
    return found


def process(
    batch: Sequence[Content | Processed], encoder: EncoderHandle, within: Within | None = None
) -> list[Processed]:
    """Facts, thumbnail and vector of each file that is new; the others as they are, before them. The same
    wherever it is done: the last bit of a vector may depend on what the network gets beside it."""
    network = encoder.get()
    found: list[Processed] = []
    prepared: list[Prepared] = []
    pixels: list[Pixels] = []
    for item in batch:
        if not isinstance(item, Content):
            found.append(item)
            continue
        try:
            data = item.data or sources.read(item.source.uri, within)
            if not item.data and picture_id(data) != item.picture_id:
                raise BadPictureError("changed", "The file was changed while it was added.")
            with decoded(data, short_side=short_side(network)) as picture:
                small = thumbnail(picture.image) if item.wants_thumbnail else None
                pixels.append(network.prepare(picture.image))
                facts = PictureFacts(
                    id=item.picture_id,
                    bytes=len(data),
                    format=picture.format,
                    width=picture.width,
                    height=picture.height,
                    perceptual_hash=perceptual_hash(picture.image),
                    taken=UNDATED if picture.taken is None else picture.taken,
                )
                keywords = ", ".join(keywords_in(*picture.packets).names)
        except BadPictureError as error:
            found.append(_skipped(item.source, error))
            continue
        prepared.append((item.source, facts, small, keywords if len(keywords) <= LONGEST_VALUE else ""))
    return found + encoder.embedded(prepared, pixels)


def _keywords(item: ProcessedFile) -> PictureColumn:
    file = Path(item.source.uri).name
    return PictureColumn(picture_id=item.facts.id, name=KEYWORDS, value=item.keywords, file=file)


def _held(data: bytes) -> bytes | None:
    return data if len(data) <= HELD_BYTES else None


def name_of(path: str) -> str:
    """The file's name, without its folders."""
    return printable(path).rpartition("/")[2]


def _skipped(file: Source, error: BadPictureError) -> SkippedFile:
    return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)


# Both at once, where nobody has to be asked between them: no file's bytes leave the worker


def embed_again(batch: Sequence[Again], encoder: EncoderHandle) -> list[Processed]:
    found: list[Content | SkippedFile] = []
    for again in batch:
        picture = again.picture
        if file := original_file(picture):
            uri, data = file
            source = Source(uri, len(data), 0)
            found.append(Content(source, picture.id, _held(data), again.thumbnail_is_lost))
        else:
            found.append(SkippedFile(picture.id, "missing", "None of its files can be read any more."))
    return process(found, encoder)


def embed_batch(
    batch: Sequence[Source | SkippedFile], encoder: EncoderHandle, within: Within | None = None
) -> list[Processed]:
    read = chunks(read_files(batch, within, thumbnails=False), ENCODE_BATCH)
    return list(chain.from_iterable(process(some, encoder, within) for some in read))


# The same without a library


def embed_files(
    paths: Sequence[Path], encoder: Encoder
) -> Generator[tuple[list[str], list[str], Vectors, int], None, None]:
    """Ids, places and vectors (n, d) of files that need not be in a library, and how many were bad."""
    with closing(embed_or_skip(paths, encoder)) as found:
        for ids, places, vectors, skipped in found:
            yield ids, places, vectors, len(skipped)


def embed_or_skip(
    paths: Sequence[Path],
    encoder: Encoder,
    within: Within | None = None,
    engine: Engine | None = None,
    handle: EncoderHandle | None = None,
    waiting: Callable[[], None] = nothing,
) -> Generator[tuple[list[str], list[str], Vectors, list[SkippedFile]], None, None]:
    """Ids, places and vectors (n, d) of files that need not be in a library, and those that can't be read.
    Of links those count that stay `within`.

    Streams: a million files take no more memory than a hundred. `engine` with a `handle` of the same encoder
    for another one than threads of this process; `waiting` is called while nothing comes.
    """
    engine = engine or InProcess()
    embed = partial(embed_batch, encoder=handle or EncoderHandle(encoder, Path()), within=within)
    files = batches(sources.walk(paths, within), weight)
    with closing(engine.map(embed, files, waiting)) as processed:
        for batch in processed:
            found = [item for item in batch if isinstance(item, ProcessedFile)]
            vectors = [item.vector for item in found]
            stacked = np.stack(vectors) if vectors else np.empty((0, encoder.dimension), np.float32)
            skipped = [item for item in batch if isinstance(item, SkippedFile)]
            yield [item.facts.id for item in found], [item.source.uri for item in found], stacked, skipped


def embed_picture(data: bytes, encoder: Encoder) -> Vectors:
    """(d,) of a picture that was sent. Raises `BadPictureError`."""
    with decoded(data, short_side=short_side(encoder), sent=True) as picture:
        pixels = encoder.prepare(picture.image)
    vector: Vectors = encoder.encode_pictures(pixels[None])[0]
    return vector


def short_side(encoder: Encoder) -> int:
    """Pixels to which a picture is shrunk while decoding, as far as encoder and thumbnail allow."""
    return max(encoder.decode_size, THUMBNAIL_SIDE)


ENCODE_BATCH = 16  # a transformer gains nothing by more, and whoever gains by fewer takes fewer by itself
HELD_BYTES = 16 * 2**20  # of files in a batch, which are read twice as many batches ahead as engines work on
COMMIT_EVERY = 256  # files: about what a killed process does again

Item = TypeVar("Item")


def batches(items: Iterable[Item], size: Callable[[Item], int]) -> Iterator[list[Item]]:
    """As many as are embedded at a time, or fewer of large files, by the `size` of each in bytes."""
    some: list[Item] = []
    held = 0
    for item in items:
        some.append(item)
        held += size(item)
        if len(some) == ENCODE_BATCH or held > HELD_BYTES:
            yield some
            some, held = [], 0
    if some:
        yield some


def weight(file: Source | SkippedFile) -> int:
    """Bytes; a video is a batch by itself."""
    return HELD_BYTES + 1 if is_video(file.uri) else file.size


def chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, size)):
        yield chunk


def growing(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Each twice as many as the one before, up to `COMMIT_EVERY`: the first pictures are seen at once."""
    iterator, size = iter(items), ENCODE_BATCH
    while chunk := list(islice(iterator, size)):
        yield chunk
        size = min(2 * size, COMMIT_EVERY)


SAY_EVERY = 0.25  # seconds

Result = TypeVar("Result")


class Counting:
    """Counts in the background. `total` is None until the count is done, `found` what it came to so far."""

    def __init__(self, paths: Sequence[Path], within: Within | None) -> None:
        """Raises `DiscernError` for a path that isn't there."""
        self.total: int | None = None
        self.found = 0
        files = sources.walk(paths, within)

        def count() -> None:
            for _ in files:
                self.found += 1
            self.total = self.found

        threading.Thread(target=count, name="counting", daemon=True).start()

    @property
    def said(self) -> str:
        """While there is no total."""
        return "" if self.total is not None else f"looking for pictures: {self.found:,} found so far"

    def during(self, work: Callable[[], Result], listener: Listener) -> Result:
        """What `work` gives, which may take seconds in which there is nothing else to say."""
        with ThreadPoolExecutor(1, "while-counting") as pool:
            working = pool.submit(work)
            listener(0, self.total, self.said)
            while not wait([working], SAY_EVERY).done:
                listener(0, self.total, self.said or "loading the encoder")
            return working.result()
