"""Pictures larger than a thumbnail, for looking at one at a time: made from the original when first asked."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from concepts.errors import BadPictureError, StorageError
from storage.blobs import FolderBlobs
from storage.library import Library, Picture
from storage.pictures import sources
from storage.pictures.decoding import decode
from storage.pictures.hashing import picture_id
from storage.pictures.resizing import RENDITION_SIDE, THUMBNAIL_SIDE, rendition
from storage.pictures.thumbnails import ThumbnailStore


@dataclass(frozen=True)
class Rendition:
    """`content` is WebP. `whole` is False for the thumbnail that stands in for an original that is gone."""

    content: bytes
    whole: bool


class Renditions:
    """WebP of at most 1,280 px a side, kept under `folder` after the first time."""

    def __init__(self, library: Library, thumbnails: ThumbnailStore, folder: Path) -> None:
        self._library = library
        self._thumbnails = thumbnails
        self._kept = ThumbnailStore(FolderBlobs(folder))

    def read(self, picture_id: str) -> Rendition:
        """Raises `UnknownPictureError` for what is no picture of the library."""
        picture = self._library.picture(picture_id)
        if max(picture.width, picture.height) <= THUMBNAIL_SIDE:
            return Rendition(self._thumbnails.read(picture_id), whole=True)
        if self._kept.exists(picture_id):
            return Rendition(self._kept.read(picture_id), whole=True)
        original = _original(picture)
        if original is None:
            return Rendition(self._thumbnails.read(picture_id), whole=False)
        content = rendition(original)
        with suppress(StorageError):  # a full disk: the picture can be looked at all the same
            self._kept.write(picture_id, content)
        return Rendition(content, whole=True)


def _original(picture: Picture) -> Image.Image | None:
    """Decoded from the first place that still has these very bytes."""
    for uri in picture.sources:
        try:
            data = sources.read(uri)
            if picture_id(data) == picture.id:
                return decode(data, short_side=RENDITION_SIDE).image
        except BadPictureError:
            continue
    return None
