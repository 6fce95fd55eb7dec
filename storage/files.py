"""Writing a file whole or not at all, and the URL of one that is a database."""

from __future__ import annotations

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.parse import quote


def write_whole(path: Path, content: bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def open_private(path: Path) -> IO[bytes]:
    """A new file to be written, which only this process's user can read from its first byte on. Raises
    `FileExistsError` where there is something, also a link."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def make_private(path: Path, *, folder: bool = False) -> None:
    """Nobody but this process's user may read a file or look into a folder, which is made where there is
    none. What belongs to another user is left as it is."""
    if folder:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    else:
        path.touch(mode=0o600)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        with suppress(PermissionError):
            path.chmod(0o700 if folder else 0o600)


def sqlite_url(path: Path) -> str:
    """For `storage.database.Database`. Here, because settings need it and not what a database needs."""
    return f"sqlite:///{quote(str(path))}"
