"""Room and permission on a disk: what keeps from writing there, told apart."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.errors import DISK_FULL, NO_PERMISSION, READ_ONLY, StorageError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PROBE = 64 * 1024  # bytes


def refused(error: OSError, place: Path) -> StorageError:
    """What the operating system's refusal to use `place` means for a person."""
    if error.errno in FULL:
        return DISK_FULL(place=place)
    if error.errno == errno.EROFS:
        return READ_ONLY(place=place)
    if error.errno in (errno.EACCES, errno.EPERM):
        return NO_PERMISSION(place=place)
    return StorageError(f"{place} can't be used ({error.strerror or error}).")


def is_refusal(error: OSError) -> bool:
    """Whether the disk or its rights are the reason, rather than a mistake in the code."""
    return type(refused(error, Path())) is not StorageError


@contextmanager
def told(place: Path) -> Iterator[None]:
    """Raises what the operating system says about `place` as a `StorageError`."""
    try:
        yield
    except OSError as error:
        raise refused(error, place) from error


def obstacle(folder: Path) -> StorageError | None:
    """What keeps from writing in a folder, or where it would be, found out by trying."""
    folder = _existing(folder)
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0" * PROBE)
            file.flush()
    except OSError as error:
        return refused(error, folder)
    return None


def free_bytes(folder: Path) -> int:
    """On the disk that holds a folder, or that will hold it."""
    return shutil.disk_usage(_existing(folder)).free


def _existing(folder: Path) -> Path:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return folder
