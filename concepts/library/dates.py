"""When pictures were taken and with what, asked of their own files."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from concepts.jobs import Listener
from concepts.library.collection import Collection
from concepts.view import View
from storage.errors import BadPictureError
from storage.library import Picture
from storage.pictures import sources
from storage.pictures.decoding import exif_of
from storage.pictures.exif import camera_facts, taken_of
from storage.pictures.hashing import picture_id
from storage.tables import UNDATED

AT_ONCE = 200  # files that are read between two commits


class Camera(View):
    """What the file says. `taken` is by the camera's own clock. `position` is degrees north and east, None
    where it wasn't asked for; `has_position`: there is one. `missing`: no file has the picture any more."""

    taken: datetime | None = None
    facts: dict[str, str] = Field(default_factory=dict)
    has_position: bool = False
    position: tuple[float, float] | None = None
    missing: bool = False


def camera_of(picture: Picture, *, position: bool) -> Camera:
    data = _bytes_of(picture)
    if data is None:
        return Camera(missing=True)
    found = camera_facts(exif_of(data))
    return Camera(
        taken=found.taken,
        facts=dict(found.facts),
        has_position=found.position is not None,
        position=found.position if position else None,
    )


def read_dates(collection: Collection, listener: Listener) -> tuple[int, int]:
    """Asks the files of pictures that were never asked; how many that were, and how many say a date. Goes on
    where it was stopped."""
    looked_at = dated = 0
    while ids := collection.browsing.unread(AT_ONCE):
        taken = dict.fromkeys(ids, UNDATED)
        for picture in collection.library.pictures(ids):
            data = _bytes_of(picture)
            said = None if data is None else taken_of(exif_of(data))
            taken[picture.id] = UNDATED if said is None else said
        collection.library.adding.set_taken(taken)
        looked_at += len(ids)
        dated += sum(moment != UNDATED for moment in taken.values())
        listener(looked_at, None, f"{dated:,} say when they were taken")
    return looked_at, dated


def _bytes_of(picture: Picture) -> bytes | None:
    """Of the first of its files that still has these very bytes."""
    for uri in picture.sources:
        try:
            data = sources.read(uri)
        except BadPictureError:
            continue
        if picture_id(data) == picture.id:
            return data
    return None
