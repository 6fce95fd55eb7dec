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
    """The vector index can't be read, or holds what was never written. It can be made again: nothing a person
    did is in it."""

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(
            "The vectors that pictures are searched and compared by are damaged. "
            f"Pictures, labels and concepts are kept elsewhere. ({folder}: {reason}.)"
        )
        self.folder = folder


class UnknownConceptError(DiscernError):
    """No concept has this name."""


class ConceptInTrashError(UnknownConceptError):
    """The concept is in the trash, so nothing can be done with it until it is restored."""

    def __init__(self, concept: str) -> None:
        super().__init__(f"“{concept}” is in the trash.")
        self.concept = concept


class UnknownVersionError(DiscernError):
    """A concept has no definition or trained version of this number."""


class LostJobError(DiscernError):
    """A run of a job that another process has taken over, because this one was not heard of for long."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} was taken over by another process.")
        self.job_id = job_id


class UnknownJobError(DiscernError):
    """No job has this number."""


class UnknownWatchError(DiscernError):
    """No watched folder has this number."""


class UnknownCollectionError(DiscernError):
    """No named collection of pictures has this name or number."""


class UnknownShareError(DiscernError):
    """No link of this concept has this number."""


class ConflictError(DiscernError):
    """What was asked for doesn't go with how things stand: a name that is taken, a job that still runs."""


class DiskFullError(StorageError):
    """There is no space left on the disk that holds `place`."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"The disk that holds {place} is full. Everything up to here is kept.")
        self.place = place


class ReadOnlyError(StorageError):
    """The disk that holds `place` was mounted to be read only."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"{place} is on a disk that can only be read.")
        self.place = place


class NoPermissionError(StorageError):
    """The user of this process has no right to use `place`."""

    def __init__(self, place: Path) -> None:
        super().__init__(f"The user that Discern runs as has no permission to use {place}.")
        self.place = place


class BucketError(StorageError):
    """The bucket that holds `place` can't be used as it is."""

    said = "gives an answer that nothing can be done with"

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} {self.said}. Everything up to here is kept.")
        self.place = place


class BucketRefusedError(BucketError):
    """The service knows who asks not at all, or not as somebody who may do this there."""

    said = "can't be used with the keys that Discern was started with: access is refused"


class NoSuchBucketError(BucketError):
    """There is no bucket of this name."""

    said = "is in a bucket that doesn't exist (any more)"


class BucketUnreachableError(BucketError):
    """The service gives no answer."""

    said = "can't be reached now: the service of the bucket doesn't answer"


class DamagedDatabaseError(StorageError):
    """The database file is there and can be read, and is none."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name} is not a database that can be read ({reason}).")
        self.name = name


class NewerDatabaseError(StorageError):
    """The database was written by a newer version."""

    def __init__(self, name: str, revision: str) -> None:
        super().__init__(f"{name} was written by a newer version of Discern ({revision}).")
        self.name = name
