"""Links by which whoever has one sees a version. Rows are added, never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, select

from storage.database import Database, insert_new
from storage.errors import UnknownShareError
from storage.tables import RevokedShareRow, ShareRow, now


@dataclass(frozen=True)
class NewShare:
    """`digest`: SHA-256 of its token. `pictures`: (id, role) of those that it shows, and no others ever."""

    concept_id: int
    version: int
    digest: str
    pictures: tuple[tuple[str, str], ...]
    author: str
    expires: datetime


@dataclass(frozen=True)
class Share(NewShare):
    id: int
    created: datetime
    revoked: datetime | None

    def works(self, at: datetime | None = None) -> bool:
        """Neither expired nor ended."""
        return self.revoked is None and (at or now()) < self.expires


class Shares:
    """All reads and writes of links."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, new: NewShare) -> Share:
        row = ShareRow(**vars(new) | {"pictures": [list(pair) for pair in new.pictures]})
        with self._database.write() as session:
            session.add(row)
        return _share(row, None)

    def of(self, concept_id: int) -> list[Share]:
        """All of a concept, the newest first."""
        query = _query().where(ShareRow.concept_id == concept_id).order_by(ShareRow.id.desc())
        with self._database.read() as session:
            return [_share(row, revoked) for row, revoked in session.execute(query)]

    def one(self, concept_id: int, share_id: int) -> Share:
        """Raises `UnknownShareError`, also for one of another concept."""
        query = _query().where(ShareRow.id == share_id, ShareRow.concept_id == concept_id)
        with self._database.read() as session:
            found = session.execute(query).first()
        if found is None:
            raise UnknownShareError(f"There is no link {share_id} to this concept.")
        return _share(*found)

    def by_digest(self, digest: str) -> Share | None:
        with self._database.read() as session:
            found = session.execute(_query().where(ShareRow.digest == digest)).first()
        return None if found is None else _share(*found)

    def revoke(self, share_id: int, author: str) -> None:
        """From here on it leads nowhere. Doing it again changes nothing."""
        with self._database.write() as session:
            rows = [{"share_id": share_id, "author": author, "revoked": now()}]
            insert_new(session, RevokedShareRow, rows)


def _query() -> Select[ShareRow, datetime | None]:
    joined = RevokedShareRow.share_id == ShareRow.id
    return select(ShareRow, RevokedShareRow.revoked).outerjoin(RevokedShareRow, joined)


def _share(row: ShareRow, revoked: datetime | None) -> Share:
    return Share(
        concept_id=row.concept_id,
        version=row.version,
        digest=row.digest,
        pictures=tuple((str(picture), str(role)) for picture, role in row.pictures),
        author=row.author,
        expires=row.expires,
        id=row.id,
        created=row.created,
        revoked=revoked,
    )
