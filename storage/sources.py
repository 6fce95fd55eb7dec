"""From what a person names (folders, files, zip archives, lists) to picture files and their bytes."""

# Plain strings and os.path: a million Path objects are slow, and `resolve` would follow links.
# ruff: noqa: PTH100, PTH112, PTH113, PTH114, PTH116, PTH118, PTH120, PTH122

from __future__ import annotations

import os
import stat
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import Final

from storage import lists
from storage.errors import BadPictureError, DiscernError

PICTURE_SUFFIXES: Final = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".mpo", ".png", ".apng", ".webp", ".gif", ".tif", ".tiff", ".bmp"}
    | {".heic", ".heif", ".hif", ".avif"}
)
MAX_FILE_BYTES: Final = 512 * 1024**2
_IN_ARCHIVE: Final = "!/"


@dataclass(frozen=True, slots=True)
class Source:
    """A file that may be a picture. `uri` is an absolute path, or archive path + `!/` + member.

    `mtime_ns` of a member is its archive's: members are read again when the archive is replaced.
    """

    uri: str
    size: int  # bytes
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class SkippedFile:
    """A file that was named but can't be read. `reason` is a key of `storage.pictures.REASONS`."""

    uri: str
    reason: str
    message: str
    size: int = 0
    mtime_ns: int = 0


Found = Iterator[Source | SkippedFile]


def walk(paths: Sequence[Path]) -> Found:
    """Streams the picture files under `paths`, folders in sorted order.

    In a folder only files with a picture's suffix count; hidden ones, lists and archives are passed over.
    A file named directly is always tried. Raises `DiscernError` at once where a path does not exist or a
    list has no path column.
    """
    visited: set[tuple[int, int]] = set()
    return chain.from_iterable([_named(os.path.abspath(path), visited) for path in paths])


def read(uri: str) -> bytes:
    """The file's bytes. Raises `BadPictureError`."""
    archive = _archive_of(uri)
    try:
        if archive is not None:
            return _read_member(archive, uri[len(archive) + len(_IN_ARCHIVE) :])
        status = os.stat(uri)  # before opening: opening a pipe would wait for its other end
        if not stat.S_ISREG(status.st_mode):
            raise BadPictureError("not-a-file", "This is not a regular file.")
        _check_size(status.st_size)
        return Path(uri).read_bytes()
    except FileNotFoundError as error:
        raise BadPictureError("missing", "The file does not exist any more.") from error
    except OSError as error:
        raise BadPictureError("unreadable", f"The file can't be read: {error.strerror or error}.") from error
    except ValueError as error:  # a NUL byte or a lone surrogate
        raise BadPictureError("bad-name", f"The file's name can't be used: {error}.") from error


def _named(path: str, visited: set[tuple[int, int]]) -> Found:
    if not os.path.lexists(path):
        raise DiscernError(f"{_printable(path)} does not exist. Check the spelling of the path.")
    if os.path.isdir(path):
        return _folder(path, visited)
    suffix = os.path.splitext(path)[1].lower()
    if os.path.isfile(path) and suffix == ".zip":
        return _archive(path)
    if os.path.isfile(path) and suffix in lists.READERS:
        return _listed(path, lists.paths_in(Path(path)))
    return iter([_file(path)])


def _folder(root: str, visited: set[tuple[int, int]]) -> Found:
    """Depth first with a stack of its own: folders may be nested deeper than Python's recursion limit."""
    stack = [(root, True)]
    while stack:
        path, is_folder = stack.pop()
        if not is_folder:
            yield _file(path)
            continue
        try:
            status = os.stat(path)
            if (status.st_dev, status.st_ino) in visited:  # reached before, through a link
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                kept = [
                    (entry.path, _is_folder(entry)) for entry in entries if not entry.name.startswith(".")
                ]
        except OSError as error:
            yield SkippedFile(_printable(path), "unreadable", f"The folder can't be read: {error.strerror}.")
            continue
        stack.extend(sorted((entry for entry in kept if entry[1] or _is_picture(entry[0])), reverse=True))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _is_picture(name: str) -> bool:
    return os.path.splitext(name)[1].lower() in PICTURE_SUFFIXES


def _file(path: str) -> Source | SkippedFile:
    if not _is_text(path):
        return SkippedFile(_printable(path), "bad-name", "The file's name is not valid UTF-8. Rename it.")
    try:
        status = os.stat(path)
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


def _listed(path: str, rows: lists.Rows) -> Found:
    """Relative paths are relative to the list's own folder."""
    folder = os.path.dirname(path)
    for number, value in rows:
        if not value or "\0" in value:
            uri = f"{_printable(path)}, row {number}"
            yield SkippedFile(uri, "bad-row", "This row of the list holds no path.")
            continue
        yield _file(os.path.abspath(os.path.join(folder, value)))


# --- zip archives -----------------------------------------------------------------------------------

_BAD_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    ValueError,
)
_opened = threading.local()


def _archive(path: str) -> Found:
    """The table of contents of an archive is read whole: Python's zipfile knows no other way."""
    outside = _file(path)
    if isinstance(outside, SkippedFile):
        yield outside
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                # Of two members with one name only the last can be read.
                if _is_picture_member(member) and archive.getinfo(member.filename) is member:
                    yield _member(path, member, outside.mtime_ns)
    except (*_BAD_ARCHIVE, OSError) as error:
        yield SkippedFile(
            path, "bad-archive", f"The archive is damaged: {error}.", outside.size, outside.mtime_ns
        )


def _is_picture_member(member: zipfile.ZipInfo) -> bool:
    name = PurePosixPath(member.filename)
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in name.parts)
    return not member.is_dir() and not hidden and _is_picture(name.name)


def _member(path: str, member: zipfile.ZipInfo, mtime_ns: int) -> Source | SkippedFile:
    uri = f"{path}{_IN_ARCHIVE}{member.filename}"
    try:
        _check_member(member)
    except BadPictureError as error:
        return SkippedFile(uri, error.reason, str(error), member.file_size, mtime_ns)
    return Source(uri, member.file_size, mtime_ns)


def _check_member(member: zipfile.ZipInfo) -> None:
    _check_size(member.file_size)
    if member.flag_bits & 0x1:
        raise BadPictureError("encrypted", "This file of the archive needs a password. Unpack it first.")
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        # Python can't stop these half-way, so a small member could unpack to any size.
        raise BadPictureError("unsupported", "This file is compressed by a method other than deflate.")


def _archive_of(uri: str) -> str | None:
    """Path of the archive that `uri` is in. `!/` is also legal in a plain path, so files decide."""
    end = uri.find(_IN_ARCHIVE)
    while end >= 0:
        if os.path.isfile(uri[:end]):
            return uri[:end]
        end = uri.find(_IN_ARCHIVE, end + 1)
    return None


def _read_member(path: str, name: str) -> bytes:
    try:
        archive = _open_archive(path)
        member = archive.getinfo(name)
        _check_member(member)
        with archive.open(member) as file:
            # With a size, unlike `archive.read`, this inflates no more than was declared.
            return file.read(member.file_size)
    except KeyError as error:
        raise BadPictureError("missing", "The archive does not hold this file any more.") from error
    except _BAD_ARCHIVE as error:
        raise BadPictureError("bad-archive", f"The archive is damaged: {error}.") from error


def _open_archive(path: str) -> zipfile.ZipFile:
    """The most recently used archive stays open, one a thread: its table of contents is read once."""
    status = os.stat(path)
    key = (path, status.st_ino, status.st_size, status.st_mtime_ns)
    if getattr(_opened, "key", None) != key:
        archive = zipfile.ZipFile(path)
        if previous := getattr(_opened, "archive", None):
            previous.close()
        _opened.key, _opened.archive = key, archive
    opened: zipfile.ZipFile = _opened.archive
    return opened


def _check_size(size: int) -> None:
    if size > MAX_FILE_BYTES:
        raise BadPictureError(
            "file-too-large",
            f"The file has {size / 1024**2:,.0f} MB; at most {MAX_FILE_BYTES // 1024**2} MB are read.",
        )


# --- names ------------------------------------------------------------------------------------------


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _printable(path: str) -> str:
    r"""Bytes that are not UTF-8 as `\xff`."""
    try:
        return os.fsencode(path).decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # a lone surrogate, from a JSON list
        return path.encode("utf-8", "backslashreplace").decode()
