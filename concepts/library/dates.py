"""When pictures were taken and with what, asked of their own files."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from concepts.library.originals import original_file
from concepts.view import View
from storage.library import Picture
from storage.pictures.decoding import exif_of
from storage.pictures.exif import camera_facts


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
