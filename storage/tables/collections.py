"""Named collections, and in which of them a concept looks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class NamedCollectionRow(Base):
    """A set of pictures with a name of its own. Which pictures are in it: `CollectionPictureRow`."""

    __tablename__ = "collections"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(120), unique=True)  # case-folded name
    kind: Mapped[str] = mapped_column(String(10))  # how it began: folder, adding, dates, search, hand
    rule: Mapped[dict[str, Any]] = mapped_column(default=dict)  # that it began by; a folder is followed
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    removed: Mapped[datetime | None]
    followed: Mapped[datetime | None]  # until when what came into its folder was looked at
    # Between which times the pictures that are, or ever were, in it came into the library.
    first_added: Mapped[datetime | None]
    last_added: Mapped[datetime | None]


class CollectionChangeRow(Base):
    """What became of the pictures of a named collection, one number a change. Append-only."""

    __tablename__ = "collection_changes"
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the collection, from 1 on
    deed: Mapped[str] = mapped_column(String(10))  # made, added, taken, followed, undone, gone
    pictures: Mapped[int]  # that came or went
    remaining: Mapped[int]  # pictures that were in it afterwards
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)


class CollectionPictureRow(Base):
    """That a picture is in a named collection since a change of it, and until another one (none: now). What
    was in it after any change can be read for good."""

    __tablename__ = "collection_pictures"
    __table_args__ = (
        Index("collection_pictures_now", "collection_id", "until", "picture_id"),
        Index("collection_pictures_by_picture", "picture_id", "collection_id"),
    )
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"), primary_key=True)
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"), primary_key=True)
    since: Mapped[int] = mapped_column(primary_key=True)
    until: Mapped[int | None]


class ConceptFrameRow(Base):
    """Which named collections a concept looks in; none: everything. Append-only; the last row holds."""

    __tablename__ = "concept_frames"
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)  # of the concept, from 1 on; 0 is before the first
    collections: Mapped[list[Any]]  # ids
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
