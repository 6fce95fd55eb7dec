"""How people and concepts want pictures to be shown, and how many pictures a person had in view, in SQL."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from storage.database import Database, insert_or_update
from storage.dialects import insert_into
from storage.names import IN_USE
from storage.tables import ConceptRow, ExposureRow, ProtectionRow


@dataclass(frozen=True)
class Preference:
    """Of one person. `shown_as`: empty for as the concept says; a break of 0 is never offered."""

    shown_as: str
    key: str
    break_pictures: int
    break_minutes: int
    counted: bool


@dataclass(frozen=True)
class Exposure:
    """What one person had in view on one day: pictures, those of them not protected, and seconds."""

    day: str  # 2026-11-26
    shown: int = 0
    unprotected: int = 0
    seconds: int = 0


class ProtectionStore:
    """All reads and writes of it."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def preference(self, person: str) -> Preference | None:
        with self._database.read() as session:
            row = session.get(ProtectionRow, person)
        if row is None:
            return None
        return Preference(row.shown_as, row.key, row.break_pictures, row.break_minutes, row.counted)

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

    def add(self, person: str, seen: Exposure, forget_before: str) -> None:
        """Adds to a day of a person, and forgets their days before another."""
        e = ExposureRow
        with self._database.write("exposure") as session:
            statement = insert_into(session, e).values(person=person, **vars(seen))
            more = {
                name: getattr(e, name) + getattr(statement.excluded, name)
                for name in ("shown", "unprotected", "seconds")
            }
            session.execute(statement.on_conflict_do_update(index_elements=["person", "day"], set_=more))
            session.execute(delete(e).where(e.person == person, e.day < forget_before))

    def days(self, person: str, limit: int) -> list[Exposure]:
        """The newest first."""
        query = select(ExposureRow).where(ExposureRow.person == person)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(ExposureRow.day.desc()).limit(limit))
            return [Exposure(row.day, row.shown, row.unprotected, row.seconds) for row in rows]
