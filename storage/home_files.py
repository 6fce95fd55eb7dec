"""Files of the data folder that are in no table: settings, users, secrets, downloads, what was computed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from storage.blobs import FolderBlobs
from storage.pictures.thumbnails import ThumbnailStore
from storage.sums import SUMS, accept, changed, forget, read_kept

CACHE, LARGER = "cache", "pictures"  # that, larger copies of pictures, in the cache
FINGERPRINT = "*-" + 12 * "[0-9a-f]"  # of an encoder
# What is written into the cache with its digest; anything else there is somebody else's, models say.
DIGESTED = ("precision-*.json", f"{FINGERPRINT}.json", "*.kept", "capabilities/*.json", "texts/*/*.npy")
DOWNLOADS = ("bundles", "scores")  # written again when they are asked for


def damaged_files(home: Path) -> Iterator[Path]:
    """What is not as it was written. A person may have changed settings and users."""
    for at in _lists(home):
        yield from changed(at)


def take_away_downloads(home: Path) -> None:
    """What is damaged of them. The rest counts as it is from here on."""
    for at in _lists(home):
        if any(changed(at)):
            if at.relative_to(home).parts[0] in DOWNLOADS:
                forget(at)
            else:
                accept(at)


def damaged_cache(home: Path) -> Iterator[Path]:
    """What was damaged of it, or is of an older version: computed again once it is taken away and needed.
    The reader of `*.safetensors` compares their digest itself."""
    cache = home / CACHE
    digested = (file for names in DIGESTED for file in cache.glob(names))
    yield from (file for file in digested if file.is_file() and read_kept(file) is None)
    store = ThumbnailStore(FolderBlobs(cache / LARGER))
    larger = (file for file in (cache / LARGER).glob("*/*/*.webp") if len(file.stem) == 64)
    yield from (file for file in larger if not store.is_whole(file.stem))


def _lists(home: Path) -> list[Path]:
    below = (file for name in DOWNLOADS for file in (home / name).rglob(f"*{SUMS}"))
    return [*home.glob(f"*{SUMS}"), *below]
