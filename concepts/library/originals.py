"""A picture of the library from the first of its files that still has these very bytes."""

from __future__ import annotations

from storage.errors import BadPictureError
from storage.library import Picture
from storage.pictures import sources
from storage.pictures.decoding import Decoded, decode
from storage.pictures.hashing import picture_id


def original(picture: Picture, short_side: int) -> Decoded | None:
    """Shrunk while decoding to no less than `short_side` pixels; None where no file has it any more."""
    found = original_file(picture)
    if found is None:
        return None
    try:
        return decode(found[1], short_side=short_side)
    except BadPictureError:
        return None


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
