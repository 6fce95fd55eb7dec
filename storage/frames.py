"""What a concept looks in: named collections, or everything. Nothing outside is asked or measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import Store
from storage.errors import UNKNOWN_COLLECTION
from storage.tables import Change, CollectionPictureRow, ConceptFrameRow, NamedCollectionRow, now


@dataclass(frozen=True)
class AsItWas:
    """A named collection after its change number `change`, and what it was called then."""

    id: int
    name: str
    change: int


@dataclass(frozen=True)
class Frame:
    """The named collections that are looked in, as they are or were; none of them: the whole library.
    `number` counts a concept's frames from 1 on, 0 is that of a concept for which none was chosen."""

    number: int = 0
    collections: tuple[AsItWas, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.collections

    @property
    def key(self) -> str:
        """Another one whenever other pictures are meant; empty for the whole library."""
        return ",".join(f"{one.id}@{one.change}" for one in self.collections)

    @property
    def ids(self) -> frozenset[int]:
        return frozenset(one.id for one in self.collections)

    @property
    def name(self) -> str:
        """As it is said in a sentence."""
        names = [f"“{one.name}”" for one in self.collections]
        if not names:
            return "the whole library"
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

    def kept(self) -> list[dict[str, Any]]:
        """As it is kept with what was drawn from it."""
        return [vars(one) for one in self.collections]

    @classmethod
    def of(cls, kept: Sequence[dict[str, Any]] | None) -> Frame:
        return cls(-1, tuple(AsItWas(**one) for one in kept or ()))


EVERYTHING = Frame()


class ConceptFrames(Store):
    """All reads and writes of these tables. Rows are added, never changed."""

    def now(self, concept_id: int) -> Frame:
        """With the collections as they are at this moment: two look-ups by key."""
        with self._database.read() as session:
            return _as_now(session, *_newest(session, concept_id))

    def of_all(self, concept_ids: Sequence[int]) -> dict[int, frozenset[int]]:
        """Concept id → ids of the collections that it looks in, of the concepts that look in any."""
        with self._database.read() as session:
            return looked_in(session, concept_ids)

    def add(self, concept_id: int, collection_ids: Sequence[int], author: str) -> Frame:
        """Looks there from now on; the same ones again change nothing.

        Raises `UnknownError` for one that isn't there.
        """
        wanted = sorted(set(collection_ids))
        with self._database.write(f"concept {concept_id}") as session:
            number, collections = _newest(session, concept_id)
            if sorted(collections) != wanted:
                row = NamedCollectionRow
                there = set(session.scalars(select(row.id).where(row.id.in_(wanted), row.removed.is_(None))))
                missing = set(wanted) - there - set(collections)
                if missing:
                    raise UNKNOWN_COLLECTION(said=f"There is no collection with the number {min(missing)}.")
                number += 1
                session.add(
                    ConceptFrameRow(
                        concept_id=concept_id, number=number, collections=wanted, author=author, created=now()
                    )
                )
            return _as_now(session, number, wanted)

    def history(self, concept_id: int) -> list[tuple[int, list[int], str, datetime]]:
        """Number, collections, author and time of every choice, the first one first."""
        f = ConceptFrameRow
        query = select(f.number, f.collections, f.author, f.created).where(f.concept_id == concept_id)
        return [(row[0], row[1], row[2], row[3]) for row in self._database.rows(query.order_by(f.number))]


def inside(session: Session, concept_id: int, picture_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether the concept looks at that picture now, as part of a query."""
    _, collections = _newest(session, concept_id)
    if not collections:
        return true()
    member = CollectionPictureRow
    return exists().where(
        member.picture_id == picture_id, member.collection_id.in_(collections), member.until.is_(None)
    )


def looked_in(session: Session, concept_ids: Sequence[int]) -> dict[int, frozenset[int]]:
    """Concept id → ids of the collections that it looks in, of the concepts that look in any."""
    f = ConceptFrameRow
    numbers = select(f.concept_id, func.max(f.number).label("number")).where(f.concept_id.in_(concept_ids))
    newest = numbers.group_by(f.concept_id).subquery()
    of_newest = and_(f.concept_id == newest.c.concept_id, f.number == newest.c.number)
    query = select(f.concept_id, f.collections).join(newest, of_newest)
    rows = session.execute(query)
    return {row[0]: frozenset(row[1]) for row in rows if row[1]}


def was_inside(frame: Frame, picture_id: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Whether a picture was in this frame as it was then, as part of a query."""
    if frame.is_whole:
        return true()
    of_any = or_(*map(_was_in, frame.collections))
    return exists().where(CollectionPictureRow.picture_id == picture_id, of_any)


def members_at(one: AsItWas) -> Select[str]:
    """The pictures of a named collection after a change of it."""
    return select(CollectionPictureRow.picture_id).where(_was_in(one))


def _was_in(one: AsItWas) -> ColumnElement[bool]:
    member = CollectionPictureRow
    then = or_(member.until.is_(None), member.until > one.change)
    return and_(member.collection_id == one.id, member.since <= one.change, then)


def _newest(session: Session, concept_id: int) -> tuple[int, list[int]]:
    f = ConceptFrameRow
    query = select(f.number, f.collections).where(f.concept_id == concept_id)
    row = session.execute(query.order_by(f.number.desc()).limit(1)).first()
    return (row[0], list(row[1])) if row else (0, [])


def _as_now(session: Session, number: int, collections: Sequence[int]) -> Frame:
    if not collections:
        return Frame(number)
    c, change = NamedCollectionRow, Change
    last = select(func.max(change.number)).where(change.collection_id == c.id).scalar_subquery()
    query = select(c.id, c.name, last).where(c.id.in_(collections)).order_by(c.id)
    return Frame(number, tuple(AsItWas(row[0], row[1], row[2] or 0) for row in session.execute(query)))
