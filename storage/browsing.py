"""The library in any order and any part of it, page by page, and the folders it came from.

A page of the whole library takes the same time wherever it lies. The database counts and sorts the pictures
that fit a filter if there are at most 100,000, or if they are a folder or collection of at most a quarter of
the library. Otherwise it reads the index of the order until the page is full.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from storage.database import Store, among
from storage.folders import Folder, files_in, folders_in
from storage.kept_counts import kept_counts
from storage.picture_filter import SORTINGS, Key, Order, PictureFilter, Sorting
from storage.tables import UNDATED, PictureRow

MOST = 100_000  # pictures
ALL = 2**31 - 1
ALL_TIME = 2**62  # seconds: later than any picture
MONTHS = 240  # at most, the newest
LOOKED_UP = 20_000  # ids that somebody else has found out, up to which they are looked up one by one
READ_ON = 1000  # rows of an index at a time


@dataclass(frozen=True)
class Place:
    """Where a page begins: behind a picture in the order, or before it."""

    key: Key
    id: str
    before: bool = False


@dataclass(frozen=True)
class Page:
    """Ids in the order; the places lead to the pages around it, None at the ends. `fitting` is how many fit
    in all, None where too many pictures would have to be looked at for that."""

    ids: tuple[str, ...]
    earlier: Place | None
    later: Place | None
    fitting: int | None


Found = tuple[int | None, list[tuple[Key, str]]]  # how many fit in all, and (key, id) of a page


class Browsing(Store):
    """Reads pages of the library."""

    def page(self, chosen: PictureFilter, order: Order, limit: int, place: Place | None = None) -> Page:
        """At most `limit` pictures at a place of the order, the first ones without."""
        if order is Order.TAKEN_OLDEST:
            chosen = replace(chosen, dated=True)
        sorting, back = SORTINGS[order], place is not None and place.before
        falling = sorting.falling != back
        with self._database.read() as session:
            fitting, rows = _found(session, chosen, sorting, falling, limit + 1, place)
        more, rows = len(rows) > limit, rows[:limit]
        rows = rows[::-1] if back else rows
        earlier = Place(*rows[0], before=True) if rows and (more if back else place) else None
        later = Place(*rows[-1]) if rows and (True if back else more) else None
        return Page(tuple(i for _, i in rows), earlier, later, fitting)

    def fitting(self, chosen: PictureFilter) -> list[str] | None:
        """The ids of all that fit, by id; None where those may be too many."""
        with self._database.read() as session:
            few = _few(session, chosen, PictureRow.id.expression)
        return None if few is None else sorted(picture_id for _, picture_id in few)

    def kept(self, chosen: PictureFilter, picture_ids: Sequence[str]) -> list[str]:
        """Those of these that fit, in their order."""
        query = select(PictureRow.id).where(*chosen.conditions("ids"))
        with self._database.read() as session:
            found = {row[0] for row in among(session, query, PictureRow.id, picture_ids)}
        return [i for i in picture_ids if i in found and chosen.is_member(i)]

    def formats(self) -> list[str]:
        """Those there are. Steps from one to the next in the index: a million pictures are not counted."""
        found: list[str] = []
        query = select(func.min(PictureRow.format))
        with self._database.read() as session:
            while following := session.scalar(query.where(PictureRow.format > (found[-1] if found else ""))):
                found.append(following)
        return found

    def months(self) -> list[tuple[int, int]]:
        """Year and month of those that say when they were taken, the newest first. Steps from one to the next
        in the index."""
        found: list[tuple[int, int]] = []
        query = select(func.max(PictureRow.taken)).where(
            PictureRow.removed.is_(None), PictureRow.taken > UNDATED
        )
        below = ALL_TIME
        with self._database.read() as session:
            while len(found) < MONTHS and (last := session.scalar(query.where(PictureRow.taken < below))):
                try:
                    day = datetime.fromtimestamp(last, UTC)
                except (OverflowError, ValueError, OSError):  # a camera's nonsense
                    below = last
                    continue
                found.append((day.year, day.month))
                below = int(datetime(day.year, day.month, 1, tzinfo=UTC).timestamp())
        return found

    def folders(self, folder: str) -> list[Folder]:
        """The folders right inside of one, by name; of the library's outermost, ""."""
        with self._database.read() as session:
            return folders_in(session, folder)


def _found(
    session: Session, chosen: PictureFilter, sorting: Sorting, falling: bool, limit: int, place: Place | None
) -> Found:
    if chosen.among is not None:
        few = _few(session, chosen, sorting.column)
        if few is not None:
            at = None if place is None else (place.key, place.id)
            rows = sorted(few, reverse=falling)
            ahead = [row for row in rows if at is None or (row < at if falling else row > at)]
            return len(few), ahead[:limit]
    elif (lead := _lead(session, chosen)) is not None:
        query = select(sorting.column.label("key"), PictureRow.id.label("id"))
        some = query.where(*chosen.conditions(lead)).limit(ALL).cte("part")
        counted, key, picture_id = select(func.count()).select_from(some), some.c.key, some.c.id
        page = select(key, picture_id, counted.scalar_subquery())
        page = page.where(*_ahead(key, picture_id, falling, place)).order_by(
            *_in_order(key, picture_id, falling)
        )
        found = session.execute(page.limit(limit + len(chosen.without))).all()
        fitting = found[0][2] if found else 0
        if not found and place is not None:  # nothing is behind it
            fitting = session.scalar(counted) or 0
        if chosen.without:
            those = select(PictureRow.id).where(*chosen.conditions("ids"))
            fitting -= len(list(among(session, those, PictureRow.id, sorted(chosen.without))))
        return fitting, [(row[0], row[1]) for row in found if chosen.is_member(row[1])][:limit]
    size = READ_ON if chosen.among is not None or chosen.without else limit
    read = _read_on(session, chosen, sorting, falling, size, place)
    rows = list(islice((row for row in read if chosen.is_member(row[1])), limit))
    return (len(rows) if place is None and len(rows) < limit else None), rows


def _few(
    session: Session, chosen: PictureFilter, column: ColumnElement[Any]
) -> Sequence[tuple[Key, str]] | None:
    """(key, id) of what fits; None where that is much."""
    rows: Iterable[tuple[Key, str]]
    if chosen.among is not None and len(chosen.among) <= LOOKED_UP:
        query = select(column, PictureRow.id).where(*chosen.conditions("ids"))
        rows = ((row[0], row[1]) for row in among(session, query, PictureRow.id, sorted(chosen.among)))
    elif (lead := _lead(session, chosen)) is None:
        return None
    else:
        found = session.execute(select(column, PictureRow.id).where(*chosen.conditions(lead))).all()
        rows = ((row[0], row[1]) for row in found)
    return [row for row in rows if chosen.is_member(row[1])]


def _lead(session: Session, chosen: PictureFilter) -> str | None:
    """By what an index is gone into to look up what SQL can tell by itself that it fits; None where there is
    too much of it."""
    for lead, alone in chosen.leads.items():
        if alone.folder or alone.within:  # often the pictures of one time, which others may come before
            few = max(MOST, kept_counts(session).pictures // 4)
            count = alone.within.pictures if alone.within else files_in(session, alone.folder)
        else:
            few, some = MOST, select(PictureRow.id).where(*alone.narrowing(lead)).limit(MOST + 1)
            count = session.scalar(select(func.count()).select_from(some.subquery())) or 0
        if count <= few:
            return lead
    return None


def _read_on(
    session: Session, chosen: PictureFilter, sorting: Sorting, falling: bool, size: int, place: Place | None
) -> Iterator[tuple[Key, str]]:
    """(key, id) of what SQL can tell by itself that it fits, from the place on in the direction of reading,
    `size` at a time."""
    key, picture_id = sorting.column, PictureRow.id.expression
    query = select(key, picture_id).where(*chosen.conditions(sorting.of))
    query = query.order_by(*_in_order(key, picture_id, falling)).limit(size)
    while True:
        rows = session.execute(query.where(*_ahead(key, picture_id, falling, place))).all()
        yield from ((row[0], row[1]) for row in rows)
        if len(rows) < size:
            return
        place = Place(*rows[-1])


def _in_order(
    key: ColumnElement[Any], picture_id: ColumnElement[Any], falling: bool
) -> list[ColumnElement[Any]]:
    return [column.desc() if falling else column.asc() for column in (key, picture_id)]


def _ahead(
    key: ColumnElement[Any], picture_id: ColumnElement[Any], falling: bool, place: Place | None
) -> list[ColumnElement[bool]]:
    """What is behind a place: an index finds the first of these, and the second passes over equal keys."""
    if place is None:
        return []
    if falling:
        return [key <= place.key, or_(key < place.key, picture_id < place.id)]
    return [key >= place.key, or_(key > place.key, picture_id > place.id)]
