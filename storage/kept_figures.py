"""What was worked out from all answers of a concept, kept with what it follows from: a process that has just
begun reads one row a concept, where it would read answers by the hundred thousand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.database import Store, among, insert_or_update
from storage.removed import changes_since
from storage.tables import PURGED, EvaluationPictureRow, KeptFigureRow, LabelEventRow


class Follows(NamedTuple):
    """`state`: of what a figure follows from, whatever is another one whenever that is; `removal`: the last
    time known to it that pictures were removed from the library or put back, which changes few concepts."""

    state: str
    removal: int


class KeptFigures(Store):
    """All reads and writes of their table, but for pictures that go for good (`storage.removed`)."""

    def of(self, what: str, now: Mapping[int, Follows]) -> dict[int, Any]:
        """Concept id → what was kept last, as JSON, of those where it is still so: what each follows from by
        now."""
        k = KeptFigureRow
        query = select(k.concept_id, k.follows, k.removal, k.value)
        query = query.where(k.concept_id.in_(now), k.what == what)
        with self._database.read() as session:
            kept = {i: row for i, *row in session.execute(query) if row[0] == now[i].state}
            touched = _touched(
                session, {i: removal for i, (_, removal, _) in kept.items() if removal < now[i].removal}
            )
        return {i: value for i, (_, _, value) in kept.items() if i not in touched}

    def touched(self, since: Mapping[int, int]) -> set[int]:
        """Of concepts with the last removal known of each, those whose pictures have moved since."""
        with self._database.read() as session:
            return _touched(session, since)

    def keep(self, what: str, figures: Mapping[int, tuple[Follows, Any]]) -> None:
        """By concept id, in the place of what was kept before."""
        rows = [
            {
                "concept_id": i,
                "what": what,
                "follows": follows.state,
                "removal": follows.removal,
                "value": value,
            }
            for i, (follows, value) in figures.items()
        ]
        with self._database.write() as session:
            insert_or_update(session, KeptFigureRow, rows)


def _touched(session: Session, since: Mapping[int, int]) -> set[int]:
    if not since:
        return set()
    moved = changes_since(session, min(since.values()))
    # Of what is gone for good nobody knows any more which concepts it was of.
    if PURGED in moved:
        return set(since)
    # A look at an index for each picture: to ask each concept for what stands would be a hundred.
    return since.keys() & {
        row[0]
        for table in (LabelEventRow, EvaluationPictureRow)
        for row in among(session, select(table.concept_id).distinct(), table.picture_id, moved)
    }
