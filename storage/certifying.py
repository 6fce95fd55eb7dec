"""Draws of pictures whose answers certify a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.concepts import CERTIFYING, put_behind
from storage.database import Database
from storage.tables import CertifyingDrawRow


@dataclass(frozen=True)
class CertifyingDraw:
    """What attempt 1, 2, … of a concept drew: for which version, to say that `at_least` (0..1) are right; all
    as likely as each other from the `frame` groups of look-alikes with a probability ≥ floor."""

    attempt: int
    head_number: int
    at_least: float
    floor: float
    frame: int
    author: str
    created: datetime


class CertifyingDraws:
    """All reads and writes of these draws. Rows are added, never changed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, concept_id: int, draw: CertifyingDraw, picture_ids: Sequence[str]) -> bool:
        """Keeps a draw with its pictures; False where this attempt was made already: of two the first counts.

        Nobody who draws pictures to measure with can put the same picture in between.
        """
        with self._database.write(f"concept {concept_id}") as session:
            if session.get(CertifyingDrawRow, (concept_id, draw.attempt)):
                return False
            session.add(CertifyingDrawRow(concept_id=concept_id, **vars(draw)))
            put_behind(session, concept_id, picture_ids, CERTIFYING, draw.attempt)
            return True

    def newest(self, concept_id: int) -> CertifyingDraw | None:
        query = select(CertifyingDrawRow).where(CertifyingDrawRow.concept_id == concept_id)
        with self._database.read() as session:
            row = session.scalar(query.order_by(CertifyingDrawRow.attempt.desc()).limit(1))
        if row is None:
            return None
        return CertifyingDraw(
            attempt=row.attempt,
            head_number=row.head_number,
            at_least=row.at_least,
            floor=row.floor,
            frame=row.frame,
            author=row.author,
            created=row.created,
        )
