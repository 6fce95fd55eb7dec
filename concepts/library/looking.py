"""What is done with a batch of files or pictures: a pure function of them and of the encoder.

`concepts.jobs.engines` decides in which process that is. Only where it is this one, what the library knows
already is passed over before it is decoded; elsewhere there is no library to ask, and whoever takes the
results sorts that out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
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

ENCODE_BATCH = 16  # larger ones leave the heap for fresh pages at every layer, 1.6 times slower here

REFUSED = "refused"  # a picture that is gone for good and shall not come in again

Item = TypeVar("Item")


@dataclass(frozen=True)
class Look:
    """What a file turned out to be. `facts` is the id alone where the picture was known already."""

    source: Source
    facts: PictureFacts | str
    pixels: Pixels | None = None  # until they are embedded
    vector: Vectors | None = None  # (d,)
    thumbnail: bytes | None = None  # to be kept; None where it is

    @property
    def picture_id(self) -> str:
        return self.facts if isinstance(self.facts, str) else self.facts.id


Looked = Look | SkippedFile


class Here(Protocol):
    """The library of this process."""

    def is_known(self, picture_id: str) -> bool: ...

    def is_refused(self, picture_id: str) -> bool:
        """Whether it is gone for good and shall not come in again."""

    def keep_thumbnail(self, picture_id: str, content: bytes) -> None: ...


class SameEncoder:
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
class LookAtFiles:
    """New files → facts, thumbnails and vectors."""

    encoder: SameEncoder = field(repr=False)
    within: Within | None = None
    here: Here | None = field(default=None, repr=False)  # only in the process of the library

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"here": None}

    def begin(self) -> Callable[[list[Source | SkippedFile]], list[Looked]]:
        encoder = self.encoder.get()
        return _each_read(lambda file, data: self._look(file, data, encoder), self.within, encoder)

    def _look(self, file: Source, data: bytes, encoder: Encoder) -> Looked:
        """Everything that is done per file before the network."""
        known = picture_id(data)
        if self.here and self.here.is_known(known):
            return Look(file, known)
        if self.here and self.here.is_refused(known):
            return SkippedFile(file.uri, REFUSED, "", file.size, file.mtime_ns)
        decoded = _decode(data, encoder)
        small = thumbnail(decoded.image)
        if self.here:
            self.here.keep_thumbnail(known, small)
        facts = PictureFacts(
            id=known,
            bytes=len(data),
            format=decoded.format,
            width=decoded.width,
            height=decoded.height,
            perceptual_hash=perceptual_hash(decoded.image),
            taken=UNDATED if decoded.taken is None else decoded.taken,
        )
        return Look(file, facts, encoder.prepare(decoded.image), thumbnail=None if self.here else small)


@dataclass(frozen=True)
class Again:
    """A picture whose facts are known, and whether its thumbnail is lost, as after restoring a backup."""

    picture: Picture
    thumbnail_is_lost: bool


@dataclass(frozen=True)
class LookAgain:
    """Known pictures → vectors, from the first of their files that still has them."""

    encoder: SameEncoder = field(repr=False)

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
    return Look(source, picture.id, encoder.prepare(decoded.image), thumbnail=small)


@dataclass(frozen=True)
class EmbedFiles:
    """Files that need not come into a library → vectors."""

    encoder: SameEncoder = field(repr=False)
    within: Within | None = None

    def begin(self) -> Callable[[list[Source | SkippedFile]], list[Looked]]:
        encoder = self.encoder.get()

        def look(file: Source, data: bytes) -> Look:
            return Look(file, picture_id(data), encoder.prepare(_decode(data, encoder).image))

        return _each_read(look, self.within, encoder)


def _each_read(
    look: Callable[[Source, bytes], Looked], within: Within | None, encoder: Encoder
) -> Callable[[list[Source | SkippedFile]], list[Looked]]:
    """`look` at the bytes of each file of a batch; what can't be read is skipped, and the reason told."""

    def read(file: Source | SkippedFile) -> Looked:
        if isinstance(file, SkippedFile):
            return file
        try:
            return look(file, sources.read(file.uri, within))
        except BadPictureError as error:
            return SkippedFile(file.uri, error.reason, str(error), file.size, file.mtime_ns)

    return lambda batch: _embedded(batch, read, encoder)


def _embedded(items: Iterable[Item], look: Callable[[Item], Looked], encoder: Encoder) -> list[Looked]:
    """Looks at items and embeds their pixels. What the network gets at a time is the same wherever this is
    done and however many items there are, since a vector's last bit may depend on what is computed beside
    it."""
    done: list[Looked] = []
    remaining = iter(items)
    while some := list(islice(remaining, ENCODE_BATCH)):
        looks = [look(item) for item in some]
        pixels = [item.pixels for item in looks if isinstance(item, Look) and item.pixels is not None]
        vectors = iter(encoder.encode_pictures(np.stack(pixels)) if pixels else ())
        done += [
            replace(item, pixels=None, vector=next(vectors))
            if isinstance(item, Look) and item.pixels is not None
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
