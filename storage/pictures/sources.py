"""From what a person names (folders, files, zip archives, lists; of this computer or in a bucket) to picture
files and their bytes."""

# Plain strings and os.path: a million Path objects are slow, and `resolve` would follow links.
# ruff: noqa: PTH100, PTH110, PTH112, PTH113, PTH114, PTH116, PTH118, PTH120, PTH122

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import chain
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from storage import buckets
from storage.buckets import in_bucket, uri_of
from storage.errors import BUCKET_REFUSED, BadPictureError, BucketError, DiscernError
from storage.files import open_regular
from storage.pictures import archives, lists, videos
from storage.pictures.files import (
    OUTSIDE,
    Found,
    SkippedFile,
    Source,
    Within,
    check_size,
    has_picture_suffix,
    look_at,
    printable,
    require_within,
)


def walk(
    paths: Sequence[Path], within: Within | None = None, passed: Callable[[list[str]], None] = lambda _: None
) -> Found:
    """Streams the picture files under `paths`, folders in sorted order; of links those that stay `within`.

    In a folder only files with a picture's or video's suffix count; hidden ones, lists and archives are
    passed over; `passed` is told the paths that are neither pictures nor hidden. A file named directly is
    always tried. Raises `DiscernError` at once where a path does not exist or a list has no path column.
    """
    visited: set[tuple[int, int]] = set()
    return chain.from_iterable([_named(absolute(path), visited, within, passed) for path in paths])


def absolute(path: Path) -> str:
    """Links stay as they are written, but behind one `..` is not what the text suggests."""
    if place := uri_of(path):
        return place
    return os.path.realpath(path) if ".." in path.parts else os.path.abspath(path)


def require(paths: Sequence[Path]) -> None:
    """Raises what `walk` raises at once, before anything is done."""
    walk(paths)


def read(uri: str, within: Within | None = None) -> bytes:
    """The file's bytes. Raises `BadPictureError`, also where the file, with all links followed, isn't
    `within`, and `BucketError`."""
    if in_bucket(uri):
        return read_from_bucket(uri, within)
    video, inside = videos.split(uri), archives.split(uri)
    with _told():
        if video is None and inside is not None:
            require_within(os.path.realpath(inside[0]), within)
            return archives.read_member(*inside)
        with opened(video[0] if video else uri, within) as file:
            if video is not None:
                return videos.frame_at(video[1], file)
            size = os.fstat(file.fileno()).st_size
            check_size(size)
            return file.read(size)  # and no more where it grows meanwhile


def frames(source: Source, within: Within | None = None) -> list[tuple[Source, bytes] | SkippedFile]:
    """Those that are taken of a video, the first one last, and what went wrong. Raises `BadPictureError`."""
    if in_bucket(source.uri):
        raise BadPictureError("unsupported", "Videos in a bucket are not read. Copy it to this computer.")
    with _told(), opened(source.uri, within) as file:
        found, problem = videos.frames(source.uri, file)
    skipped = [SkippedFile(source.uri, "damaged", problem, source.size, source.mtime_ns)] if problem else []
    return [*((replace(source, uri=place), data) for place, data in found), *skipped]


def opened(path: str, within: Within | None = None) -> BinaryIO:
    """A regular file on disk, to be read. Raises `BadPictureError`, also where it isn't `within`."""
    with _told():
        if within is not None:
            require_within(os.path.realpath(path), within)
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadPictureError("not-a-file", "This is not a regular file.")
        file = open_regular(Path(path), links=True)
        try:
            place = f"/proc/self/fd/{file.fileno()}"
            if within is not None and os.path.exists(place):  # a link may have been turned since
                require_within(os.path.realpath(place), within)
        except BaseException:
            file.close()
            raise
        return file


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise BadPictureError("missing", "The file does not exist any more.") from error
    except OSError as error:
        raise BadPictureError("unreadable", f"The file can't be read: {error.strerror or error}.") from error
    except ValueError as error:  # a NUL byte or a lone surrogate
        raise BadPictureError("bad-name", f"The file's name can't be used: {error}.") from error


def _named(
    path: str, visited: set[tuple[int, int]], within: Within | None, passed: Callable[[list[str]], None]
) -> Found:
    if in_bucket(path):
        return named_in_bucket(path)
    if not os.path.lexists(path):
        raise DiscernError(f"{printable(path)} does not exist. Check the spelling of the path.")
    if os.path.isdir(path):
        return _folder(path, visited, within, passed)
    suffix = os.path.splitext(path)[1].lower()
    if os.path.isfile(path) and suffix == ".zip":
        return archives.members(path)
    if os.path.isfile(path) and suffix in lists.READERS:
        return _listed(path, lists.paths_in(Path(path)))
    return iter([_file(path)])


def _folder(
    root: str, visited: set[tuple[int, int]], within: Within | None, passed: Callable[[list[str]], None]
) -> Found:
    """Depth first with a stack of its own: folders may be nested deeper than Python's recursion limit."""
    stack = [(root, True)]
    while stack:
        path, is_folder = stack.pop()
        if within is not None and os.path.islink(path) and not within(os.path.realpath(path)):
            yield SkippedFile(printable(path), "outside", OUTSIDE)
            continue
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
            yield SkippedFile(printable(path), "unreadable", f"The folder can't be read: {error.strerror}.")
            continue
        found = [one for one in kept if one[1] or has_picture_suffix(one[0]) or videos.is_video(one[0])]
        passed(sorted(path for path, _ in set(kept) - set(found)))
        stack.extend(sorted(found, reverse=True))


def _file(path: str) -> Source | SkippedFile:
    found = look_at(path)
    if isinstance(found, Source) and videos.is_video(path) and not videos.is_there():
        return SkippedFile(path, "video", videos.NOT_READ)
    return found  # the one before has no size and time: with the package it is another file


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False


def _listed(path: str, rows: lists.ListedRows) -> Found:
    """Relative paths are relative to the list's own folder."""
    folder = os.path.dirname(path)
    for number, value in rows:
        if not value or "\0" in value:
            uri = f"{printable(path)}, row {number}"
            yield SkippedFile(uri, "bad-row", "This row of the list holds no path.")
            continue
        yield _file(value if in_bucket(value) else os.path.abspath(os.path.join(folder, value)))


def named_in_bucket(uri: str) -> Found:
    """The pictures that a person means by a place in a bucket. Raises `DiscernError` at once where there is
    nothing, `BucketError` where that can't be found out."""
    found = buckets.look(uri)
    if found is None:
        raise DiscernError(f"There is nothing at {uri}. Check the spelling of the place.")
    if found.is_folder:
        return _below(uri)
    suffix = PurePosixPath(uri).suffix.lower()
    if suffix in lists.READERS:
        raise DiscernError(f"{uri} is a list, and lists are read from this computer alone. Copy it here.")
    return archives.members(uri) if suffix == ".zip" else iter([_source(found)])


def read_from_bucket(uri: str, within: Within | None = None) -> bytes:
    """Raises `BadPictureError` for this file, `BucketError` where the bucket is the reason."""
    try:
        inside = archives.split(uri)
        require_within(inside[0] if inside else uri, within)
        if inside is not None:
            with buckets.told(inside[0]):
                return archives.read_member(*inside)
        with buckets.opened(uri) as file:
            check_size(buckets.size_of(file))
            return file.read()
    except FileNotFoundError as error:
        raise BadPictureError("missing", "The file does not exist any more.") from error
    except BucketError as error:
        folder = uri.rpartition("/")[0]
        # Where the whole bucket refuses, looking into it raises, too.
        if error.case != BUCKET_REFUSED or next(buckets.entries(folder), None) is None:
            raise
        raise BadPictureError("unreadable", "The bucket doesn't hand out this file.") from error
    except ValueError as error:
        raise BadPictureError("bad-name", "This is no place in a bucket.") from error


def _below(folder: str) -> Iterator[Source | SkippedFile]:
    """Folder by folder, by name, so that a million files are not listed before the first is read."""
    stack = [buckets.Entry(folder, is_folder=True)]
    while stack:
        entry = stack.pop()
        if not entry.is_folder:
            yield _source(entry)
            continue
        found = [one for one in buckets.entries(entry.uri) if not _name(one).startswith(".")]
        stack.extend(one for one in reversed(found) if one.is_folder or has_picture_suffix(_name(one)))


def _source(entry: buckets.Entry) -> Source | SkippedFile:
    if not buckets.is_place(entry.uri):
        return SkippedFile(printable(entry.uri), "bad-name", "The file's name can't be used.")
    return Source(entry.uri, entry.size, entry.mtime_ns)


def _name(entry: buckets.Entry) -> str:
    return entry.uri.rpartition("/")[2]
