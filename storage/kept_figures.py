"""What was worked out from all answers of a concept, kept with what it follows from: a process that has just
begun reads one row a concept, where it would read answers by the hundred thousand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from storage.database import Store, insert_or_update
from storage.tables import KeptFigureRow


@dataclass(frozen=True)
class KeptFigure:
    """`follows`: of what it follows from, whatever is another one whenever that is; `removal`: the last time
    known to it that pictures were removed from the library or put back. `value` is JSON."""

    follows: str
    removal: int
    value: Any


class KeptFigures(Store):
    """All reads and writes of their table, but for pictures that go for good (`storage.removed`)."""

    def of(self, what: str, concept_ids: Sequence[int]) -> dict[int, KeptFigure]:
        """Concept id → what was kept last, of those of which anything was."""
        k = KeptFigureRow
        query = select(k.concept_id, k.follows, k.removal, k.value)
        query = query.where(k.concept_id.in_(concept_ids), k.what == what)
        return {concept_id: KeptFigure(*row) for concept_id, *row in self._database.rows(query)}

    def keep(self, what: str, figures: Mapping[int, KeptFigure]) -> None:
        """By concept id, in the place of what was kept before."""
        rows = [{"concept_id": i, "what": what} | vars(figure) for i, figure in figures.items()]
        with self._database.write() as session:
            insert_or_update(session, KeptFigureRow, rows)
