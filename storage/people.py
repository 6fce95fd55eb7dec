"""People: what they did, which sessions they have left, what they were answered, and which passwords were
tried lately, counted for all processes."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from storage.database import Database, Store, insert_new, insert_or_update
from storage.tables import AnsweredRow, EndedSessionRow, TakenRow, now
from storage.tables import Deed as Deed

LOCK = "taken"
ANSWERED = timedelta(days=1)


class AuditLog(Store):
    """What an owner may want to know of later: append-only, one row a deed."""

    def add(self, who: str, what: str, about: str = "", address: str = "") -> None:
        row = Deed(who=who[:200], what=what[:60], about=about[:500], address=address[:60])
        with self._database.write() as session:
            session.add(row)

    def recent(self, limit: int = 50, offset: int = 0) -> list[Deed]:
        """Newest first."""
        return self._database.scalars(select(Deed).order_by(Deed.id.desc()).limit(limit).offset(offset))

    def newest(self, what: Collection[str]) -> Deed | None:
        """The newest of these deeds."""
        return self._database.scalar(
            select(Deed).where(Deed.what.in_(what)).order_by(Deed.id.desc()).limit(1)
        )


class EndedSessions:
    """All reads and writes of the table of ended sessions, which are kept for as long as they would last."""

    def __init__(self, database: Database, last_for: timedelta) -> None:
        self._database = database
        self._last_for = last_for

    def end(self, session_id: str) -> None:
        with self._database.write() as session:
            session.execute(delete(EndedSessionRow).where(EndedSessionRow.ended < now() - self._last_for))
            insert_new(session, EndedSessionRow, [{"id": session_id}])

    def has(self, session_id: str) -> bool:
        query = select(EndedSessionRow.id).where(EndedSessionRow.id == session_id)
        return self._database.scalar(query) is not None


class AnsweredRequests(Store):
    """Answers of requests that may be sent again, by a hash of who sent them under which key, for a day."""

    def begin(self, key: str) -> bool:
        """Whether nobody is answering it now. Who begins has to `end`; a process that is killed has ended."""
        return self._database.take(key)

    def end(self, key: str) -> None:
        self._database.give(key)

    def find(self, key: str) -> dict[str, Any] | None:
        query = select(AnsweredRow.answer).where(AnsweredRow.key == key, AnsweredRow.until > now())
        return self._database.scalar(query)

    def keep(self, key: str, answer: dict[str, Any]) -> None:
        with self._database.write() as session:
            session.execute(delete(AnsweredRow).where(AnsweredRow.until < now()))
            insert_or_update(
                session, AnsweredRow, [{"key": key, "until": now() + ANSWERED, "answer": answer}]
            )


@dataclass(frozen=True)
class Limit:
    """At most so many of a key within so many seconds."""

    key: str
    most: int
    seconds: float


class TooManyTriesError(Exception):
    """`seconds` until the next try."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Too many tries. Wait {seconds:.0f} seconds.")
        self.seconds = seconds


class Allowances:
    """All reads and writes of that table. Of keys, which may hold names, addresses or links, there are
    hashes; rows go when they count no longer."""

    def __init__(self, database: Database, secret: bytes = b"") -> None:
        """`secret` keys the hashes, so that nobody finds a name or an address in a backup by trying them."""
        self._database = database
        self._secret = secret

    def check(self, limits: Sequence[Limit]) -> None:
        """Raises `TooManyTriesError` where `take` would."""
        with self._database.read() as session:
            self._check(session, limits)

    def take(self, limits: Sequence[Limit]) -> list[int]:
        """Takes one of each and returns their numbers; or raises `TooManyTriesError`, and has taken nothing.
        Who asks for what is used up waits for no writer, and makes none wait."""
        self.check(limits)
        at = now()
        with self._database.write(LOCK) as session:
            session.execute(delete(TakenRow).where(TakenRow.until < at))
            self._check(session, limits)  # others may have taken some meanwhile
            rows = [
                TakenRow(key=self._kept(limit.key), at=at, until=at + timedelta(seconds=limit.seconds))
                for limit in limits
            ]
            session.add_all(rows)
            session.flush()
            return [row.id for row in rows]

    def give_back(self, taken: Sequence[int]) -> None:
        with self._database.write(LOCK) as session:
            session.execute(delete(TakenRow).where(TakenRow.id.in_(taken)))

    def note(self, key: str, lasts: timedelta) -> None:
        """Remembers a key from now on for so long."""
        kept = self._kept(key)
        with self._database.write(LOCK) as session:
            session.execute(delete(TakenRow).where(TakenRow.key == kept))
            session.add(TakenRow(key=kept, at=now(), until=now() + lasts))

    def is_noted(self, key: str) -> bool:
        query = select(TakenRow.id).where(TakenRow.key == self._kept(key), TakenRow.until > now()).limit(1)
        return self._database.scalar(query) is not None

    def _check(self, session: Session, limits: Sequence[Limit]) -> None:
        moment = now()
        for limit in limits:
            query = select(TakenRow.at).where(TakenRow.key == self._kept(limit.key), TakenRow.until > moment)
            taken = list(session.scalars(query.order_by(TakenRow.at.desc()).limit(limit.most)))
            if len(taken) == limit.most:
                raise TooManyTriesError(limit.seconds - (moment - taken[-1]).total_seconds())

    def _kept(self, key: str) -> str:
        said = key.encode(errors="replace")
        return hashlib.blake2b(said, key=self._secret[:64], digest_size=32).hexdigest()
