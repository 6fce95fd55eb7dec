"""Named collections in SQL: sets of pictures that people made, and everything that was ever in them.

Not to be confused with `concepts.library.collection.Collection`, which is all pictures of a data folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, delete, exists, func, insert, literal, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import Store, chunks, following
from storage.errors import UNKNOWN_COLLECTION, ConflictError
from storage.folders import range_of
from storage.names import key_of
from storage.tables import Change as Change
from storage.tables import CollectionPictureRow, NamedCollectionRow, PictureRow, SourceRow, now

CHANGES = 50  # of a collection that are listed
UNSEEN = timedelta(minutes=30)  # that a transaction which records files may be open

Kind = Literal["folder", "adding", "dates", "search", "hand"]
Deed = Literal["made", "added", "taken", "followed", "undone", "gone"]
Members = Select[str] | Sequence[str]  # which pictures: as a query, or by id


@dataclass(frozen=True)
class NamedCollection:
    """A set of `pictures` with a name. `change` counts what became of it; `rule`: what it began by."""

    id: int
    name: str
    kind: Kind
    rule: dict[str, Any]
    pictures: int
    change: int
    author: str
    created: datetime
    removed: datetime | None


class NamedCollections(Store):
    """All reads and writes of these tables. A membership is only ever begun and ended."""

    # Collections

    def make(self, name: str, kind: Kind, rule: dict[str, Any], pictures: Members, author: str) -> int:
        """A new collection with these pictures; returns its id. Raises `ConflictError` where the name is
        taken."""
        row = NamedCollectionRow(name=name, key=key_of(name), kind=kind, rule=rule, author=author)
        with self._write_or(lambda: _taken(name)) as session:
            session.add(row)
            session.flush()
            _add(session, row.id, pictures, "made", author)
        return row.id

    def get(self, collection_id: int) -> NamedCollection:
        """A removed one too. Raises `UnknownError`."""
        found = self._one(NamedCollectionRow.id == collection_id)
        if found is None:
            raise UNKNOWN_COLLECTION(said=f"There is no collection with the number {collection_id}.")
        return found

    def find(self, name: str) -> NamedCollection | None:
        """By its name, of those that were not removed."""
        return self._one(NamedCollectionRow.key == key_of(name))

    def _one(self, which: ColumnElement[bool]) -> NamedCollection | None:
        found = self._database.rows(_rows(of_many=False).where(which))
        return _named(found[0]) if found else None

    def all(self, limit: int | None = None, offset: int = 0) -> list[NamedCollection]:
        """By name, without those in the trash."""
        query = _rows(of_many=True).where(NamedCollectionRow.removed.is_(None))
        query = query.order_by(NamedCollectionRow.key)
        return [_named(found) for found in self._database.rows(query.limit(limit).offset(offset))]

    def rename(self, collection_id: int, name: str) -> None:
        """Raises `ConflictError` where the name is taken."""
        with self._write_or(lambda: _taken(name)) as session:
            row = session.get_one(NamedCollectionRow, collection_id)
            row.name, row.key = name, key_of(name)

    def remove(self, collection_id: int) -> None:
        """Hides it and sets its name free; what was in it stays as it is."""
        with self._database.write() as session:
            row = session.get_one(NamedCollectionRow, collection_id)
            row.removed = row.removed or now()
            row.key = f" removed {collection_id}"  # no name begins with a space

    def restore(self, collection_id: int) -> None:
        """Raises `ConflictError` where its name was given away meanwhile."""
        name = self.get(collection_id).name
        with self._write_or(lambda: _taken(name)) as session:
            row = session.get_one(NamedCollectionRow, collection_id)
            row.removed, row.key = None, key_of(name)

    # Pictures

    def add(self, collection_id: int, pictures: Members, author: str) -> Change | None:
        """Puts those in that aren't; None where all are."""
        with self._database.write(f"collection {collection_id}") as session:
            return _add(session, collection_id, pictures, "added", author)

    def take(self, collection_id: int, picture_ids: Sequence[str], author: str) -> Change | None:
        """Takes those out that are in it; None where none is."""
        with self._database.write(f"collection {collection_id}") as session:
            number = _next(session, collection_id)
            gone = 0
            for ids in chunks(picture_ids):
                gone += _end(session, collection_id, number, CollectionPictureRow.picture_id.in_(ids))
            return _record(session, collection_id, number, "taken", gone, author)

    def undo(self, collection_id: int, number: int, author: str) -> Change | None:
        """Takes a change back: what it brought goes, what it took comes again. None where nothing is left of
        it."""
        member = CollectionPictureRow
        with self._database.write(f"collection {collection_id}") as session:
            new = _next(session, collection_id)
            gone = _end(session, collection_id, new, member.since == number)
            took = select(member.picture_id).where(
                member.collection_id == collection_id, member.until == number
            )
            came = _begin(session, collection_id, new, took)
            return _record(session, collection_id, new, "undone", gone + came, author)

    def follow(self) -> int:
        """Puts the pictures that came into a followed folder into its collection, but none that was taken
        out; says how many."""
        came = 0
        for one in self.all():
            folder = one.rule.get("folder")
            if one.kind != "folder" or not folder:
                continue
            was = CollectionPictureRow
            known = exists().where(was.collection_id == one.id, was.picture_id == SourceRow.picture_id)
            with self._database.write(f"collection {one.id}") as session:
                row = session.get_one(NamedCollectionRow, one.id)
                since, row.followed = (row.followed or row.created) - UNSEEN, now()
                new = in_folder(folder).where(SourceRow.added >= since, ~known)
                change = _add(session, one.id, new, "followed", "the folder")
                came += change.pictures if change else 0
        return came

    def changes(self, collection_id: int) -> list[Change]:
        """The last `CHANGES` of them, the last one first."""
        row = Change
        query = select(row).where(row.collection_id == collection_id).order_by(row.number.desc())
        return self._database.scalars(query.limit(CHANGES))

    def ids(self, pictures: Select[str]) -> list[str]:
        return self._database.scalars(pictures)

    def are_any(self, pictures: Members) -> bool:
        """Whether that means any picture at all."""
        return bool(self.ids(pictures.limit(1)) if isinstance(pictures, Select) else pictures)

    def page(self, collection_id: int, limit: int, after: str = "") -> list[str]:
        """Ids of pictures that are in it, by id, beginning behind `after`."""
        member = CollectionPictureRow
        query = member_ids(collection_id).where(member.picture_id > after).order_by(member.picture_id)
        return self.ids(query.limit(limit))

    def covers(self, collection_ids: Sequence[int], limit: int) -> dict[int, list[str]]:
        """The first pictures of each of these, by id. In one query: a subquery for each place."""
        row, member = NamedCollectionRow, CollectionPictureRow
        its = member.collection_id == row.id, member.until.is_(None)
        pictures = select(member.picture_id).where(*its).order_by(member.picture_id).limit(1)
        places = [pictures.offset(place).correlate(row).scalar_subquery() for place in range(limit)]
        query: Any = select(row.id, *places)
        found = self._database.rows_among(query, row.id, collection_ids)
        return {number: [one for one in ids if one is not None] for number, *ids in found}


def member_ids(collection_id: int) -> Select[str]:
    """The ids of the pictures that are in a named collection now, as a condition for other queries:
    `PictureRow.id.in_(member_ids(3))`."""
    member = CollectionPictureRow
    return select(member.picture_id).where(member.collection_id == collection_id, member.until.is_(None))


def is_in(one: NamedCollection, picture_id: InstrumentedAttribute[str], leads: bool) -> ColumnElement[bool]:
    """The same for pages in the library's order: its members are looked up, or, where it doesn't lead, each
    picture is looked for among them.

    The latter is a number, not EXISTS: of that PostgreSQL makes a join with all members, and sorts."""
    if leads:
        return picture_id.in_(member_ids(one.id))
    member = CollectionPictureRow
    its = member.collection_id == one.id, member.picture_id == picture_id, member.until.is_(None)
    return select(func.count()).select_from(member).where(*its).scalar_subquery() > 0


def in_folder(folder: str) -> Select[str]:
    """Pictures at a place in this folder or below it, archives too: two ranges of places in the order of
    bytes. LIKE takes upper for lower case in one of the databases."""
    uri, inside = SourceRow.uri, folder.rstrip("/")
    ranges = [and_(uri >= least, uri < beyond) for least, beyond in map(range_of, (inside, f"{inside}!"))]
    return select(SourceRow.picture_id).where(or_(*ranges)).distinct()


def added_between(begin: datetime, end: datetime) -> Select[str]:
    """Pictures that came into the library from `begin` on and before `end`."""
    return select(PictureRow.id).where(PictureRow.added >= begin, PictureRow.added < end)


def files_between(begin: datetime, end: datetime) -> Select[str]:
    """Pictures whose file was last changed from `begin` on and before `end`."""
    # A 64-bit column holds nanoseconds up to the year 2262.
    first, last = (min(int(moment.timestamp()) * 10**9, 9_223_372_036_854_775_807) for moment in (begin, end))
    return select(SourceRow.picture_id).where(SourceRow.mtime_ns.between(first, last - 1)).distinct()


def forget(session: Session, picture_ids: Sequence[str]) -> None:
    """Pictures that go for good are in no collection any more, at no time; each collection that loses some
    has that among its changes."""
    member = CollectionPictureRow
    ours = member.picture_id.in_(picture_ids)
    lost = select(member.collection_id, func.count()).where(ours, member.until.is_(None))
    rows = session.execute(lost.group_by(member.collection_id)).all()
    session.execute(delete(member).where(ours))
    for collection_id, gone in rows:
        _record(session, collection_id, _next(session, collection_id), "gone", gone, "")


def _rows(*, of_many: bool) -> Select[NamedCollectionRow, int, int]:
    """With how many pictures are in each, without those in the trash."""
    c, change = NamedCollectionRow, Change
    last = (
        select(change.collection_id, func.max(change.number).label("number"))
        .group_by(change.collection_id)
        .subquery()
    )
    newest = and_(change.collection_id == last.c.collection_id, change.number == last.c.number)
    # Few pictures are in the trash, so these alone are looked at, once for all collections. As a list, not a
    # join: SQLite would go through all members instead.
    member, removed = CollectionPictureRow, select(PictureRow.id).where(PictureRow.removed.is_not(None))
    each = select(member.collection_id, func.count().label("pictures"))
    each = each.where(member.picture_id.in_(removed), member.until.is_(None)).group_by(member.collection_id)
    binned = each.subquery()
    in_bin = func.coalesce(binned.c.pictures, 0) if of_many else _in_bin_of_one()
    query = (
        select(c, change.remaining - in_bin, change.number)
        .outerjoin(last, last.c.collection_id == c.id)
        .outerjoin(change, newest)
    )
    return query.outerjoin(binned, binned.c.collection_id == c.id) if of_many else query


def _in_bin_of_one() -> ColumnElement[int]:
    """How many pictures of one are in the trash. As a number: of a list PostgreSQL makes a join with all
    members."""
    member = CollectionPictureRow
    its = member.picture_id == PictureRow.id, member.collection_id == NamedCollectionRow.id
    times = (
        select(func.count())
        .select_from(member)
        .where(*its, member.until.is_(None))
        .correlate(PictureRow, NamedCollectionRow)
        .scalar_subquery()
    )
    in_bin = select(func.count()).select_from(PictureRow).where(PictureRow.removed.is_not(None), times > 0)
    return in_bin.correlate(NamedCollectionRow).scalar_subquery()


def _named(found: Any) -> NamedCollection:
    row, pictures, change = found
    its = {
        name: getattr(row, name) for name in ("id", "name", "kind", "rule", "author", "created", "removed")
    }
    return NamedCollection(**its, pictures=pictures or 0, change=change or 0)


def _next(session: Session, collection_id: int) -> int:
    return following(session, Change.number, Change.collection_id == collection_id)


def _add(session: Session, collection_id: int, pictures: Members, deed: Deed, author: str) -> Change | None:
    number = _next(session, collection_id)
    if isinstance(pictures, Select):
        came = _begin(session, collection_id, number, pictures)
    else:
        came, once = 0, list(dict.fromkeys(pictures))
        for ids in chunks(once):
            some = select(PictureRow.id).where(PictureRow.id.in_(ids))
            came += _begin(session, collection_id, number, some)
    return _record(session, collection_id, number, deed, came, author)


def _begin(session: Session, collection_id: int, number: int, pictures: Select[str]) -> int:
    """Of these pictures those that aren't in the collection are from this change on; says how many."""
    chosen = pictures.subquery()
    (picture_id,) = chosen.c
    member = CollectionPictureRow
    rows = select(literal(collection_id), picture_id, literal(number))
    if number > 1:  # of none before: PostgreSQL would read what it is writing once for each picture
        there = exists().where(
            member.collection_id == collection_id, member.picture_id == picture_id, member.until.is_(None)
        )
        rows = rows.where(~there)
    begin = insert(member).from_select(["collection_id", "picture_id", "since"], rows)
    found = session.execute(begin, execution_options={"preserve_rowcount": True})
    return int(found.rowcount)  # type: ignore[attr-defined]


def _end(session: Session, collection_id: int, number: int, which: Any) -> int:
    member = CollectionPictureRow
    ends = update(member).where(member.collection_id == collection_id, member.until.is_(None), which)
    found = session.execute(ends.values(until=number), execution_options={"synchronize_session": False})
    return int(found.rowcount)  # type: ignore[attr-defined]


def _record(
    session: Session, collection_id: int, number: int, deed: Deed, pictures: int, author: str
) -> Change | None:
    if not pictures and deed != "made":
        return None
    remaining = session.scalar(select(func.count()).select_from(member_ids(collection_id).subquery())) or 0
    row = Change(
        collection_id=collection_id,
        number=number,
        deed=deed,
        pictures=pictures,
        remaining=remaining,
        author=author,
        created=now(),
    )
    session.add(row)
    return row


def _taken(name: str) -> ConflictError:
    return ConflictError(
        f"There is a collection called “{name}” already. Choose another name, or go on with that one."
    )
