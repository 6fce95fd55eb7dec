"""When pictures were taken and with what, asked of their own files."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from concepts.jobs import Listener
from concepts.library.collection import Collection
from concepts.library.originals import original_file
from concepts.view import View
from storage.library import Picture
from storage.pictures.decoding import exif_of
from storage.pictures.exif import camera_facts, taken_of
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
    file = original_file(picture)
    if file is None:
        return Camera(missing=True)
    found = camera_facts(exif_of(file[1]))
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
            file = original_file(picture)
            said = None if file is None else taken_of(exif_of(file[1]))
            taken[picture.id] = UNDATED if said is None else said
        collection.library.adding.set_taken(taken)
        looked_at += len(ids)
        dated += sum(moment != UNDATED for moment in taken.values())
        listener(looked_at, None, f"{dated:,} say when they were taken")
    return looked_at, dated
