"""A picture of the library from the first of its files that still has these very bytes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from storage.errors import BadPictureError, UnknownError
from storage.library import Library, Picture
from storage.pictures import sources
from storage.pictures.decoding import Decoded, decoded
from storage.pictures.duplicates import nearly_equal
from storage.pictures.files import Source, Within, look_at
from storage.pictures.hashing import perceptual_hash, picture_id
from storage.pictures.resizing import THUMBNAIL_SIDE
from storage.pictures.videos import split


@contextmanager
def original(picture: Picture, short_side: int) -> Iterator[Decoded | None]:
    """Shrunk while decoding to no less than `short_side` pixels; None where no file has it any more. As of
    `decoded`, what is done with it belongs into the block."""
    found, image = original_file(picture), None
    with ExitStack() as held:
        if found is not None:
            with suppress(BadPictureError):
                image = held.enter_context(decoded(found[1], short_side=short_side))
        yield image


def original_file(picture: Picture) -> tuple[str, bytes] | None:
    """Where the file is, and its bytes."""
    for uri in picture.files:
        try:
            data = sources.read(uri)
        except BadPictureError:
            continue
        if picture_id(data) == picture.id or (split(uri) and _looks_the_same(data, picture)):
            return uri, data
    return None


def video_of(library: Library, picture_id: str, within: Within | None) -> Path:
    """The video that a picture is a frame of, as it was read. Raises `UnknownError`."""
    for place, _ in filter(None, map(split, library.picture(picture_id).files)):
        file = look_at(place)
        may = within is None or within(os.path.realpath(place))
        if may and isinstance(file, Source) and library.adding.read_from([file]):
            return Path(place)
    raise UnknownError("This picture isn't a frame of a video, or the video is gone.", "picture")


def _looks_the_same(data: bytes, picture: Picture) -> bool:
    """Of a frame another version of the decoder may give other bytes."""
    with decoded(data, short_side=THUMBNAIL_SIDE) as found:
        return bool(nearly_equal([perceptual_hash(found.image)], [picture.perceptual_hash])[0, 0])
