"""Sessions that were ended before their time: a login that was left counts nowhere any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select

from storage.database import Database, insert_new
from storage.tables import EndedSessionRow, now


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
