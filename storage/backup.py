"""A backup as one zip, streamed: the database as it is at this moment, settings, and perhaps thumbnails.

Not in it: the pictures themselves, vectors (they can be made again), passwords and keys.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from storage.database import Database
from storage.disk import free_bytes
from storage.errors import DiskFullError

SECRET_SETTINGS = ("openai_api_key",)
PIECE = 1024 * 1024  # bytes
LEAVE_FREE = 16 * 1024**2  # bytes that a copy of the database doesn't take from those who work meanwhile
READ_ME = """A backup of a Discern data folder.

To restore it:
  1. Unpack it into an empty folder.
  2. Start Discern with DISCERN_HOME set to that folder.
  3. Make the vectors again from the pictures, which have to be where they were:
       discern library reembed {encoder}
     This also makes thumbnails that are not in the backup.

Keys and passwords are not in the backup. Set the endpoint's key again, and add users again. Watched folders
with a webhook have lost the secret that signs its messages: stop watching them, and begin again.
"""


def backup(database: Database, home: Path, *, encoder: str | None, thumbnails: bool) -> Iterator[bytes]:
    """The zip in pieces. The copy of the database needs its size in free space while it is made.

    Raises `DiskFullError` at once, before the first piece, where there is less.
    """
    if free_bytes(home) < database.size_bytes() + LEAVE_FREE:
        raise DiskFullError(home)
    return _pieces(database, home, encoder, thumbnails)


def _pieces(database: Database, home: Path, encoder: str | None, thumbnails: bool) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="backup-", dir=home) as folder:
        copy = Path(folder) / "discern.sqlite"
        database.copy_to(copy)
        sink = _Sink()
        with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("README.txt", READ_ME.format(encoder=encoder or "auto"))
            settings = home / "settings.json"
            if settings.is_file():
                archive.writestr("settings.json", _without_secrets(settings))
            for file, name in _files(home, copy, thumbnails):
                yield from _add(archive, sink, file, name)
        yield sink.take()


def _files(home: Path, database: Path, thumbnails: bool) -> Iterator[tuple[Path, str]]:
    yield database, "discern.sqlite"
    if thumbnails:
        for file in sorted((home / "thumbnails").rglob("*.webp")):
            yield file, str(file.relative_to(home))


def _add(archive: zipfile.ZipFile, sink: _Sink, file: Path, name: str) -> Iterator[bytes]:
    try:
        entry = zipfile.ZipInfo.from_file(file, name)
        source = file.open("rb")
    except FileNotFoundError:  # a thumbnail that was removed meanwhile
        return
    if not name.endswith(".webp"):  # compressed as it is
        entry.compress_type = zipfile.ZIP_DEFLATED
    with source, archive.open(entry, "w", force_zip64=True) as target:
        while piece := source.read(PIECE):
            target.write(piece)
            if sink.size >= PIECE:
                yield sink.take()


def _without_secrets(settings: Path) -> str:
    values = json.loads(settings.read_text(encoding="utf-8"))
    return json.dumps(
        {name: value for name, value in values.items() if name not in SECRET_SETTINGS}, indent=2
    )


class _Sink:
    """What the zip is written to: gathers bytes until they are taken. Zip can do without seeking."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back elsewhere."""

    def take(self) -> bytes:
        taken, self._pieces, self.size = b"".join(self._pieces), [], 0
        return taken
