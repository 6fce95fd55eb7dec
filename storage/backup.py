"""A backup as one zip, streamed: the database as it is at this moment, settings, and perhaps thumbnails.

Not in it: the pictures themselves; vectors, which can be made again; `secrets.json` and `users.json`; and
where a bucket is the store, the uploads in it. Thumbnails come out of the bucket.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from sqlalchemy import select

from storage.blobs import Blobs, blobs_at
from storage.database import Database
from storage.disk import free_bytes
from storage.errors import DISK_FULL
from storage.secrets import SESSION, WEBHOOKS, SecretsFile
from storage.tables import Watch
from storage.uploads import UPLOADS

THUMBNAILS, USERS = "thumbnails", "users.json"
PIECE = 1024 * 1024  # bytes
LEAVE_FREE = 16 * 1024**2  # bytes that a copy of the database doesn't take from those who work meanwhile
READ_ME = """A backup of a Discern data folder.

To restore it:
  1. Unpack it into an empty folder that only you can read.
  2. Set DISCERN_HOME to that folder.
  3. Make the vectors again from the pictures, which have to be where they were:
       discern library reembed {encoder}
     This also makes thumbnails that are not in the backup.
  4. Start Discern.

{uploads}Keys, passwords and the addresses of webhooks are not in the backup. {again}
Everyone has to log in again. Labels and their authors are as they were.
"""
NONE_SET = "None were set."
IN_A_BUCKET = """
Vectors, small pictures and uploaded pictures were kept in {store}, and the uploads only there: they are
not in the backup. Keep a copy of that place by the means of its service, and:
  - While it is as it was, start with DISCERN_STORE={store} besides and leave out step 3.
  - Where it is lost, bring your copy back first; without one, uploaded pictures are gone, and what was
    answered about them is still here. Then do step 3, with DISCERN_STORE naming the new place.
  - Without DISCERN_STORE everything is kept in the folder from then on. Uploads are still read from the
    bucket.
"""


def backup(
    database: Database,
    home: Path,
    *,
    encoder: str | None,
    thumbnails: bool,
    store: str = "",
) -> Iterator[bytes]:
    """The zip in pieces. `store`: the place in a bucket where all but the database is kept, if there is one.
    The copy of the database needs its size in free space while it is made.

    Raises `PlaceError` at once, before the first piece, where there is less.
    """
    if free_bytes(home) < database.size_bytes() + LEAVE_FREE:
        raise DISK_FULL(place=home)
    small = blobs_at(home, store, THUMBNAILS) if thumbnails else None
    lines = [
        "The endpoint's key: discern settings openai_api_key KEY"
        if name == "openai_api_key"
        else f"{name} in secrets.json"
        for name in SecretsFile(home).read().keys() - {SESSION, WEBHOOKS}
    ]
    users = json.loads((home / USERS).read_bytes()) if (home / USERS).is_file() else {}
    lines += [
        f"{name} ({user['role']}), who may log in: discern users add {name} --role {user['role']}"
        for name, user in sorted(users.items())
    ]
    going = select(Watch).where(Watch.webhook != "", Watch.stopped.is_(None)).order_by(Watch.id)
    lines += [
        f"The webhook of {watch.folder} ({watch.webhook}): stop watching the folder, and begin again"
        for watch in database.scalars(going)
    ]
    read_me = READ_ME.format(
        encoder=encoder or "auto",
        uploads=f"{left}\n\n" if (left := uploads_left_out(home)) else "",
        again="\n".join(["Enter again:", *(f"  - {line}" for line in lines)]) if lines else NONE_SET,
    )
    read_me += IN_A_BUCKET.format(store=store) if store else ""
    return _pieces(database, home, read_me, small)


def uploads_left_out(home: Path) -> str:
    """How many uploaded files a backup leaves out, and where they are; empty if there are none."""
    folder = home / UPLOADS
    files = sum(not file.name.startswith(".") for file in folder.glob("*/*"))
    said = "1 uploaded file is" if files == 1 else f"{files:,} uploaded files are"
    return f"{said} in {folder} and not in the backup: copy that folder too." if files else ""


def _pieces(database: Database, home: Path, read_me: str, thumbnails: Blobs | None) -> Iterator[bytes]:
    with tempfile.TemporaryDirectory(prefix="backup-", dir=home) as folder:
        copy = Path(folder) / "discern.sqlite"
        database.copy_to(copy)
        sink = _Sink()
        with zipfile.ZipFile(cast("IO[bytes]", sink), "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("README.txt", read_me)
            settings = home / "settings.json"
            if settings.is_file():
                archive.writestr("settings.json", settings.read_bytes())
            yield from _add(archive, sink, copy, "discern.sqlite")
            for name, content in _small(thumbnails) if thumbnails else ():
                archive.writestr(name, content, zipfile.ZIP_STORED)  # compressed as it is
                if sink.size >= PIECE:
                    yield sink.take()
        yield sink.take()


def _small(thumbnails: Blobs) -> Iterator[tuple[str, bytes]]:
    for key in sorted(thumbnails.keys()):
        with contextlib.suppress(FileNotFoundError):  # one that was removed meanwhile
            yield f"{THUMBNAILS}/{key}", thumbnails.read(key)


def _add(archive: zipfile.ZipFile, sink: _Sink, file: Path, name: str) -> Iterator[bytes]:
    entry = zipfile.ZipInfo.from_file(file, name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    with file.open("rb") as source, archive.open(entry, "w", force_zip64=True) as target:
        while piece := source.read(PIECE):
            target.write(piece)
            if sink.size >= PIECE:
                yield sink.take()


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
