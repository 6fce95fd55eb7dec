"""Thumbnails on disk, one WebP file a picture. They can be made again from the pictures."""

from __future__ import annotations

import re
from pathlib import Path

from storage.errors import StorageError, UnknownPictureError
from storage.files import write_whole

_ID = re.compile(r"[0-9a-f]{64}")


class ThumbnailStore:
    """Files under `folder/ab/cd/abcd….webp`: 65,536 folders, so a million pictures are 15 a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, picture_id: str) -> Path:
        """Raises `UnknownPictureError` where this is not an id (64 hex characters)."""
        if not _ID.fullmatch(picture_id):
            raise UnknownPictureError(f"{picture_id[:80]!r} is not a picture's id.")
        return self.folder / picture_id[:2] / picture_id[2:4] / f"{picture_id}.webp"

    def exists(self, picture_id: str) -> bool:
        return self.path(picture_id).is_file()

    def read(self, picture_id: str) -> bytes:
        try:
            return self.path(picture_id).read_bytes()
        except FileNotFoundError as error:
            raise UnknownPictureError(f"There is no thumbnail of picture {picture_id}.") from error

    def write(self, picture_id: str, data: bytes) -> None:
        """Whole or not at all, also when the process is killed meanwhile."""
        path = self.path(picture_id)
        try:
            write_whole(path, data)
        except OSError as error:
            raise StorageError(
                f"The thumbnail {path} can't be written ({error.strerror}). "
                "Check the free space and the owner of the folder, then run the same command again."
            ) from error
