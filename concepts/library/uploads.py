"""Files that come from a browser: checked, named safely, and kept."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import tempfile
import unicodedata
import uuid
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

from concepts.errors import DiscernError
from concepts.use_cases import App, service
from storage.buckets import uri_of
from storage.pictures.decoding import check_pixels, wanted
from storage.pictures.files import MAX_FILE_BYTES
from storage.pictures.formats import PICTURE_SUFFIXES
from storage.pictures.pixels import MAX_PIXELS
from storage.pictures.videos import NOT_READ, is_there, is_video
from storage.uploads import ARCHIVE_SUFFIX, FolderUploads, KeptUploads, uploads_at

MAX_ARCHIVE_BYTES = 4 * 1024**3
LEAVE_FREE = 512 * 1024**2  # bytes of disk that an upload may not take
LONGEST_NAME = 120

_BATCH = re.compile(r"\d{8}-\d{6}-[0-9a-f]{12}")


class Uploads:
    """Batches of uploaded files. They stay, because the library refers to them."""

    def __init__(
        self,
        kept: KeptUploads,
        admit: Callable[[str, int], None] = lambda name, size: None,
        most_pixels: int = MAX_PIXELS,
    ) -> None:
        """`admit` raises for a file, by its name and size, that may not come in. `most_pixels`: of a picture
        that isn't in an archive."""
        self.kept = kept
        self._admit, self._most_pixels = admit, most_pixels

    def begin(self) -> str:
        """The name of a new batch."""
        return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{uuid.uuid4().hex[:12]}"

    async def save(self, batch: str, name: str, size: int, content: AsyncIterator[bytes]) -> str:
        """Writes one file, whole or not at all, and returns the name it was kept under.

        `size` is what the browser announces; more than that is never written. Raises `DiscernError`.
        """
        _check_batch(batch)
        safe = safe_name(name)
        if is_video(safe) and not isinstance(self.kept, FolderUploads):
            raise DiscernError("Videos in a bucket are not read. Import a folder of this computer instead.")
        large = safe.lower().endswith(ARCHIVE_SUFFIX) or is_video(safe)
        limit = MAX_ARCHIVE_BYTES if large else MAX_FILE_BYTES
        if size > limit:
            raise DiscernError(
                f"{safe} has {size / 1024**2:,.0f} MB; at most {limit // 1024**2:,} MB are taken."
            )
        self._admit(safe, size)
        folder = self.kept.waiting(batch)
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < size + LEAVE_FREE:
            raise DiscernError(f"There is too little room on the disk for {safe} ({size / 1024**2:,.0f} MB).")
        handle, partial = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
        try:
            written = 0
            with os.fdopen(handle, "wb") as file:
                async for chunk in content:
                    written += len(chunk)
                    if written > size:
                        break
                    file.write(chunk)
            if written != size:
                raise DiscernError(f"{safe} did not arrive whole. Send it again.")
            await asyncio.to_thread(self._check_pixels, Path(partial))
            return await asyncio.to_thread(self.kept.keep, Path(partial), batch, safe)
        finally:
            Path(partial).unlink(missing_ok=True)

    def _check_pixels(self, file: Path) -> None:
        with file.open("rb") as stream:
            found = wanted(stream)
        check_pixels(found.width, found.height, self._most_pixels)

    def paths(self, batch: str) -> list[Path]:
        """What to add for a batch. Raises `DiscernError` where nothing of it has arrived."""
        _check_batch(batch)
        places = self.kept.places(batch)
        if not places:
            raise DiscernError("None of the files has arrived. Send them again.")
        return places


def _check_batch(batch: str) -> None:
    """Raises `DiscernError` for anything but a name that `begin` gave."""
    if not _BATCH.fullmatch(batch):
        raise DiscernError("This is no batch of uploads. Reload the page and try again.")


def safe_name(name: str) -> str:
    """The last part of a path as a file name that no file system stumbles over, its suffix kept.

    Raises `DiscernError` for what is neither a picture nor a video that can be read nor a zip archive.
    """
    base = PurePosixPath(unicodedata.normalize("NFC", name).replace("\\", "/")).name
    stem, dot, ending = base.rpartition(".")
    suffix = (dot + ending).lower()
    shown = "".join(c if c.isprintable() else "?" for c in base)[:80]
    if is_video(suffix) and not is_there():
        raise DiscernError(f"“{shown}”: {NOT_READ}")
    if suffix not in PICTURE_SUFFIXES | {ARCHIVE_SUFFIX} and not is_video(suffix):
        raise DiscernError(f"{shown} isn’t a picture.")
    kept = "".join(c if c.isalnum() or c in "-_() " else "-" for c in stem).strip(" -.")
    encoded = (kept or "picture").encode("utf-8", "ignore")[:LONGEST_NAME]
    return encoded.decode("utf-8", "ignore") + suffix


def typed_paths(text: str) -> list[Path]:
    """Folders, files, archives and lists as a person typed them, one a line.

    Raises `DiscernError` for one that isn't there or isn't absolute.
    """
    lines = [line.strip().strip("\"'") for line in text.splitlines()]
    paths = [_without_tilde(line) for line in lines if line]
    if not paths:
        raise DiscernError("Write the path of a folder first, such as /home/ana/Pictures.")
    for path in paths:
        if uri_of(path):
            continue  # whoever reads there says whether it is there: asking a service takes its time
        if not path.is_absolute():
            raise DiscernError(f"“{path}” is no full path. Begin with / , such as /home/ana/Pictures.")
        if "\0" in str(path) or not os.path.lexists(path):
            raise DiscernError(f"{path} isn't there. Nothing was added; check the spelling.")
    return paths


def typed_folder(text: str) -> Path:
    """One folder as a person typed it. Raises `DiscernError` like `typed_paths`."""
    first, *more = typed_paths(text)
    if more or not (uri_of(first) or first.is_dir()):
        raise DiscernError(f"“{text.strip()}” is no folder. Write one, such as /home/ana/Pictures.")
    return first


def _without_tilde(typed: str) -> Path:
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # ~somebody, whom this computer doesn't know
        raise DiscernError(
            f"“{typed}” names nobody's folder on this computer. Write the full path."
        ) from None


@service
def uploads_of(app: App) -> Uploads:
    """Where an app keeps the files that people upload."""
    settings, shared = app.settings, app.shared
    return Uploads(uploads_at(settings.home, settings.store), shared.admit_file, shared.most_pixels)
