"""Which concept a name means: the one that has it, or else the one that had it last."""

from __future__ import annotations

from functools import cache

from sqlalchemy import ColumnElement, ScalarSelect, Select, String, bindparam, func, literal, select

from storage.errors import ConflictError
from storage.tables import ConceptRow, FormerNameRow

IN_USE = ConceptRow.deleted.is_(None)  # of a concept that isn't in the trash


def key_of(name: str) -> str:
    """Names that differ only in case or spaces are one concept."""
    return " ".join(name.split()).casefold()


def id_of(name: str) -> ScalarSelect[int]:
    """The id of the concept that has this name now, or else of the one that was renamed last from it, as part
    of a query."""
    return _id_of(literal(key_of(name)))


@cache  # to put it together takes longer than to ask it
def named() -> Select[ConceptRow]:
    """The concept that has the parameter `key` for a name (see `key_of`), or else had it last."""
    its = ConceptRow.id == _id_of(bindparam("key", type_=String))
    return select(ConceptRow).where(its, IN_USE)


def _id_of(key: ColumnElement[str]) -> ScalarSelect[int]:
    has = select(ConceptRow.id).where(ConceptRow.key == key, ConceptRow.deleted.is_(None))
    had = select(FormerNameRow.concept_id).where(FormerNameRow.key == key)
    return select(func.coalesce(has.scalar_subquery(), had.scalar_subquery())).scalar_subquery()


def name_taken(name: str) -> ConflictError:
    """What to raise where another concept has this name."""
    return ConflictError(
        f"There is a concept called “{name}” already. Choose another name, or go on with that one."
    )
