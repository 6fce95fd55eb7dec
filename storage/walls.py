"""Walls of pictures that people looked through."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from storage.database import Database, insert_new
from storage.tables import WallRow


class WallLog:
    """All reads and writes of the table of walls."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, concept_id: int, key: str, author: str, pictures: Sequence[str]) -> None:
        """The same key again changes nothing."""
        row = {"concept_id": concept_id, "key": key, "author": author, "pictures": list(pictures)}
        with self._database.write() as session:
            insert_new(session, WallRow, [row])

    def has(self, key: str) -> bool:
        with self._database.read() as session:
            return session.scalar(select(WallRow.id).where(WallRow.key == key)) is not None

    def of(self, concept_id: int) -> list[list[str]]:
        """The picture ids of each wall of a concept, the first shown first."""
        query = select(WallRow.pictures).where(WallRow.concept_id == concept_id).order_by(WallRow.id)
        with self._database.read() as session:
            return [list(pictures) for pictures in session.scalars(query)]

    def count(self, concept_id: int) -> int:
        query = select(func.count()).where(WallRow.concept_id == concept_id)
        with self._database.read() as session:
            return session.scalar(query) or 0
