"""Draws of pictures whose answers make probabilities fit the library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from storage.concepts import FITTING, put_behind
from storage.database import Database
from storage.tables import FittingDrawRow


@dataclass(frozen=True)
class FittingDraw:
    """What draw 1, 2, … of a concept drew, aimed by a version: the chance of each picture, by its id."""

    attempt: int
    head_number: int
    chances: dict[str, float]
    author: str
    created: datetime
    looks_in: list[dict[str, Any]] | None = None  # see `storage.frames.Frame.kept`


class FittingDraws:
    """All reads and writes of these draws. Rows are added, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, concept_id: int, draw: FittingDraw) -> bool:
        """Keeps a draw with its pictures, in order; False where this one was made already: of two the first
        counts."""
        with self._database.write(f"concept {concept_id}") as session:
            if session.get(FittingDrawRow, (concept_id, draw.attempt)):
                return False
            session.add(FittingDrawRow(concept_id=concept_id, **vars(draw)))
            put_behind(session, concept_id, list(draw.chances), FITTING, draw.attempt)
            return True

    def newest(self, concept_id: int) -> FittingDraw | None:
        query = select(FittingDrawRow).where(FittingDrawRow.concept_id == concept_id)
        with self._database.read() as session:
            row = session.scalar(query.order_by(FittingDrawRow.attempt.desc()).limit(1))
        if row is None:
            return None
        return FittingDraw(row.attempt, row.head_number, row.chances, row.author, row.created, row.looks_in)
