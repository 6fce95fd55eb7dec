"""Where bytes are kept: keys → bytes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from storage import buckets
from storage.disk import told
from storage.files import write_whole

_AS_IT_IS = getattr(os, "O_BINARY", 0)  # Windows would translate line ends
# Parts that begin with a letter or a digit, so that no key leads out of the folder or to a hidden file.
_KEY = re.compile(r"[0-9A-Za-z][\w.-]*(/[0-9A-Za-z][\w.-]*)*", re.ASCII)


class FolderBlobs:
    """Bytes under keys such as `ab/cd/abcd.webp`: one file a key, in a folder that is made when something is
    first written. Every method raises `ValueError` for what is no key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def read(self, key: str) -> bytes:
        """Raises `FileNotFoundError` where nothing is kept under the key."""
        return _read(self._path(key))

    def write(self, key: str, content: bytes) -> None:
        """Adds or replaces: whole or not at all, also when the process is killed meanwhile. Raises
        `StorageError`."""
        path = self._path(key)
        with told(path):
            write_whole(path, content)

    def delete(self, key: str) -> int:
        """How many bytes were kept under the key, which are no more."""
        path = self._path(key)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def keys(self) -> Iterator[str]:
        """Of all that is kept, each once."""
        files = (path.relative_to(self._folder).as_posix() for path in self._folder.rglob("*"))
        for key in files:
            if _KEY.fullmatch(key) and (self._folder / key).is_file():
                yield key

    def _path(self, key: str) -> Path:
        return self._folder / _checked(key)


def _read(path: Path) -> bytes:
    """With four calls to the system where `read_bytes` makes nine: around each a thread lets go of Python's
    lock, and has to wait for it where others are at work. Raises `OSError`."""
    file = os.open(path, os.O_RDONLY | _AS_IT_IS)
    try:
        size = os.fstat(file).st_size
        content = os.read(file, size)
        while len(content) < size and (more := os.read(file, size - len(content))):  # a file of gigabytes
            content += more
        return content
    finally:
        os.close(file)


class BucketBlobs:
    """The same, one object a key, below a place in a bucket. Every method raises `BucketError` besides."""

    def __init__(self, place: str) -> None:
        """`place` such as `s3://bucket/folder`."""
        self._place = place

    def exists(self, key: str) -> bool:
        found = buckets.look(self._uri(key))
        return found is not None and not found.is_folder

    def read(self, key: str) -> bytes:
        return buckets.read(self._uri(key))

    def write(self, key: str, content: bytes) -> None:
        buckets.write(self._uri(key), content)

    def delete(self, key: str) -> int:
        return buckets.delete(self._uri(key))

    def keys(self) -> Iterator[str]:
        for entry in buckets.entries(self._place, below=True):
            key = entry.uri.removeprefix(f"{self._place}/")
            if _KEY.fullmatch(key):
                yield key

    def _uri(self, key: str) -> str:
        return f"{self._place}/{_checked(key)}"


class LayeredBlobs:
    """What is written here, over what lies below, which is only read."""

    def __init__(self, own: Blobs, below: Blobs) -> None:
        self._own = own
        self._below = below

    def exists(self, key: str) -> bool:
        return self._own.exists(key) or self._below.exists(key)

    def read(self, key: str) -> bytes:
        try:
            return self._own.read(key)
        except FileNotFoundError:
            return self._below.read(key)

    def write(self, key: str, content: bytes) -> None:
        self._own.write(key, content)

    def delete(self, key: str) -> int:
        """What lies below stays: it is others' too."""
        return self._own.delete(key)

    def keys(self) -> Iterator[str]:
        yield from {*self._own.keys(), *self._below.keys()}


Blobs = FolderBlobs | BucketBlobs | LayeredBlobs


def blobs_at(home: Path, store: str, name: str) -> Blobs:
    """In a folder of the home, or below the store where there is one (`s3://…`)."""
    return BucketBlobs(f"{store}/{name}") if store else FolderBlobs(home / name)


def _checked(key: str) -> str:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key[:80]!r} is no key.")
    return key
