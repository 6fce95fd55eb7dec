"""Pictures inside zip archives: what there is, and the bytes of one."""

# Plain strings and os.path: a million Path objects are slow, and `resolve` would follow links.
# ruff: noqa: PTH113, PTH116

from __future__ import annotations

import os
import re
import struct
import threading
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import Final

from storage import buckets
from storage.errors import BadPictureError
from storage.pictures.files import Found, SkippedFile, Source, check_size, has_picture_suffix, look_at
from storage.pictures.formats import SIGNATURE, is_picture

_IN_ARCHIVE: Final = "!/"
_OF_ARCHIVE: Final = re.compile(rf"\.zip{_IN_ARCHIVE}", re.IGNORECASE)
_BAD_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)
SUSPICIOUS: Final = 100  # times smaller than what it unpacks to: looked at before half a gigabyte of zeros is
LARGE: Final = 1024**2  # bytes; what is smaller is unpacked whatever it is
_opened = threading.local()


def members(path: str) -> Found:
    """The pictures in an archive, as `archive!/member`.

    The table of contents of an archive is read whole: Python's zipfile knows no other way.
    """
    outside = look_at(path)
    if isinstance(outside, SkippedFile):
        yield outside
        return
    try:
        with _archive(path) as archive:
            for member in archive.infolist():
                name = PurePosixPath(member.filename)
                hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
                if member.is_dir() or hidden or not has_picture_suffix(name.name):
                    continue
                if archive.getinfo(member.filename) is not member:
                    continue  # of two members with one name only the last can be read
                found = f"{path}{_IN_ARCHIVE}{member.filename}", member.file_size, outside.mtime_ns
                try:
                    _check_member(member)
                except BadPictureError as error:
                    yield SkippedFile(found[0], error.reason, str(error), *found[1:])
                else:
                    yield Source(*found)
    except (*_BAD_ARCHIVE, OSError) as error:
        if (problem := buckets.problem_of(str(error), path)) is not None:
            raise problem from error
        yield SkippedFile(
            path, "bad-archive", f"The archive is damaged: {error}.", outside.size, outside.mtime_ns
        )


def _check_member(member: zipfile.ZipInfo) -> None:
    check_size(member.file_size)
    if member.flag_bits & 0x1:
        raise BadPictureError("encrypted", "This file of the archive needs a password. Unpack it first.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python can't stop these half-way, so a small member could unpack to any size.
        raise BadPictureError("unsupported", "This file is compressed by a method other than deflate.")


def split(uri: str) -> tuple[str, str] | None:
    """(archive, member) of a uri that lies in an archive. `!/` is also legal in a plain path, so files
    decide; in a bucket, where that would be a request each, what looks so."""
    if buckets.in_bucket(uri):
        sign = _OF_ARCHIVE.search(uri)
        return (uri[: sign.end() - len(_IN_ARCHIVE)], uri[sign.end() :]) if sign else None
    end = uri.find(_IN_ARCHIVE)
    while end >= 0:
        if os.path.isfile(uri[:end]):
            return uri[:end], uri[end + len(_IN_ARCHIVE) :]
        end = uri.find(_IN_ARCHIVE, end + 1)
    return None


def read_member(path: str, name: str) -> bytes:
    """Raises `BadPictureError`, or `OSError` where the archive itself can't be opened."""
    try:
        key = _stamp(path)
        if getattr(_opened, "key", None) != key:  # one a thread stays open: its contents are read once
            opened = _archive(path)
            if previous := getattr(_opened, "archive", None):
                previous.close()
            _opened.key, _opened.archive = key, opened
        archive: zipfile.ZipFile = _opened.archive
        member = archive.getinfo(name)
        _check_member(member)
        with archive.open(member) as file:
            start = file.read(SIGNATURE)
            packed_well = member.file_size > max(SUSPICIOUS * member.compress_size, LARGE)
            if packed_well and not is_picture(start):
                raise BadPictureError("not-a-picture", "The file in the archive is not a picture.")
            # With a size, unlike `archive.read`, this inflates no more than was declared.
            return start + file.read(member.file_size - len(start))
    except KeyError as error:
        raise BadPictureError("missing", "The archive does not hold this file any more.") from error
    except _BAD_ARCHIVE as error:
        raise BadPictureError("bad-archive", f"The archive is damaged: {error}.") from error


def _archive(path: str) -> zipfile.ZipFile:
    return zipfile.ZipFile(buckets.open_file(path) if buckets.in_bucket(path) else path)


def _stamp(path: str) -> tuple[object, ...]:
    """Another one whenever the archive was replaced."""
    if buckets.in_bucket(path):
        found = buckets.look(path)
        if found is None:
            raise FileNotFoundError(path)
        return path, found.size, found.mtime_ns
    status = os.stat(path)
    return path, status.st_ino, status.st_size, status.st_mtime_ns
