"""Where bytes are kept: keys → bytes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from storage.disk import told
from storage.files import write_whole

# Parts that begin with a letter or a digit, so that no key leads out of the folder or to a hidden file.
_KEY = re.compile(r"[0-9A-Za-z][\w.-]*(/[0-9A-Za-z][\w.-]*)*", re.ASCII)


class Blobs(Protocol):
    """Bytes under keys such as `ab/cd/abcd.webp`. Every method raises `ValueError` for what is no key."""

    def exists(self, key: str) -> bool: ...

    def read(self, key: str) -> bytes:
        """Raises `FileNotFoundError` where nothing is kept under the key."""

    def write(self, key: str, content: bytes) -> None:
        """Adds or replaces: whole or not at all, also when the process is killed meanwhile.

        Raises `StorageError`.
        """

    def delete(self, key: str) -> int:
        """How many bytes were kept under the key, which are no more."""


class FolderBlobs:
    """One file a key, in a folder that is made when something is first written."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def read(self, key: str) -> bytes:
        return self._path(key).read_bytes()

    def write(self, key: str, content: bytes) -> None:
        path = self._path(key)
        with told(path):
            write_whole(path, content)

    def delete(self, key: str) -> int:
        path = self._path(key)
        try:
            size = path.stat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def _path(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise ValueError(f"{key[:80]!r} is no key.")
        return self._folder / key


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
