"""What people did that an owner may want to know of later: append-only, one row a deed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.database import Store
from storage.tables import AuditRow


@dataclass(frozen=True)
class Deed:
    """`who` did `what`, `about` which thing, from `address` (empty for the command line)."""

    id: int
    created: datetime
    who: str
    address: str
    what: str
    about: str


class AuditLog(Store):
    """All reads and writes of the audit table."""

    def add(self, who: str, what: str, about: str = "", address: str = "") -> None:
        row = AuditRow(who=who[:200], what=what[:60], about=about[:500], address=address[:60])
        with self._database.write() as session:
            session.add(row)

    def recent(self, limit: int = 50, offset: int = 0) -> list[Deed]:
        """Newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit).offset(offset)
        rows = self._database.scalars(query)
        return [Deed(r.id, r.created, r.who, r.address, r.what, r.about) for r in rows]
