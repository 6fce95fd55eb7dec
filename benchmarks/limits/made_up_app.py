"""The app as it is, over a library of `benchmarks.limits.million`: python -m benchmarks.limits.made_up_app

A million files of thumbnails would take longer to make than all else, so pictures come from the drawings of
their kinds: read from disk as thumbnails are, through the same routes. No graph of neighbours is begun at
the start, as none is where there is one: of a million it takes minutes, once. All else is the app's own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import app
from benchmarks.limits.million import drawing_of
from concepts.installation.jobs import keep_log
from concepts.library import upkeep
from concepts.library.renditions import Rendition, Renditions, renditions_of
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App, SharedResources
from concepts.visitors import Sandboxes
from storage.blobs import FolderBlobs
from storage.pictures.thumbnails import digest_of


class Drawings(FolderBlobs):
    """A thumbnail of every picture there could be."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def exists(self, key: str) -> bool:
        return True

    def read(self, key: str) -> bytes:
        content = drawing_of(self._home, PurePosixPath(key).stem, "small").read_bytes()
        return content + digest_of(content)

    def write(self, key: str, content: bytes) -> None: ...

    def delete(self, key: str) -> int:
        return 0

    def keys(self) -> Iterator[str]:
        yield from ()


class LargeDrawings(Renditions):
    def __init__(self, home: Path) -> None:
        self._home = home

    def forget(self, picture_id: str) -> int:
        return 0

    def read(self, picture_id: str) -> Rendition:
        return Rendition(drawing_of(self._home, picture_id, "large").read_bytes(), whole=True)


def open_home(settings: Settings) -> tuple[App, Sandboxes | None]:
    opened = open_app(settings, SharedResources(thumbnails=Drawings(settings.home)))
    opened._made[renditions_of.__wrapped__] = LargeDrawings(settings.home)  # type: ignore[attr-defined]
    upkeep.QUICK = sys.maxsize  # type: ignore[attr-defined]  # no graph of pictures that look alike is made of drawings
    keep_log(opened)
    return opened, None


if __name__ == "__main__":
    app.open_home = open_home
    app.main()
