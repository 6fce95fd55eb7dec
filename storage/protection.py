"""How people and concepts want pictures to be shown, in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Database, insert_or_update
from storage.names import IN_USE
from storage.tables import ConceptRow, ProtectionRow


@dataclass(frozen=True)
class Preference:
    """Of one person. `shown_as`: empty for as the concept says."""

    shown_as: str
    key: str


class ProtectionStore:
    """All reads and writes of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preference(self, person: str) -> Preference | None:
        with self._database.read() as session:
            row = session.get(ProtectionRow, person)
        return Preference(row.shown_as, row.key) if row else None

    def prefer(self, person: str, preference: Preference) -> None:
        with self._database.write("protection") as session:
            insert_or_update(session, ProtectionRow, [{"person": person, **vars(preference)}])

    def of_concept(self, concept_id: int) -> str:
        with self._database.read() as session:
            return session.scalars(select(ConceptRow.protection).where(ConceptRow.id == concept_id)).one()

    def protect(self, concept_id: int, shown_as: str) -> None:
        with self._database.write("protection") as session:
            session.get_one(ConceptRow, concept_id).protection = shown_as

    def in_use(self) -> set[str]:
        """What the concepts that are not in the trash say, those that say something."""
        query = select(ConceptRow.protection).where(ConceptRow.protection != "", IN_USE)
        with self._database.read() as session:
            return set(session.scalars(query.distinct()))
