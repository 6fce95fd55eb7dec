"""Concepts as a whole, in SQL: under which name they are, and copies of them."""

from __future__ import annotations

from sqlalchemy import delete, insert, literal, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from storage.database import Store
from storage.names import key_of, name_taken
from storage.tables import ConceptRow, DefinitionRow, FormerNameRow, OutsidePictureRow


class Catalogue(Store):
    """Writes that concern a concept as a whole. What it has learned and been told is left as it is."""

    def rename(self, concept_id: int, name: str, author: str) -> str:
        """Gives a concept another name, which its newest definition has from then on too, as a revision of
        its own; returns the name before. The seed of its draws stays, so nobody can rename until a draw
        pleases. Raises `ConflictError` where the name is taken."""
        try:
            with self._database.write(f"concept {concept_id}") as session:
                row = session.get_one(ConceptRow, concept_id)
                before = row.name
                if before == name:
                    return before
                _leave_name(session, row, key_of(name))
                row.name, row.key = name, key_of(name)
                _add_definition(session, concept_id, name, author, f"renamed from “{before}”")
        except IntegrityError as error:
            raise name_taken(self._database, name) from error
        return before

    def duplicate(self, concept_id: int, name: str, author: str) -> ConceptRow:
        """Another concept with the definitions of this one under their numbers, which answers refer to, with
        one more that has the new name, and with its pictures from outside. Raises `ConflictError` where the
        name is taken."""
        try:
            with self._database.write(f"concept {concept_id}") as session:
                source = session.get_one(ConceptRow, concept_id)
                copy = ConceptRow(
                    name=name,
                    key=key_of(name),
                    seed=key_of(name),
                    scale=source.scale,
                    protection=source.protection,
                )
                session.add(copy)
                session.flush()
                for table in (DefinitionRow, OutsidePictureRow):
                    _copy_rows(session, table, concept_id, copy.id)
                _add_definition(session, copy.id, name, author, f"duplicated from “{source.name}”")
        except IntegrityError as error:
            raise name_taken(self._database, name) from error
        return copy


def _leave_name(session: Session, row: ConceptRow, key: str) -> None:
    """Has the name lead to the concept until another has it. `key` is that of the name it takes."""
    if row.key == key:
        return
    session.execute(delete(FormerNameRow).where(FormerNameRow.key.in_((row.key, key))))
    session.add(FormerNameRow(key=row.key, concept_id=row.id))


def _add_definition(session: Session, concept_id: int, name: str, author: str, note: str) -> None:
    query = select(DefinitionRow).where(DefinitionRow.concept_id == concept_id)
    newest = session.scalars(query.order_by(DefinitionRow.number.desc()).limit(1)).one()
    document = newest.document | {"name": name}
    number = newest.number + 1
    session.add(
        DefinitionRow(concept_id=concept_id, number=number, document=document, author=author, note=note)
    )


def _copy_rows(
    session: Session, table: type[DefinitionRow] | type[OutsidePictureRow], source: int, target: int
) -> None:
    names = [column.name for column in table.__table__.columns if column.name not in ("id", "concept_id")]
    rows = select(literal(target), *(getattr(table, name) for name in names))
    rows = rows.where(table.concept_id == source)
    if table is DefinitionRow:
        rows = rows.order_by(DefinitionRow.number)
    session.execute(insert(table).from_select(["concept_id", *names], rows))
