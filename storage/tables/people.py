"""People: who is here, what there is only so much of, how they see pictures, what they did."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class EndedSessionRow(Base):
    """A session of the web app that its person has left."""

    __tablename__ = "ended_sessions"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    ended: Mapped[datetime] = mapped_column(default=now, index=True)


class TakenRow(Base):
    """Something of which there is only so much for a while, such as tries of a password. Of its key there is
    a hash. Rows go when they count no longer."""

    __tablename__ = "taken"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)


class ProtectionRow(Base):
    """How one person wants to see pictures."""

    __tablename__ = "protection"
    person: Mapped[str] = mapped_column(String(200), primary_key=True)
    shown_as: Mapped[str] = mapped_column(String(20))
    key: Mapped[str] = mapped_column(String(1))


class AuditRow(Base):
    """What somebody did: logged in, changed settings, imported, deleted, exported. Append-only."""

    __tablename__ = "audit"
    id: Mapped[int] = mapped_column(primary_key=True)
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    who: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(60))
    what: Mapped[str] = mapped_column(String(60))
    about: Mapped[str] = mapped_column(Text)
