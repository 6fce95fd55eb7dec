"""Pictures in a bucket, read where they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from storage import buckets
from storage.errors import BUCKET_REFUSED, BadPictureError, BucketError, DiscernError
from storage.pictures import archives, lists
from storage.pictures.files import (
    Found,
    SkippedFile,
    Source,
    Within,
    check_size,
    has_picture_suffix,
    printable,
    require_within,
)


def named(uri: str) -> Found:
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


def read(uri: str, within: Within | None = None) -> bytes:
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
