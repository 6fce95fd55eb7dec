"""Rules over versions of several concepts, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.database import Store
from storage.names import key_of
from storage.tables import CombinationRow


@dataclass(frozen=True)
class StoredCombination:
    """`members` are (concept's id, number of its version) by their place in the `expression`. `removed`: with
    this number it was put into the trash."""

    name: str
    number: int
    members: tuple[tuple[int, int], ...]
    expression: dict[str, Any]
    threshold: float
    removed: bool
    author: str
    created: datetime


class CombinationStore(Store):
    """All reads and writes of that table. Rows are added, never changed."""

    def add(
        self,
        name: str,
        members: Sequence[tuple[int, int]],
        expression: dict[str, Any],
        threshold: float,
        author: str,
        *,
        removed: bool = False,
    ) -> StoredCombination:
        """Keeps it under the next number of this name; `removed`: in the trash."""
        key = key_of(name)
        with self._database.write(f"combination {key}") as session:
            number = session.scalar(select(func.max(CombinationRow.number)).where(CombinationRow.key == key))
            row = CombinationRow(
                name=name,
                key=key,
                number=(number or 0) + 1,
                members=[list(member) for member in members],
                expression=expression,
                threshold=threshold,
                removed=removed,
                author=author,
            )
            session.add(row)
        return _stored(row)

    def mark(self, one: StoredCombination, author: str, *, removed: bool) -> StoredCombination:
        """Puts it into the trash, or restores it, under its next number."""
        return self.add(one.name, one.members, one.expression, one.threshold, author, removed=removed)

    def get(self, name: str, number: int | None = None) -> StoredCombination | None:
        """The newest of this name, also one that says it is in the trash, or the one asked for."""
        query = select(CombinationRow).where(CombinationRow.key == key_of(name))
        if number is not None:
            query = query.where(CombinationRow.number == number)
        row = self._database.scalar(query.order_by(CombinationRow.number.desc()).limit(1))
        return _stored(row) if row else None

    def all(self, limit: int | None = None, offset: int = 0) -> list[StoredCombination]:
        """The newest of each name that isn't in the trash, the last kept first; all of them or a page."""
        newest = select(func.max(CombinationRow.id)).group_by(CombinationRow.key)
        query = select(CombinationRow).where(CombinationRow.id.in_(newest), CombinationRow.removed.is_(False))
        query = query.order_by(CombinationRow.id.desc()).limit(limit).offset(offset)
        return [_stored(row) for row in self._database.scalars(query)]


def _stored(row: CombinationRow) -> StoredCombination:
    return StoredCombination(
        name=row.name,
        number=row.number,
        members=tuple((int(concept), int(version)) for concept, version in row.members),
        expression=row.expression,
        threshold=row.threshold,
        removed=row.removed,
        author=row.author,
        created=row.created,
    )
