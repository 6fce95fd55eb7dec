"""Tables of the library and of whoever works in it: pictures, collections, people, jobs, calls to models."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BY_BYTES, Base, ConceptKey, Key, Now, OfPicture, PictureKey, Signed, now

# `taken` of a picture whose file says no date; else seconds since 1970 by the camera's own clock, which knows
# no zone. A number can be sorted by and paged through, where "none" would have to be asked for on its own.
UNDATED = -(2**62)
COMPARISON = "comparison"
PURGED = "purged"  # stands for all pictures that are gone for good: events keep their number


class LibraryRow(Base):
    """The one library of this data folder: which encoder its vectors are from."""

    __tablename__ = "library"
    id: Mapped[Key]
    encoder: Mapped[str] = mapped_column(String(500))  # how to load it again
    fingerprint: Mapped[str] = mapped_column(String(80))
    dimension: Mapped[int]
    created: Mapped[Now]


def _few(flag: str) -> Index:
    """Of the few pictures with a flag. It is in it, so that SQLite, which expects little of such an index,
    takes it."""
    only = text(f"{flag} = TRUE")
    return Index(f"pictures_{flag}", flag, "added", "id", sqlite_where=only, postgresql_where=only)


class PictureRow(Base):
    __tablename__ = "pictures"
    __table_args__ = (
        Index("pictures_by_added", "added", "id"),
        Index("pictures_by_name", "name", "id"),
        Index("pictures_by_taken", "taken", "id"),
        Index("pictures_by_pixels", text("(width * height)"), "id"),
        Index("pictures_by_bytes", "bytes", "id"),
        Index("pictures_by_format", "format", "added", "id"),
        _few("copied"),
        _few("alike"),
        Index(
            "pictures_removed",  # enough for nearly every query: it leaves out what is in the bin
            "removed",
            "id",
            sqlite_where=text("removed IS NOT NULL"),
            postgresql_where=text("removed IS NOT NULL"),
        ),
    )
    id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes
    bytes: Mapped[int] = mapped_column(BigInteger)
    format: Mapped[str] = mapped_column(String(10))
    width: Mapped[int]  # upright, after EXIF orientation
    height: Mapped[int]
    perceptual_hash: Mapped[str | None] = mapped_column(String(16))  # none where there is no detail
    near_group: Mapped[str] = mapped_column(String(64), index=True)  # smallest id of its group
    added: Mapped[Now]
    name: Mapped[str] = mapped_column(BY_BYTES, default="", server_default="")  # its first place's, folded
    taken: Mapped[int] = mapped_column(BigInteger, default=UNDATED, server_default=str(UNDATED))
    removed: Mapped[datetime | None]  # it is in the bin: `storage.removed`
    # Kept by `storage.kept_counts`: it is at several places; others of its group are shown.
    copied: Mapped[bool] = mapped_column(default=False, server_default=false())
    alike: Mapped[bool] = mapped_column(default=False, server_default=false())


class RemovalRow(Signed, Base):
    """That somebody removed a picture from the library or put it back. Append-only; `pictures.removed` is
    what stands."""

    __tablename__ = "removals"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), index=True)
    deed: Mapped[str] = mapped_column(String(10))  # removed, restored, purged


class RefusedPictureRow(Signed, Base):
    """All that is kept of a picture that is gone for good and shall not come in again."""

    __tablename__ = "refused_pictures"
    picture_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes


class SourceRow(Base):
    """A place a picture's bytes are: an absolute path, or archive path + '!/' + member."""

    __tablename__ = "sources"
    __table_args__ = (Index("sources_by_picture", "picture_id", "uri"),)  # enough for who asks where it is
    uri: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    picture_id: Mapped[OfPicture]
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[datetime] = mapped_column(default=now, index=True)


class FolderRow(Base):
    """A folder that pictures are in or below, kept by `storage.folders`: how many places below it show
    one."""

    __tablename__ = "folders"
    __table_args__ = (Index("folders_by_parent", "parent", "path"),)
    path: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    parent: Mapped[str] = mapped_column(BY_BYTES)
    files: Mapped[int]


class LibraryCountRow(Base):
    """How much of the library is not in the bin, kept by `storage.kept_counts`. One row."""

    __tablename__ = "library_counts"
    id: Mapped[Key]
    pictures: Mapped[int]
    bytes: Mapped[int] = mapped_column(BigInteger)
    groups: Mapped[int]  # of near-duplicates
    places: Mapped[int]


class BadFileRow(Base):
    """A file that was skipped, with its reason. Removed when the file turns good or disappears."""

    __tablename__ = "bad_files"
    uri: Mapped[str] = mapped_column(Text, primary_key=True)
    reason: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    seen: Mapped[Now]


class PendingVectorRow(Base):
    """Outbox: written with the picture, removed when its vector is in the index; with `COMPARISON` as the
    fingerprint, when it was compared with others."""

    __tablename__ = "pending_vectors"
    picture_id: Mapped[PictureKey]
    fingerprint: Mapped[str] = mapped_column(String(80), primary_key=True)


class PictureColumn(Base):
    """What a file from elsewhere says of a picture: its caption, how safe it is, where it is from. Nothing is
    overwritten: another value of the same column stands beside it."""

    __tablename__ = "picture_columns"
    picture_id: Mapped[PictureKey]
    name: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)  # of the value, which may be long
    value: Mapped[str] = mapped_column(Text)
    folded: Mapped[str | None] = mapped_column(Text)  # of what is searched, whatever the case
    file: Mapped[str] = mapped_column(String(200))
    added: Mapped[Now]


class NamedCollectionRow(Base):
    """A set of pictures with a name of its own. Which pictures are in it: `CollectionPictureRow`."""

    __tablename__ = "collections"
    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)  # case-folded name
    kind: Mapped[str] = mapped_column(String(10))  # how it began: folder, adding, dates, search, hand
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)  # that it began by; a folder is followed
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[Now]
    removed: Mapped[datetime | None]
    followed: Mapped[datetime | None]  # until when what came into its folder was looked at


class Change(Signed, Base):
    """What became of the pictures of a named collection, one number a change. Append-only."""

    __tablename__ = "collection_changes"
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    number: Mapped[Key]  # of the collection, from 1 on
    deed: Mapped[str] = mapped_column(String(10))  # made, added, taken, followed, undone, gone
    pictures: Mapped[int]  # that came or went
    remaining: Mapped[int]  # pictures that were in it afterwards


class CollectionPictureRow(Base):
    """That a picture is in a named collection since a change of it, and until another one (none: now). What
    was in it after any change can be read for good."""

    __tablename__ = "collection_pictures"
    __table_args__ = (
        Index("collection_pictures_now", "collection_id", "until", "picture_id"),
        Index("collection_pictures_by_picture", "picture_id", "collection_id"),
    )
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    picture_id: Mapped[PictureKey]
    since: Mapped[Key]
    until: Mapped[int | None]


class ConceptFrameRow(Signed, Base):
    """Which named collections a concept looks in; none: everything. Append-only; the last row holds."""

    __tablename__ = "concept_frames"
    concept_id: Mapped[ConceptKey]
    number: Mapped[Key]  # of the concept, from 1 on; 0 is before the first
    collections: Mapped[list[Any]]  # ids


class EndedSessionRow(Base):
    """A session of the web app that its person has left."""

    __tablename__ = "ended_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended: Mapped[datetime] = mapped_column(default=now, index=True)


class TakenRow(Base):
    """Something of which there is only so much for a while, such as tries of a password. Of its key there is
    a hash. Rows go when they count no longer."""

    __tablename__ = "taken"
    id: Mapped[Key]
    key: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class AnsweredRow(Base):
    """The answer to a request that changed something, by a hash of who sent it under which key. Rows go after
    a day."""

    __tablename__ = "answered"
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    until: Mapped[datetime] = mapped_column(index=True)
    answer: Mapped[dict[str, Any]]


class Preference(Base):
    """How one person wants to see pictures."""

    __tablename__ = "protection"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    shown_as: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(1))


class Deed(Base):
    """What somebody did: logged in, changed settings, imported, deleted, exported. Append-only."""

    __tablename__ = "audit"
    id: Mapped[Key]
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    who: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(Text)


class ModelCallRow(Base):
    """The ledger: every call to a model endpoint, answered or not."""

    __tablename__ = "model_calls"
    id: Mapped[Key]
    purpose: Mapped[str] = mapped_column(String(60), index=True)
    model: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    prompt_hash: Mapped[str] = mapped_column(String(64), index=True)
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost_usd: Mapped[float | None]  # none where no price is set
    latency_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))  # see `storage.calls.Outcome`
    error: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)  # none outside a job
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"), index=True)


class ModelAnswerRow(Base):
    """Cache of good answers by content of the question. Failures are never cached."""

    __tablename__ = "model_answers"
    prompt_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[dict[str, Any]]
    created: Mapped[Now]


class StoredJob(Base):
    """Long work. What is read of it may say that it is interrupted, which is not stored: it runs, and its
    process is gone."""

    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_concept", "concept_id", "kind"),)
    id: Mapped[Key]
    kind: Mapped[str] = mapped_column(String(40), index=True)
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), index=True)  # queued, running, done, failed, cancelled
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str] = mapped_column(Text, default="")
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a resumed run must know of the first
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str] = mapped_column(String(100), default="")
    lease: Mapped[int] = mapped_column(default=0, server_default="0")  # counts its runs
    heartbeat: Mapped[datetime | None]
    created: Mapped[Now]
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"))  # whose job it is
    details: Mapped[str | None] = mapped_column(Text)  # of a failure: the traceback

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran."""
        return ((self.finished or now()) - self.started).total_seconds() if self.started else None
