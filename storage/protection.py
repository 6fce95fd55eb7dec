"""How people and concepts want pictures to be shown, in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from storage.database import Store, insert_or_update
from storage.names import IN_USE
from storage.tables import ConceptRow, ProtectionRow


@dataclass(frozen=True)
class Preference:
    """Of one person. `shown_as`: empty for as the concept says."""

    shown_as: str
    key: str


class ProtectionStore(Store):
    """All reads and writes of it."""

    def preference(self, person: str) -> Preference | None:
        row = self._database.get(ProtectionRow, person)
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
        return set(self._database.scalars(query.distinct()))
