"""One file that may be a picture: its name, its size, and whether it can be read."""

# Plain strings and os.path: a million Path objects are slow, and `resolve` would follow links.
# ruff: noqa: PTH114, PTH116, PTH122

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from storage.buckets import in_bucket, is_place, look
from storage.errors import BadPictureError
from storage.pictures.formats import PICTURE_SUFFIXES

MAX_FILE_BYTES: Final = 512 * 1024**2
OUTSIDE: Final = "A link leads out of the folders that pictures may be added from."


@dataclass(frozen=True, slots=True)
class Source:
    """A file that may be a picture. `uri` is an absolute path, a place in a bucket (`s3://bucket/file`), or
    either of an archive + `!/` + member; of a frame its video + `!/` + moment.

    `mtime_ns` of a member is its archive's: members are read again when the archive is replaced. Of a frame
    the size is its video's, too.
    """

    uri: str
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was named but can't be read. `reason`: see `storage.errors.Reason`."""

    uri: str
    reason: str
    message: str
    size: int = 0
    mtime_ns: int = 0


Found = Iterator[Source | SkippedFile]
Within = Callable[[str], bool]  # whether a place, with all links followed, may be read from


def has_picture_suffix(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def look_at(path: str) -> Source | SkippedFile:
    """One file on disk or in a bucket, not opened yet. Raises `BucketError`."""
    if in_bucket(path):
        if not is_place(path):
            return SkippedFile(printable(path), "bad-name", "This is no place in a bucket.")
        found = look(path)
        if found is None:
            return SkippedFile(path, "missing", "The file does not exist.")
        if found.is_folder:
            return SkippedFile(path, "not-a-file", "This is not a regular file.")
        return Source(path, found.size, found.mtime_ns)
    try:
        path.encode()
        status = os.stat(path)
    except UnicodeEncodeError:
        return SkippedFile(printable(path), "bad-name", "The file's name is not valid UTF-8. Rename it.")
    except FileNotFoundError:
        if os.path.islink(path):
            return SkippedFile(path, "dangling-link", "The link points to a file that does not exist.")
        return SkippedFile(path, "missing", "The file does not exist.")
    except OSError as error:
        return SkippedFile(path, "unreadable", f"The file can't be read: {error.strerror}.")
    facts = (status.st_size, status.st_mtime_ns)
    if not stat.S_ISREG(status.st_mode):
        return SkippedFile(path, "not-a-file", "This is not a regular file.", *facts)
    if not os.access(path, os.R_OK):
        return SkippedFile(path, "unreadable", "There is no permission to read the file.", *facts)
    return Source(path, *facts)


def require_within(place: str, within: Within | None) -> None:
    """Raises `BadPictureError` for a place outside of where may be read."""
    if within is not None and not within(place):
        raise BadPictureError("outside", OUTSIDE)


def check_size(size: int) -> None:
    """Raises `BadPictureError` for more than `MAX_FILE_BYTES`."""
    if size > MAX_FILE_BYTES:
        raise BadPictureError(
            "file-too-large",
            f"The file has {size / 1024**2:,.0f} MB; at most {MAX_FILE_BYTES // 1024**2} MB are read.",
        )


def printable(path: str) -> str:
    r"""Bytes that are not UTF-8 as `\xff`."""
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate, from a JSON list
        return path.encode("utf-8", "backslashreplace").decode()
