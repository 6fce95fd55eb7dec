"""Files of the data folder that are in no table: settings, users, secrets, copies of the database, what was
written to be downloaded, and what was computed before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from storage.blobs import FolderBlobs
from storage.database_file import LAST_BACKUP
from storage.pictures.thumbnails import ThumbnailStore
from storage.sums import SUMS, accept, changed, forget, read_kept

CACHE, LARGER = "cache", "pictures"  # that, larger copies of pictures, in the cache
DOWNLOADS = ("bundles", "scores")  # written again when they are asked for
COPIES = "*.before-*"  # of the database


def damaged_files(home: Path) -> Iterator[Path]:
    """What is not as it was written. A person may have changed settings and users."""
    for at in _lists(home):
        yield from changed(at)


def take_away_downloads(home: Path) -> None:
    """What is damaged of them. The rest, but for copies of the database, counts as it is from here on."""
    for at in _lists(home):
        if damaged := list(changed(at)):
            if at.relative_to(home).parts[0] in DOWNLOADS:
                forget(at)
            elif damaged == [at] or not at.match(COPIES):
                accept(at)


def take_away_cache(home: Path) -> Iterator[Path]:
    """What was damaged of it, or of an older version: it is computed again when it is needed."""
    larger = home / CACHE / LARGER
    store = ThumbnailStore(FolderBlobs(larger))
    for file in (*(home / CACHE).rglob("[!.]*"), home / LAST_BACKUP):
        if file.is_relative_to(larger):
            is_whole = file.suffix != ".webp" or store.is_whole(file.stem)
        else:
            is_whole = not file.is_file() or file.suffix == ".safetensors" or read_kept(file) is not None
        if not is_whole:
            file.unlink(missing_ok=True)
            yield file


def _lists(home: Path) -> list[Path]:
    below = (file for name in DOWNLOADS for file in (home / name).rglob(f"*{SUMS}"))
    return [*home.glob(f"*{SUMS}"), *below]
