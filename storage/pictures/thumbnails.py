"""Small pictures by picture id, WebP. They can be made again from the pictures."""

from __future__ import annotations

import re
from zlib import crc32

from storage.blobs import Blobs
from storage.errors import UnknownError

_ID = re.compile(r"[0-9a-f]{64}")


class ThumbnailStore:
    """One blob a picture. Raises `UnknownError` for what is no id (64 hex characters)."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs

    def exists(self, picture_id: str) -> bool:
        return self._blobs.exists(thumbnail_key(picture_id))

    def is_whole(self, picture_id: str) -> bool:
        try:
            self.read(picture_id)
        except (UnknownError, OSError):
            return False
        return True

    def read(self, picture_id: str) -> bytes:
        """Raises `UnknownError` also where what is kept is no whole WebP file."""
        try:
            content = self._blobs.read(thumbnail_key(picture_id))
        except FileNotFoundError as error:
            raise UnknownError(f"There is no thumbnail of picture {picture_id}.", "picture") from error
        end = _end(content)
        if end is None or content[end:] != digest_of(content[:end]):
            raise UnknownError(f"The thumbnail of picture {picture_id} is damaged.", "picture")
        return content[:end]

    def write(self, picture_id: str, data: bytes) -> None:
        """Whole or not at all. Raises `StorageError`."""
        whole = _end(data) == len(data)
        self._blobs.write(thumbnail_key(picture_id), data + digest_of(data) if whole else data)

    def delete(self, picture_id: str) -> int:
        """How many bytes it had."""
        return self._blobs.delete(thumbnail_key(picture_id))


def _end(content: bytes) -> int | None:
    """Where a WebP file ends, by its header (RIFF: a signature, the size of what follows, the kind). Readers
    pass over what follows: a digest."""
    riff, end, kind = content[:4], int.from_bytes(content[4:8], "little") + 8, content[8:12]
    return end if riff == b"RIFF" and kind == b"WEBP" and end <= len(content) else None


def digest_of(content: bytes) -> bytes:
    return crc32(content).to_bytes(4, "little")


def thumbnail_key(picture_id: str) -> str:
    """`ab/cd/abcd….webp`: 65,536 folders, so a million pictures are 15 a folder."""
    if not _ID.fullmatch(picture_id):
        raise UnknownError(f"{picture_id[:80]!r} is not a picture's id.", "picture")
    return f"{picture_id[:2]}/{picture_id[2:4]}/{picture_id}.webp"
