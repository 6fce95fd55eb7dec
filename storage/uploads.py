"""Where files that came from a browser are kept: one place a batch, in a folder or in a bucket."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from storage import buckets
from storage.pictures import archives

ARCHIVE_SUFFIX = ".zip"
UPLOADS = "uploads"


class FolderUploads:
    """`<folder>/<batch>/<file>`. Files stay until their pictures are gone for good: the library refers to
    them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def waiting(self, batch: str) -> Path:
        """The folder of this computer that a file is written to until it is whole."""
        return self._folder / batch

    def keep(self, whole: Path, batch: str, name: str) -> str:
        """Takes a file from there, and says what it is called: its name, or name-2, name-3 … where another
        file of the batch has it."""
        path = self._folder / batch / name
        number = 1
        while True:
            try:
                os.link(whole, path)  # unlike a rename this never replaces a file
                return path.name
            except FileExistsError:
                number += 1
                path = path.with_name(f"{Path(name).stem}-{number}{Path(name).suffix}")

    def places(self, batch: str) -> list[Path]:
        """What to add for a batch: its folder, and its archives, which a folder's walk passes over. Nothing
        where nothing has arrived."""
        folder = self._folder / batch
        files = [path for path in sorted(folder.glob("*")) if not path.name.startswith(".")]
        return [folder, *(path for path in files if path.suffix.lower() == ARCHIVE_SUFFIX)] if files else []

    def has(self, place: str) -> bool:
        """Whether a picture's place is one of an upload."""
        inside = archives.split(place)
        path = Path(inside[0] if inside else place)
        return path.is_relative_to(self._folder) and ".." not in path.parts and not path.is_symlink()

    def forget(self, place: str) -> int:
        """Takes a file away; how many bytes it had."""
        path = Path(place)
        if not self.has(place) or not path.is_file():
            return 0
        size = path.stat().st_size
        path.unlink()
        return size


class BucketUploads:
    """The same in a bucket, as `<place>/<batch>/<some letters>/<file>`: two files of one name may come by
    two processes at once, and in a bucket the second would replace the first."""

    def __init__(self, place: str, waiting: Path) -> None:
        """`place` such as `s3://bucket/folder`, `waiting` a folder of this computer."""
        self._place = place
        self._waiting = waiting

    def waiting(self, batch: str) -> Path:
        return self._waiting

    def keep(self, whole: Path, batch: str, name: str) -> str:
        buckets.copy_in(whole, f"{self._place}/{batch}/{secrets.token_hex(4)}/{name}")
        return name

    def places(self, batch: str) -> list[Path]:
        folder = f"{self._place}/{batch}"
        found = [entry.uri for entry in buckets.entries(folder, below=True)]
        whole = [uri for uri in found if uri.lower().endswith(ARCHIVE_SUFFIX)]
        return [Path(uri) for uri in (folder, *whole)] if found else []

    def has(self, place: str) -> bool:
        return place.startswith(f"{self._place}/") and buckets.is_place(place)

    def forget(self, place: str) -> int:
        return buckets.delete(place) if self.has(place) else 0


KeptUploads = FolderUploads | BucketUploads


def uploads_at(home: Path, store: str) -> KeptUploads:
    """In the home, or below the store where there is one (`s3://…`)."""
    folder = home / UPLOADS
    return BucketUploads(f"{store}/{UPLOADS}", folder) if store else FolderUploads(folder)
