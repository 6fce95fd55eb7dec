"""Errors meant for people: one table of what is said, and what to do about it in a terminal and on a screen.

Code catches classes, which carry facts. People read a `Case`, which is a row of sentences.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any, Generic, Literal, TypeVar


class _Advice(Formatter):
    """Formats `{concept!q}` as the concept's name, quoted for a shell: people paste commands."""

    def convert_field(self, value: Any, conversion: str | None) -> Any:
        return shlex.quote(str(value)) if conversion == "q" else super().convert_field(value, conversion)


class DiscernError(Exception):
    """Base of every error that is shown to a person. The message is one line and names no command."""

    http_status = 422  # a class that says one is a problem of its own over REST, with this as its type
    kind = ""  # of that problem, where it isn't what the class is called
    case: Case[Any] | None = None
    # What to do about it; empty where the message says it all. Filled in with the error's facts.
    in_terminal = ""
    on_screen = ""

    def advice(self, place: Literal["in_terminal", "on_screen"]) -> str:
        return _Advice().vformat(str(getattr(self, place)), (), vars(self))


E = TypeVar("E", bound=DiscernError)


@dataclass(frozen=True)
class Case(Generic[E]):
    """The sentence and the next steps of an error that code tells apart by its class alone. Call it with the
    facts that the sentences name to get the error to raise. `status` and `kind` make it a problem type of its
    own over REST."""

    error: type[E]
    said: str
    in_terminal: str = ""
    on_screen: str = ""
    status: int = 0
    kind: str = ""

    def __call__(self, **facts: Any) -> E:
        error = self.error(self.said.format(**facts))
        error.case, error.in_terminal, error.on_screen = self, self.in_terminal, self.on_screen
        error.http_status, error.kind = self.status or error.http_status, self.kind or error.kind
        vars(error).update(facts)
        return error


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


Thing = Literal["picture", "concept", "version", "job", "watch", "collection", "combination", "prompt"]


class UnknownError(DiscernError):
    """There is nothing of this name, path or number."""

    http_status = 404

    def __init__(self, message: str, thing: Thing | Literal[""] = "") -> None:
        super().__init__(message)
        self.kind = f"unknown-{thing}" if thing else ""


CONCEPT_IN_TRASH = Case(
    UnknownError,
    "“{concept}” is in the trash.",
    in_terminal="Restore it: discern trash restore --concept {concept!q}",
    on_screen="Restore it on Library, Trash.",
    status=409,
    kind="concept-in-trash",
)
UNKNOWN_COLLECTION = Case(
    UnknownError,
    "{said}",
    in_terminal="See discern collection list, or make it: discern collection new NAME",
    on_screen="Make it on Library, Collections.",
    kind="unknown-collection",
)


class LostJobError(DiscernError):
    """A run of a job that another process has taken over, because this one was not heard of for long."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"Job {job_id} was taken over by another process.")
        self.job_id = job_id


class ConflictError(DiscernError):
    """What was asked for doesn't go with how things stand: a name that is taken, a job that still runs."""

    http_status = 409


class PlaceError(StorageError):
    """A place on a disk can't be used as it is."""


DISK_FULL = Case(
    PlaceError,
    "The disk that holds {place} is full. Everything up to here is kept.",
    in_terminal="Free some space and run the same command again, or point DISCERN_HOME to another disk.",
    on_screen="Free some space: what waits goes on by itself.",
    status=507,
    kind="disk-full",
)
READ_ONLY = Case(
    PlaceError,
    "{place} is on a disk that can only be read.",
    in_terminal="Have it mounted for writing, or point DISCERN_HOME to another folder.",
    on_screen="Have it mounted for writing, then start Discern again.",
)
NO_PERMISSION = Case(
    PlaceError,
    "The user that Discern runs as has no permission to use {place}.",
    in_terminal="Give that user the right to read and write it, or point DISCERN_HOME to another folder.",
    on_screen="Give that user the right to read and write it.",
)


class BucketError(StorageError):
    """A place in a bucket can't be used as it is."""


BUCKET_UNUSABLE = Case(
    BucketError,
    "{place} gives an answer that nothing can be done with. Everything up to here is kept.",
    in_terminal="Check DISCERN_STORE, AWS_ENDPOINT_URL, AWS_REGION and the service's own log, then run "
    "the same command again.",
    on_screen="Whoever runs Discern finds out more in the log of that service.",
)
BUCKET_REFUSED = Case(
    BucketError,
    "{place} can't be used with the keys that Discern was started with: access is refused. Everything up "
    "to here is kept.",
    in_terminal="Check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_REGION, and that this key may "
    "list and read there, and below DISCERN_STORE write and delete; then run the same command again.",
    on_screen="Whoever runs Discern checks AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what this key may "
    "do there, and starts Discern again. Then do it once more: what is done is kept.",
)
NO_SUCH_BUCKET = Case(
    BucketError,
    "{place} is in a bucket that doesn't exist (any more). Everything up to here is kept.",
    in_terminal="Check the name (DISCERN_STORE, or the place that was named) and AWS_ENDPOINT_URL, or "
    "make it, then run the same command again. What was kept in one that is lost is made again from the "
    "pictures: discern library check --repair",
    on_screen="Check its name, or make it. What was kept in one that is lost is made again from the "
    "pictures: see Library.",
)
BUCKET_UNREACHABLE = Case(
    BucketError,
    "{place} can't be reached now: the service of the bucket doesn't answer. Everything up to here is kept.",
    in_terminal="Check AWS_ENDPOINT_URL and the network, then run the same command again. Without "
    "DISCERN_STORE everything is kept in the data folder.",
    on_screen="Try again in a minute: what is done is kept, and it goes on from there.",
)


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


class DamagedDatabaseError(StorageError):
    """The database file is there, and pages of it are not what was written. Nothing more is put in it."""

    in_terminal = (
        "Stop the app, then put the newest copy in its place, with all labels since (the damaged file is "
        "kept): discern library check --repair"
    )
    on_screen = "Ask whoever runs Discern to stop it and put the newest copy in its place."

    def __init__(self, name: str, reason: str, copy: str = "") -> None:
        """`copy`: the newest, in words."""
        known = f" The newest copy is {copy}; labels since are in its journal." if copy else ""
        super().__init__(f"{name} is damaged, so nothing more is written to it ({reason}).{known}")
        self.name = name


LOST_DATABASE = Case(
    StorageError,
    "{place} was removed or replaced while it was in use, so nothing more is saved.",
    in_terminal="Put it back, or restore what discern backup wrote, then run the same command again.",
    on_screen="Put the file back, or restore a backup, then start Discern again.",
)
EARLIER_DATABASE = Case(  # of a version before 0.3.0
    StorageError,
    "{place} was made by an earlier version of Discern. It was left as it is.",
    in_terminal="Export labels and definitions with that version. Then point DISCERN_HOME or "
    "DISCERN_DATABASE_URL to a new place, add the pictures there and import both. docs/compatibility.md "
    "lists the commands.",
    on_screen="Export labels and definitions with that version, then import them into a new data folder.",
)
NEWER_DATABASE = Case(
    StorageError,
    "{place} was written by a newer version of Discern ({revision}).",
    in_terminal="Update Discern, or point DISCERN_HOME or DISCERN_DATABASE_URL elsewhere.",
    on_screen="Update Discern.",
)
