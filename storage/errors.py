"""Errors meant for people. Each class is a row of one table: the facts, the sentence they make, what to do
about it in a terminal and on a screen, and the status of HTTP."""

from __future__ import annotations

import shlex
from pathlib import Path
from string import Formatter
from typing import Any, Literal


class _Advice(Formatter):
    """Formats `{error.concept!q}` as the concept's name, quoted for a shell: people paste commands."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return shlex.quote(str(value)) if conversion == "q" else super().convert_field(value, conversion)


class DiscernError(Exception):
    """Base of every error that is shown to a person. The message is one line and names no command.

    The most special class decides what to do: `in_terminal` and `on_screen` are formatted with the `error`.
    """

    http_status = 422  # a class that says one is a problem of its own over REST, with this as its type
    in_terminal = ""
    on_screen = ""

    def advice(self, place: Literal["in_terminal", "on_screen"]) -> str:
        """What to do about it; empty where the message says it all."""
        return _Advice().format(str(getattr(self, place)), error=self)


class StorageError(DiscernError):
    """The data folder, the database or the vector index can't be used as it is."""

    http_status = 503


Reason = Literal[
    "empty",
    "not-a-picture",
    "truncated",
    "damaged",
    "too-large",
    "unsupported",
    "file-too-large",
    "unreadable",
    "missing",
    "dangling-link",
    "bad-name",
    "not-a-file",
    "bad-archive",
    "encrypted",
    "outside",
    "bad-row",
    "changed",
    "video",
]


class BadPictureError(DiscernError):
    """A file that can't become a picture of the library. It is skipped, counted and listed.

    `reason` is a stable code, the message is for people.
    """

    http_status = 422

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


class UnknownPictureError(DiscernError):
    """An id or path that names no picture of the library."""

    http_status = 404


class DamagedIndexError(StorageError):
    """The vector index can't be read, or holds what was never written. It can be made again: nothing a person
    did is in it."""

    in_terminal = "Make it again: discern library check --repair"
    on_screen = "It is made again meanwhile: see Library."

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(
            "The vectors that pictures are searched and compared by are damaged. "
            f"Pictures, labels and concepts are kept elsewhere. ({folder}: {reason}.)"
        )
        self.folder = folder


class UnknownConceptError(DiscernError):
    """No concept has this name."""

    http_status = 404


class ConceptInTrashError(UnknownConceptError):
    """The concept is in the trash, so nothing can be done with it until it is restored."""

    http_status = 409
    in_terminal = "Restore it: discern trash restore --concept {error.concept!q}"
    on_screen = "Restore it on Library, Trash."

    def __init__(self, concept: str) -> None:
        super().__init__(f"“{concept}” is in the trash.")
        self.concept = concept


class UnknownVersionError(DiscernError):
    """A concept has no definition or trained version of this number."""

    http_status = 404


class LostJobError(DiscernError):
    """A run of a job that another process has taken over, because this one was not heard of for long."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} was taken over by another process.")
        self.job_id = job_id


class UnknownJobError(DiscernError):
    """No job has this number."""

    http_status = 404


class UnknownWatchError(DiscernError):
    """No watched folder has this number."""

    http_status = 404


class UnknownCollectionError(DiscernError):
    """No named collection of pictures has this name or number."""

    http_status = 404
    in_terminal = "See discern collection list, or make it: discern collection new NAME"
    on_screen = "Make it on Library, Collections."


class ConflictError(DiscernError):
    """What was asked for doesn't go with how things stand: a name that is taken, a job that still runs."""

    http_status = 409


class PlaceError(StorageError):
    """A place on a disk or in a bucket can't be used as it is."""

    said = ""

    def __init__(self, place: Path | str) -> None:
        super().__init__(self.said.format(place))
        self.place = place


class DiskFullError(PlaceError):
    """There is no space left on the disk that holds `place`."""

    http_status = 507
    in_terminal = "Free some space and run the same command again, or point DISCERN_HOME to another disk."
    on_screen = "Free some space: what waits goes on by itself."
    said = "The disk that holds {} is full. Everything up to here is kept."


class ReadOnlyError(PlaceError):
    """The disk that holds `place` was mounted to be read only."""

    in_terminal = "Have it mounted for writing, or point DISCERN_HOME to another folder."
    on_screen = "Have it mounted for writing, then start Discern again."
    said = "{} is on a disk that can only be read."


class NoPermissionError(PlaceError):
    """The user of this process has no right to use `place`."""

    in_terminal = "Give that user the right to read and write it, or point DISCERN_HOME to another folder."
    on_screen = "Give that user the right to read and write it."
    said = "The user that Discern runs as has no permission to use {}."


class BucketError(PlaceError):
    """The bucket that holds `place` can't be used as it is."""

    in_terminal = (
        "Check DISCERN_STORE, AWS_ENDPOINT_URL, AWS_REGION and the service's own log, then run the same "
        "command again."
    )
    on_screen = "Whoever runs Discern finds out more in the log of that service."
    said = "{} gives an answer that nothing can be done with. Everything up to here is kept."


class BucketRefusedError(BucketError):
    """The service knows who asks not at all, or not as somebody who may do this there."""

    in_terminal = (
        "Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this key may list and "
        "read there, and below DISCERN_STORE write and delete; then run the same command again."
    )
    on_screen = (
        "Whoever runs Discern checks AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what this key may do "
        "there, and starts Discern again. Then do it once more: what is done is kept."
    )
    said = (
        "{} can't be used with the keys that Discern was started with: access is refused. "
        "Everything up to here is kept."
    )


class NoSuchBucketError(BucketError):
    """There is no bucket of this name."""

    in_terminal = (
        "Check the name (DISCERN_STORE, or the place that was named) and AWS_ENDPOINT_URL, or make it, "
        "then run the same command again. What was kept in one that is lost is made again from the "
        "pictures: discern library check --repair"
    )
    on_screen = (
        "Check its name, or make it. What was kept in one that is lost is made again from the pictures: "
        "see Library."
    )
    said = "{} is in a bucket that doesn't exist (any more). Everything up to here is kept."


class BucketUnreachableError(BucketError):
    """The service gives no answer."""

    in_terminal = (
        "Check AWS_ENDPOINT_URL and the network, then run the same command again. Without DISCERN_STORE "
        "everything is kept in the data folder."
    )
    on_screen = "Try again in a minute: what is done is kept, and it goes on from there."
    said = "{} can't be reached now: the service of the bucket doesn't answer. Everything up to here is kept."


class DamagedDatabaseError(StorageError):
    """The database file is there, and pages of it are not what was written. Nothing more is put in it."""

    in_terminal = (
        "Stop the app, then put the newest copy in its place, with all labels since (the damaged file is "
        "kept): discern library check --repair"
    )
    on_screen = "Ask whoever runs Discern to stop it and run: discern library check --repair"

    def __init__(self, name: str, reason: str, copy: str = "") -> None:
        """`copy`: the newest, in words."""
        known = f" The newest copy is {copy}; labels since are in its journal." if copy else ""
        super().__init__(f"{name} is damaged, so nothing more is written to it ({reason}).{known}")
        self.name = name


class LostDatabaseError(StorageError):
    """The database file was removed, or another one put in its place, while it was in use."""

    in_terminal = "Put it back, or restore what discern backup wrote, then run the same command again."
    on_screen = "Put the file back, or restore a backup, then start Discern again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} was removed or replaced while it was in use, so nothing more is saved.")
        self.path = path


class EarlierDatabaseError(StorageError):
    """The database was written by a version before 0.3.0, whose data folders are not opened."""

    in_terminal = (
        "Export labels and definitions with that version. Then point DISCERN_HOME or DISCERN_DATABASE_URL to "
        "a new place, add the pictures there and import both. docs/compatibility.md lists the commands."
    )
    on_screen = "Export labels and definitions with that version, then import them into a new data folder."

    def __init__(self, name: str, revision: str) -> None:
        super().__init__(f"{name} was made by an earlier version of Discern. It was left as it is.")
        self.name = name
        self.revision = revision


class NewerDatabaseError(StorageError):
    """The database was written by a newer version."""

    in_terminal = "Update Discern, or point DISCERN_HOME or DISCERN_DATABASE_URL elsewhere."
    on_screen = "Update Discern."

    def __init__(self, name: str, revision: str) -> None:
        super().__init__(f"{name} was written by a newer version of Discern ({revision}).")
        self.name = name
