"""Rules over versions of several concepts, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select

from storage.database import Store, following
from storage.names import key_of
from storage.tables import StoredCombination as StoredCombination

_C = StoredCombination


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
        """Keeps it in the place of what had this name; `removed`: in the trash."""
        key = key_of(name)
        with self._database.write(f"combination {key}") as session:
            row = StoredCombination(
                name=name,
                key=key,
                number=following(session, _C.number, _C.key == key),
                members=[list(member) for member in members],
                expression=expression,
                threshold=threshold,
                removed=removed,
                author=author,
            )
            session.add(row)
        return row

    def mark(self, one: StoredCombination, author: str, *, removed: bool) -> StoredCombination:
        """Puts it into the trash, or restores it."""
        return self.add(one.name, one.members, one.expression, one.threshold, author, removed=removed)

    def get(self, name: str) -> StoredCombination | None:
        """The one of this name, also in the trash."""
        query = select(StoredCombination).where(_C.key == key_of(name))
        return self._database.scalar(query.order_by(_C.number.desc()).limit(1))

    def all(self, limit: int | None = None, offset: int = 0) -> list[StoredCombination]:
        """Those that aren't in the trash, the last kept first; all of them or a page."""
        newest = select(func.max(_C.id)).group_by(_C.key)
        query = select(StoredCombination).where(_C.id.in_(newest), _C.removed.is_(False))
        query = query.order_by(_C.id.desc()).limit(limit).offset(offset)
        return self._database.scalars(query)
