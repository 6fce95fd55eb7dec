"""Writing a file whole or not at all, reading regular files alone, and the URL of one that is a database."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import IO, BinaryIO, Final
from urllib.parse import quote

DIGEST: Final = 32  # bytes
LONGEST_NAME: Final = 255  # bytes, on nearly every system
# Windows has none of the last two, and would translate line ends without the first.
_READ: Final = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_NO_LINKS: Final = getattr(os, "O_NOFOLLOW", 0)


def open_regular(path: Path, *, links: bool = False) -> BinaryIO:
    """Opens a regular file to read it. Raises `OSError` for anything else: a pipe or a device may keep its
    reader for ever. Without `links` it raises for a link, too, which may lead anywhere."""
    if not links and path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link, and links are not followed", str(path))
    _require_regular(path.stat().st_mode, path)  # a device may do something as soon as it is opened
    file = os.fdopen(os.open(path, _READ | (0 if links else _NO_LINKS)), "rb")
    try:
        _require_regular(os.fstat(file.fileno()).st_mode, path)  # another one may be there since
    except OSError:
        file.close()
        raise
    return file


def read_regular(path: Path, most: int, *, links: bool = False) -> bytes:
    """The bytes of a regular file. Raises `OSError` like `open_regular`, and for more than `most` bytes."""
    with open_regular(path, links=links) as file:
        size = os.fstat(file.fileno()).st_size  # as much room as is asked for is taken at once
        content = file.read(min(size, most) + 1)
    if len(content) > most:
        raise OSError(errno.EINVAL, f"it has more than {most // 1024**2} MB", str(path))
    return content


def _require_regular(mode: int, path: Path) -> None:
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))


def shortened(name: str, most: int = LONGEST_NAME) -> str:
    """The beginning of a name that fits into so many bytes. No character is cut in two."""
    encoded = os.fsencode(name)
    return name if len(encoded) <= most else encoded[:most].decode("utf-8", "ignore")


def write_whole(path: Path, content: bytes, mode: int | None = None) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never half of one. Its
    owner alone may read it, unless a `mode` says who may."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{shortened(path.name, 80)}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        if mode is not None:
            with suppress(PermissionError):
                Path(unfinished).chmod(mode)
        Path(unfinished).replace(path)
    except BaseException:
        Path(unfinished).unlink(missing_ok=True)
        raise


def write_kept(path: Path, content: bytes) -> None:
    """Write a file that begins with its own SHA-256, for `read_kept`. Raises `OSError`."""
    write_whole(path, hashlib.sha256(content).digest() + content)


def read_kept(path: Path) -> bytes | None:
    """What `write_kept` wrote; None where there is no such file, or another one by now."""
    with suppress(OSError):
        found = path.read_bytes()
        if hashlib.sha256(content := found[DIGEST:]).digest() == found[:DIGEST]:
            return content
    return None


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
