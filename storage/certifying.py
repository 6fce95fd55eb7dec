"""Draws of pictures whose answers certify a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select

from storage.concepts import CERTIFYING, put_behind
from storage.database import Store
from storage.tables import CertifyingDrawRow


@dataclass(frozen=True)
class CertifyingDraw:
    """What attempt 1, 2, … of a concept drew: for which version, to say that `at_least` (0..1) of what is
    surely yes, or surely no, are right; all as likely as each other from the `frame` groups of look-alikes
    with a probability of that ≥ floor."""

    attempt: int
    head_number: int
    at_least: float
    floor: float
    frame: int
    author: str
    created: datetime
    side: Literal["yes", "no"] = "yes"
    looks_in: list[dict[str, Any]] | None = None  # see `storage.frames.Frame.kept`


class CertifyingDraws(Store):
    """All reads and writes of these draws. Rows are added, never changed."""

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

    def newest(self, concept_id: int) -> dict[str, CertifyingDraw]:
        """Side → its newest draw, the latest of both last."""
        query = select(CertifyingDrawRow).where(CertifyingDrawRow.concept_id == concept_id)
        rows = self._database.scalars(query.order_by(CertifyingDrawRow.attempt))
        names = [field.name for field in fields(CertifyingDraw)]
        draws = [CertifyingDraw(**{name: getattr(row, name) for name in names}) for row in rows]
        newest = {draw.side: draw for draw in draws}
        return dict(sorted(newest.items(), key=lambda found: found[1].attempt))
