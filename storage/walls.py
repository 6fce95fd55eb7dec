"""Walls of pictures that people looked through."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from storage.database import Store, insert_new
from storage.tables import WallRow


class WallLog(Store):
    """All reads and writes of the table of walls."""

    def add(self, concept_id: int, key: str, author: str, pictures: Sequence[str]) -> None:
        """The same key again changes nothing."""
        row = {"concept_id": concept_id, "key": key, "author": author, "pictures": list(pictures)}
        with self._database.write() as session:
            insert_new(session, WallRow, [row])

    def has(self, key: str) -> bool:
        return self._database.scalar(select(WallRow.id).where(WallRow.key == key)) is not None

    def of(self, concept_id: int) -> list[list[str]]:
        """The picture ids of each wall of a concept, the first shown first."""
        query = select(WallRow.pictures).where(WallRow.concept_id == concept_id).order_by(WallRow.id)
        return [list(pictures) for pictures in self._database.scalars(query)]

    def count(self, concept_id: int) -> int:
        query = select(func.count()).where(WallRow.concept_id == concept_id)
        return self._database.scalar(query) or 0
