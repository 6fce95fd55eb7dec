"""Errors meant for people: they say what is wrong and carry the facts; what to do about it depends on where a
person is, so command line and screens each add that."""

from __future__ import annotations

from pathlib import Path


class DiscernError(Exception):
    """Base of every error that is shown to a person. The message is one line and names no command."""


class StorageError(DiscernError):
    """The data folder, the database or the vector index can't be used as it is."""


class BadPictureError(DiscernError):
    """A file that can't become a picture of the library. It is skipped, counted and listed.

    `reason` is a stable code (see `storage.pictures.reasons.REASONS`), the message is for people.
    """

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownPictureError(DiscernError):
    """An id or path that names no picture of the library."""


class DamagedIndexError(StorageError):
    """The vector index can't be read. It can be made again: nothing a person did is in it."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"The vector index in {folder} can't be used ({reason}). Pictures, labels and concepts are kept "
            "elsewhere."
        )
        self.folder = folder


class UnknownConceptError(DiscernError):
    """No concept has this name."""


class UnknownVersionError(DiscernError):
    """A concept has no definition or trained version of this number."""


class UnknownJobError(DiscernError):
    """No job has this number."""


class ConflictError(DiscernError):
    """What was asked for doesn't go with how things stand: a name that is taken, a job that still runs."""


class DiskFullError(StorageError):
    """There is no space left on the disk that holds the data folder."""
