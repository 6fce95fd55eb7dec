"""What there is in the library: pictures, their places, folders, and what files say of them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, TextClause, false, text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import BY_BYTES, Base, now

# `taken` of a picture: seconds since 1970 by the camera's own clock, which knows no zone; or one of these.
# One number that can be sorted by and paged through, where "none" would have to be asked for on its own.
UNDATED = -(2**62)  # its file says no date
UNREAD = UNDATED - 1  # its file has not been asked
PURGED = "purged"  # stands for all pictures that are gone for good: events keep their number


class LibraryRow(Base):
    """The one library of this data folder: which encoder its vectors are from."""

    __tablename__ = "library"
    id: Mapped[int] = mapped_column(primary_key=True)
    encoder: Mapped[str] = mapped_column(String(500))  # how to load it again
    precision: Mapped[str] = mapped_column(String(20))
    fingerprint: Mapped[str] = mapped_column(String(80))
    dimension: Mapped[int]
    created: Mapped[datetime] = mapped_column(default=now)


# What pictures are sorted by: a part of its own in each index of the few that are repeated.
SORTED_BY = {
    "added": "added",
    "name": "name",
    "taken": "taken",
    "pixels": "(width * height)",
    "bytes": "bytes",
}


def _is(flag: str, name: str) -> TextClause:
    """Of the order that is gone through where another filter is chosen, too, those in the bin are left out:
    the index is enough then, and no row is looked at."""
    return text(f"{flag} = TRUE AND removed IS NULL" if name == "added" else f"{flag} = TRUE")


class PictureRow(Base):
    __tablename__ = "pictures"
    __table_args__ = (
        Index("pictures_by_added", "added", "id", "taken"),
        Index("pictures_by_name", "name", "id"),
        Index("pictures_by_taken", "taken", "id", "added"),
        Index("pictures_by_pixels", text("(width * height)"), "id"),
        Index("pictures_by_bytes", "bytes", "id"),
        Index("pictures_by_format_added", "format", "added", "id"),
        Index("pictures_by_format_taken", "format", "taken", "id"),
        *(
            Index(
                f"pictures_{flag}_by_{name}",
                flag,  # so that SQLite, which expects little of such an index, takes it
                of if name == of else text(of),
                "id",
                *(("format",) if name == "added" else ()),
                sqlite_where=_is(flag, name),
                postgresql_where=_is(flag, name),
            )
            for flag in ("copied", "alike")
            for name, of in SORTED_BY.items()
        ),
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
    near_group: Mapped[str | None] = mapped_column(String(64), index=True)  # smallest id of its group
    added: Mapped[datetime] = mapped_column(default=now)
    name: Mapped[str] = mapped_column(BY_BYTES, default="", server_default="")  # its first place's, folded
    taken: Mapped[int] = mapped_column(BigInteger, default=UNREAD, server_default=str(UNREAD))
    removed: Mapped[datetime | None]  # it is in the bin: `storage.removed`
    # Kept by `storage.repeated`: it is at several places; others of its group are shown.
    copied: Mapped[bool] = mapped_column(default=False, server_default=false())
    alike: Mapped[bool] = mapped_column(default=False, server_default=false())


class RemovalRow(Base):
    """That somebody removed a picture from the library or put it back. Append-only; `pictures.removed` is
    what stands."""

    __tablename__ = "removals"
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), index=True)
    deed: Mapped[str] = mapped_column(String(10))  # removed, restored, purged
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class RefusedPictureRow(Base):
    """All that is kept of a picture that is gone for good and shall not come in again."""

    __tablename__ = "refused_pictures"
    picture_id: Mapped[str] = mapped_column(String(64), primary_key=True)  # SHA-256 of the bytes
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class SourceRow(Base):
    """A place a picture's bytes are: an absolute path, or archive path + '!/' + member."""

    __tablename__ = "sources"
    __table_args__ = (Index("sources_by_picture", "picture_id", "uri"),)  # enough for who asks where it is
    uri: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"))
    size: Mapped[int] = mapped_column(BigInteger)
    mtime_ns: Mapped[int] = mapped_column(BigInteger)
    added: Mapped[datetime] = mapped_column(default=now, index=True)


class FolderRow(Base):
    """A folder that pictures are in or below, kept by `storage.folders`: how many places below it show one,
    and between which times these were added and taken, or more."""

    __tablename__ = "folders"
    __table_args__ = (Index("folders_by_parent", "parent", "path"),)
    path: Mapped[str] = mapped_column(BY_BYTES, primary_key=True)
    parent: Mapped[str] = mapped_column(BY_BYTES)
    files: Mapped[int]
    first_added: Mapped[datetime]
    last_added: Mapped[datetime]
    first_taken: Mapped[int] = mapped_column(BigInteger)
    last_taken: Mapped[int] = mapped_column(BigInteger)


class LibraryCountRow(Base):
    """How much of the library is not in the bin, kept by `storage.kept_counts`. One row."""

    __tablename__ = "library_counts"
    id: Mapped[int] = mapped_column(primary_key=True)
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
    seen: Mapped[datetime] = mapped_column(default=now)


class PendingVectorRow(Base):
    """Outbox: written with the picture, removed when its vector is in the index."""

    __tablename__ = "pending_vectors"
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(80), primary_key=True)


class PictureColumnRow(Base):
    """What a file from elsewhere says of a picture: its caption, how safe it is, where it is from. Nothing is
    overwritten: another value of the same column stands beside it."""

    __tablename__ = "picture_columns"
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(80), primary_key=True, index=True)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)  # of the value, which may be long
    value: Mapped[str] = mapped_column(Text)
    folded: Mapped[str | None] = mapped_column(Text)  # of captions: for search, whatever the case
    file: Mapped[str] = mapped_column(String(200))
    added: Mapped[datetime] = mapped_column(default=now)
