"""A picture of the library from the first of its files that still has these very bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from storage.errors import BadPictureError
from storage.library import Picture
from storage.pictures import sources
from storage.pictures.decoding import Decoded, decoded
from storage.pictures.hashing import picture_id


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
        if picture_id(data) == picture.id:
            return uri, data
    return None
