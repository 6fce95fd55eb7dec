"""Folders that are watched, what was said of their pictures, and who is told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class WatchRow(Base):
    """A folder that is watched for a concept. Only `stopped` ever changes."""

    __tablename__ = "watches"
    id: Mapped[int] = mapped_column(primary_key=True)
    concept_id: Mapped[int] = mapped_column(ForeignKey("concepts.id"), index=True)
    folder: Mapped[str] = mapped_column(Text)
    confined: Mapped[bool]  # to where the app may read
    version: Mapped[int | None]  # none: whichever is the newest
    webhook: Mapped[str] = mapped_column(Text, default="")  # its secret is no part of the database
    seed: Mapped[str] = mapped_column(String(64))  # of the draw of questions
    ask_flagged: Mapped[float]  # chance of a flagged picture to be asked about
    ask_others: Mapped[float]  # and of any other
    promised: Mapped[float | None]  # share of what is flagged that is to be right
    promised_by: Mapped[str] = mapped_column(String(10), default="")  # certified, measured or given
    author: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(default=now)
    stopped: Mapped[datetime | None]


class WatchedPictureRow(Base):
    """What a version said of a picture of a watched folder, once. Append-only."""

    __tablename__ = "watched_pictures"
    __table_args__ = (
        UniqueConstraint("watch_id", "picture_id"),
        Index("watched_pictures_by_answer", "watch_id", "flagged", "sequence"),
    )
    sequence: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    picture_id: Mapped[str] = mapped_column(ForeignKey("pictures.id"))
    file: Mapped[str] = mapped_column(Text)  # under the folder
    version: Mapped[int]
    probability: Mapped[float]
    threshold: Mapped[float]
    flagged: Mapped[bool]
    fresh: Mapped[bool]  # like nothing that was answered or came before, so that it could be drawn
    drawn: Mapped[bool]  # to be answered blindly
    created: Mapped[datetime] = mapped_column(default=now)


class DeliveryRow(Base):
    """Outbox of the webhooks: written with what was flagged, and kept with what became of it."""

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("deliveries_by_due", "state", "due"),
        Index("deliveries_by_watch", "watch_id", "state"),
    )
    sequence: Mapped[int] = mapped_column(ForeignKey("watched_pictures.sequence"), primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    message_id: Mapped[str] = mapped_column(String(60), unique=True)
    state: Mapped[str] = mapped_column(String(10))  # waiting, delivered, dead
    tries: Mapped[int] = mapped_column(default=0)
    due: Mapped[datetime]  # for the next try
    problem: Mapped[str] = mapped_column(Text, default="")  # of the last try
    delivered: Mapped[datetime | None]
