"""How much there is in the library, kept where it changes: every page shows it, and counting takes a second
of a million pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.database import among
from storage.dialects import insert_into
from storage.tables import LibraryCountRow, PictureRow


@dataclass(frozen=True)
class KeptCounts:
    """Of what is not in the bin: pictures, their bytes, groups of near-duplicates, and places."""

    pictures: int = 0
    bytes: int = 0
    groups: int = 0
    places: int = 0


NOTHING = KeptCounts()


def kept_counts(session: Session) -> KeptCounts:
    row = session.get(LibraryCountRow, 1)
    return KeptCounts(row.pictures, row.bytes, row.groups, row.places) if row else KeptCounts()


def add_to_counts(session: Session, more: KeptCounts) -> None:
    """Adds these, or takes away. Nobody else may be writing the library meanwhile."""
    if more == NOTHING:
        return
    statement, row = insert_into(session, LibraryCountRow), LibraryCountRow.__table__.c
    changed = {name: row[name] + statement.excluded[name] for name in vars(more)}
    session.execute(
        statement.values(id=1, **vars(more)).on_conflict_do_update(index_elements=["id"], set_=changed)
    )


def groups_shown(session: Session, groups: Iterable[str | None], besides: bool = False) -> int:
    """How many of these groups have a picture that is not in the bin; `besides`: another one than that whose
    name the group has."""
    p, names = PictureRow, sorted({name for name in groups if name})
    query = select(p.near_group).where(p.removed.is_(None)).distinct()
    query = query.where(p.id != p.near_group) if besides else query
    return len({row[0] for row in among(session, query, p.near_group, names)})
