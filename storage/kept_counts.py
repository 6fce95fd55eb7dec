"""How much there is in the library, which pictures are at several places, and which look like others: kept
where it changes, because finding it out anew reads the whole library.

Whoever changes places, groups or the trash says for which pictures or groups, inside the same transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.database import among, chunks
from storage.dialects import insert_into
from storage.tables import LibraryCountRow, PictureRow, SourceRow

_UNTRACKED = {"synchronize_session": False}


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


def groups_shown(session: Session, groups: Iterable[str]) -> int:
    """How many of these groups have a picture that is not in the bin."""
    query = select(PictureRow.near_group).where(PictureRow.removed.is_(None)).distinct()
    return len({row[0] for row in among(session, query, PictureRow.near_group, sorted(set(groups)))})


def recount_places(session: Session, picture_ids: Iterable[str]) -> None:
    """Of these pictures: whether they are at several places."""
    places = select(func.count()).where(SourceRow.picture_id == PictureRow.id).scalar_subquery()
    for ids in chunks(sorted(set(picture_ids))):
        row = update(PictureRow).where(PictureRow.id.in_(ids), PictureRow.copied != (places > 1))
        session.execute(row.values(copied=~PictureRow.copied), execution_options=_UNTRACKED)


def recount_groups(session: Session, groups: Iterable[str]) -> None:
    """Of the pictures of these groups: whether several of their group are in the library. Those in the bin
    count for nobody, and are ready to be put back."""
    p = PictureRow
    for names in chunks(sorted(set(groups))):
        several = select(p.near_group).where(p.near_group.in_(names), p.removed.is_(None))
        several = several.group_by(p.near_group).having(func.count() > 1)
        found = set(session.scalars(several))
        rest = [name for name in names if name not in found]
        for flag, ours in ((True, sorted(found)), (False, rest)):
            rows = update(p).where(p.near_group.in_(ours), p.alike.is_(not flag))
            if ours:
                session.execute(rows.values(alike=flag), execution_options=_UNTRACKED)


def groups_of(session: Session, picture_ids: Sequence[str]) -> set[str]:
    """The near-duplicate groups of these pictures."""
    query = select(PictureRow.near_group).distinct()
    return {row[0] for row in among(session, query, PictureRow.id, picture_ids)}
