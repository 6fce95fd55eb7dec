"""What is done with a batch of files or pictures: a pure function of them and of the encoder.

`concepts.jobs.engines` decides in which process that is. Only where it is this one, what the library knows
already is passed over before it is decoded; elsewhere there is no library to ask, and whoever takes the
results sorts that out.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

from concepts.encoders import load_encoder
from concepts.encoders.base import Encoder, Pixels, Vectors
from concepts.errors import FingerprintMismatchError
from concepts.library.originals import original
from storage.adding import PictureFacts
from storage.errors import BadPictureError
from storage.library import Picture
from storage.pictures import sources
from storage.pictures.decoding import Decoded, decode
from storage.pictures.files import SkippedFile, Source, Within
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE, thumbnail
from storage.tables import UNDATED

ENCODE_BATCH = 16  # a transformer gains nothing by more, and whoever gains by fewer takes fewer by itself
HELD_BYTES = 32 * 2**20  # of files whose pictures are asked for together, in each thread

REFUSED = "refused"  # a picture that is gone for good and shall not come in again

Item = TypeVar("Item")


@dataclass(frozen=True)
class Content:
    """The bytes of a file, and what they are known by."""

    source: Source
    data: bytes = field(repr=False)
    picture_id: str


@dataclass(frozen=True)
class ProcessedFile:
    """What a file turned out to be. `facts` is the id alone where the picture was known already."""

    source: Source
    facts: PictureFacts | str
    pixels: Pixels | None = None  # until they are embedded
    vector: Vectors | None = None  # (d,)
    thumbnail: bytes | None = None  # to be kept; None where it is

    @property
    def picture_id(self) -> str:
        return self.facts if isinstance(self.facts, str) else self.facts.id


Looked = ProcessedFile | SkippedFile
Found = TypeVar("Found", Content, ProcessedFile)


class LibraryLookup(Protocol):
    """The library of this process."""

    def known(self, picture_ids: Sequence[str]) -> set[str]: ...

    def refused(self, picture_ids: Sequence[str]) -> set[str]:
        """Those of these that are gone for good and shall not come in again."""

    def keep_thumbnail(self, picture_id: str, content: bytes) -> None: ...


class EncoderHandle:
    """An encoder at hand. Where this is sent, the same one is loaded when it is first needed."""

    def __init__(self, encoder: Encoder, cache: Path, load: Callable[..., Encoder] = load_encoder) -> None:
        self._encoder: Encoder | None = encoder
        self._name, self._precision = encoder.name, encoder.fingerprint.precision
        self.fingerprint = str(encoder.fingerprint)
        self._cache, self._load = cache, load

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"_encoder": None}

    def get(self) -> Encoder:
        """Raises `FingerprintMismatchError` where another one has the same name there."""
        if self._encoder is None:
            encoder = self._load(self._name, cache=self._cache, precision=self._precision)
            if str(encoder.fingerprint) != self.fingerprint:
                raise FingerprintMismatchError("This library", self.fingerprint, str(encoder.fingerprint))
            self._encoder = encoder
        return self._encoder


@dataclass(frozen=True)
class ProcessFiles:
    """New files → facts, thumbnails and vectors."""

    encoder: EncoderHandle = field(repr=False)
    within: Within | None = None
    here: LibraryLookup | None = field(default=None, repr=False)  # only in the process of the library

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"here": None}

    def begin(self) -> Callable[[list[Source | SkippedFile]], list[Looked]]:
        encoder = self.encoder.get()
        look = _where_it_can_be_read(lambda content: self._look(content, encoder))
        return lambda batch: _embedded(self._new(_contents(batch, self.within)), look, encoder)

    def _new(self, contents: Iterable[Content | SkippedFile]) -> Iterator[Content | Looked]:
        if self.here is None:
            yield from contents
            return
        for some in _held(contents):
            yield from split_known(self.here, some)

    def _look(self, content: Content, encoder: Encoder) -> Looked:
        """Everything that is done per new picture before the network."""
        decoded = _decode(content.data, encoder)
        small = thumbnail(decoded.image)
        if self.here:
            self.here.keep_thumbnail(content.picture_id, small)
        facts = PictureFacts(
            id=content.picture_id,
            bytes=len(content.data),
            format=decoded.format,
            width=decoded.width,
            height=decoded.height,
            perceptual_hash=perceptual_hash(decoded.image),
            taken=UNDATED if decoded.taken is None else decoded.taken,
        )
        pixels = encoder.prepare(decoded.image)
        return ProcessedFile(content.source, facts, pixels, thumbnail=None if self.here else small)


@dataclass(frozen=True)
class Again:
    """A picture whose facts are known, and whether its thumbnail is lost, as after restoring a backup."""

    picture: Picture
    thumbnail_is_lost: bool


@dataclass(frozen=True)
class ProcessAgain:
    """Known pictures → vectors, from the first of their files that still has them."""

    encoder: EncoderHandle = field(repr=False)

    def begin(self) -> Callable[[list[Again]], list[Looked]]:
        encoder = self.encoder.get()
        return lambda batch: _embedded(batch, lambda one: _look_again(one, encoder), encoder)


def _look_again(again: Again, encoder: Encoder) -> Looked:
    picture = again.picture
    decoded = original(picture, short_side(encoder))
    if decoded is None:
        return SkippedFile(picture.id, "missing", "None of its files can be read any more.", 0, 0)
    small = thumbnail(decoded.image) if again.thumbnail_is_lost else None
    source = Source(picture.id, picture.bytes, 0)
    return ProcessedFile(source, picture.id, encoder.prepare(decoded.image), thumbnail=small)


@dataclass(frozen=True)
class EmbedFiles:
    """Files that need not come into a library → vectors."""

    encoder: EncoderHandle = field(repr=False)
    within: Within | None = None

    def begin(self) -> Callable[[list[Source | SkippedFile]], list[Looked]]:
        encoder = self.encoder.get()

        def look(content: Content) -> ProcessedFile:
            pixels = encoder.prepare(_decode(content.data, encoder).image)
            return ProcessedFile(content.source, content.picture_id, pixels)

        of_each = _where_it_can_be_read(look)
        return lambda batch: _embedded(_contents(batch, self.within), of_each, encoder)


def _contents(
    batch: Iterable[Source | SkippedFile], within: Within | None
) -> Iterator[Content | SkippedFile]:
    """The bytes of each file; what can't be read is skipped, and the reason told."""
    for file in batch:
        if isinstance(file, SkippedFile):
            yield file
            continue
        try:
            data = sources.read(file.uri, within)
        except BadPictureError as error:
            yield _skipped(file, error)
        else:
            yield Content(file, data, picture_id(data))


def split_known(
    here: LibraryLookup, some: deque[Found | SkippedFile]
) -> Iterator[Found | ProcessedFile | SkippedFile]:
    """What the library knows already, or shall not have, is no more than that. It is asked about all of these
    at once: one by one that was a tenth of adding them. None is held once it is given."""
    ids = [item.picture_id for item in some if not isinstance(item, SkippedFile)]
    known, refused = here.known(ids), here.refused(ids)
    while some:
        item = some.popleft()
        if isinstance(item, SkippedFile):
            yield item
        elif item.picture_id in known:
            yield ProcessedFile(item.source, item.picture_id)
        elif item.picture_id in refused:
            file = item.source
            yield SkippedFile(file.uri, REFUSED, "", file.size, file.mtime_ns)
        else:
            yield item


def _held(contents: Iterable[Content | SkippedFile]) -> Iterator[deque[Content | SkippedFile]]:
    """As many as are embedded at a time, or fewer of large files."""
    some: deque[Content | SkippedFile] = deque()
    held = 0
    for item in contents:
        some.append(item)
        held += len(item.data) if isinstance(item, Content) else 0
        if len(some) == ENCODE_BATCH or held > HELD_BYTES:
            yield some
            some, held = deque(), 0
    if some:
        yield some


def _where_it_can_be_read(look: Callable[[Content], Looked]) -> Callable[[Content | Looked], Looked]:
    def each(item: Content | Looked) -> Looked:
        if not isinstance(item, Content):
            return item
        try:
            return look(item)
        except BadPictureError as error:
            return _skipped(item.source, error)

    return each


def _skipped(file: Source, error: BadPictureError) -> SkippedFile:
    return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)


def _embedded(items: Iterable[Item], look: Callable[[Item], Looked], encoder: Encoder) -> list[Looked]:
    """Looks at items and embeds their pixels. What the network gets at a time is the same wherever this is
    done and however many items there are, since a vector's last bit may depend on what is computed beside
    it."""
    done: list[Looked] = []
    remaining = iter(items)
    while looks := [look(item) for item in islice(remaining, ENCODE_BATCH)]:
        pixels = [
            item.pixels for item in looks if isinstance(item, ProcessedFile) and item.pixels is not None
        ]
        vectors = iter(encoder.encode_pictures(np.stack(pixels)) if pixels else ())
        done += [
            replace(item, pixels=None, vector=next(vectors))
            if isinstance(item, ProcessedFile) and item.pixels is not None
            else item
            for item in looks
        ]
    return done


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


def short_side(encoder: Encoder) -> int:
    """Pixels to which a picture is shrunk while decoding, as far as encoder and thumbnail allow."""
    return max(encoder.decode_size, THUMBNAIL_SIDE)


def _decode(data: bytes, encoder: Encoder) -> Decoded:
    return decode(data, short_side=short_side(encoder))
