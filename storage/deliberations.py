"""Deliberations: which borderline pictures were looked at together, and which other wordings were tried."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy import select

from storage.database import Store, following
from storage.errors import ConflictError
from storage.tables import Rewording as Rewording
from storage.tables import RewordingDecision as RewordingDecision
from storage.tables import Round as Round

Numbered = TypeVar("Numbered", Round, Rewording)


class Deliberations(Store):
    """All reads and writes of these tables. Rows are added, never changed."""

    def begin(
        self, concept_id: int, ambiguity: str, pictures: Sequence[str], definition_number: int, author: str
    ) -> Round:
        """The next round of a concept."""
        return self.add(
            Round(
                concept_id=concept_id,
                ambiguity=ambiguity,
                pictures=list(pictures),
                definition_number=definition_number,
                author=author,
            )
        )

    def rounds(self, concept_id: int) -> list[Round]:
        """Those of a concept, the first one first."""
        query = select(Round).where(Round.concept_id == concept_id)
        return self._database.scalars(query.order_by(Round.number))

    def rewordings(self, concept_id: int) -> list[Rewording]:
        """Those of a concept, the first one first."""
        query = select(Rewording).where(Rewording.concept_id == concept_id)
        return self._database.scalars(query.order_by(Rewording.number))

    def decide(self, decision: RewordingDecision) -> None:
        """Raises `ConflictError` where it was decided before, by someone else or in another window."""
        with self._database.write(f"deliberations of concept {decision.concept_id}") as session:
            if session.get(RewordingDecision, (decision.concept_id, decision.rewording)) is not None:
                raise ConflictError("This was decided meanwhile, by someone else or in another window.")
            session.add(decision)

    def decisions(self, concept_id: int) -> dict[int, RewordingDecision]:
        """Number of the rewording → what was decided."""
        query = select(RewordingDecision).where(RewordingDecision.concept_id == concept_id)
        return {row.rewording: row for row in self._database.scalars(query)}

    def add(self, row: Numbered) -> Numbered:
        """Keeps it under the next number of its concept."""
        table = type(row)
        with self._database.write(f"deliberations of concept {row.concept_id}") as session:
            row.number = following(session, table.number, table.concept_id == row.concept_id)
            session.add(row)
        return row
