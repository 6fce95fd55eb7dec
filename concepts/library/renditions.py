"""Pictures larger than a thumbnail, for looking at one at a time: made from the original when first asked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from concepts.errors import BucketError, StorageError, UnknownError
from concepts.library.collection import collection_of
from concepts.library.originals import original
from concepts.use_cases import App, service
from storage.blobs import FolderBlobs
from storage.library import Library
from storage.pictures.resizing import RENDITION_SIDE, THUMBNAIL_SIDE, rendition
from storage.pictures.thumbnails import ThumbnailStore


@dataclass(frozen=True)
class Rendition:
    """`content` is WebP. `whole` is False for the thumbnail that stands in for an original that is gone."""

    content: bytes
    whole: bool


class Renditions:
    """WebP of at most 1,280 px a side, kept under `folder` after the first time."""

    def __init__(self, library: Library, thumbnail: Callable[[str], bytes], folder: Path) -> None:
        """`thumbnail` gives a picture's thumbnail by its id."""
        self._library = library
        self._thumbnail = thumbnail
        self._kept = ThumbnailStore(FolderBlobs(folder))

    def forget(self, picture_id: str) -> int:
        """How many bytes were kept of it."""
        return self._kept.delete(picture_id)

    def read(self, picture_id: str) -> Rendition:
        """Raises `UnknownError` for what is no picture of the library."""
        picture = self._library.picture(picture_id)
        if max(picture.width, picture.height) <= THUMBNAIL_SIDE:
            return Rendition(self._thumbnail(picture_id), whole=True)
        with suppress(UnknownError):
            return Rendition(self._kept.read(picture_id), whole=True)
        content = None
        with suppress(BucketError), original(picture, RENDITION_SIDE) as whole:  # a bucket can't be used now
            content = rendition(whole.image) if whole else None
        if content is None:
            return Rendition(self._thumbnail(picture_id), whole=False)
        with suppress(StorageError):  # a full disk: the picture can be looked at all the same
            self._kept.write(picture_id, content)
        return Rendition(content, whole=True)


@service
def renditions_of(app: App) -> Renditions:
    """What makes an app's pictures smaller for a screen."""
    collection = collection_of(app)
    return Renditions(collection.library, collection.thumbnail, app.settings.cache / "pictures")
