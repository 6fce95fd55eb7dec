"""The library in any order and any part of it, page by page, and the folders it came from.

A page costs about the same wherever it is and however many pictures there are. Where few pictures fit what
was chosen they are looked up and sorted; where many do, an index of the order is read on until a page is
full, and nowhere but between the times at which what fits was added or taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, tuple_
from sqlalchemy.orm import Session

from storage.collections import LARGE, NamedCollection, is_in
from storage.database import Database, among
from storage.folders import Folder, files_in, folders_in, span_of
from storage.kept_counts import KeptCounts, kept_counts
from storage.picture_filter import SORTINGS, Key, Order, PictureFilter, Sorting, inside_of
from storage.tables import PictureRow

FEW = 5000  # pictures, up to which they are looked up and sorted
READ_ON = 1000  # rows of an index at a time
NEXT = 200  # pictures that tell how dense what fits is
KNOWN_FOR = 30  # seconds: between which keys what fits lies
SPANS = 500  # of which that is known

Span = tuple[Key, Key]
Bounds = dict[str, tuple[Any, Any]]  # by `Sorting.of`: the least and the greatest key

_BY_ADDED, _BY_TAKEN = SORTINGS[Order.NEWEST], SORTINGS[Order.TAKEN]


@dataclass(frozen=True)
class Place:
    """Where a page begins: behind a picture in the order, or before it."""

    key: Key
    id: str
    before: bool = False


@dataclass(frozen=True)
class Page:
    """Ids in the order; the places lead to the pages around it, None at the ends. `fitting` is how many fit
    in all, None where those are more than `FEW`."""

    ids: tuple[str, ...]
    earlier: Place | None
    later: Place | None
    fitting: int | None


@dataclass(frozen=True)
class _Kept:
    """A span, and as of when: the newest picture, and how much there was in the library."""

    newest: datetime | None
    counts: KeptCounts
    until: float
    span: Span | None


class Browsing:
    """Reads pages of the library."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._spans: dict[Hashable, _Kept] = {}

    def page(self, chosen: PictureFilter, order: Order, limit: int, place: Place | None = None) -> Page:
        """At most `limit` pictures at a place of the order, the first ones without."""
        if order is Order.TAKEN_OLDEST:
            chosen = replace(chosen, dated=True)
        with self._database.read() as session:
            sorting, back = SORTINGS[order], place is not None and place.before
            falling = sorting.falling != back
            bounds = self._bounds(session, chosen, sorting.of)
            fitting, rows = self._looked_up(session, chosen, sorting, falling, limit + 1, place, bounds)
            if fitting is None:
                rows = list(self._rows(session, chosen, sorting, falling, limit + 1, place, bounds))
            more, rows = len(rows) > limit, rows[:limit]
            rows = rows[::-1] if back else rows
            earlier = Place(*rows[0], before=True) if rows and (more if back else place) else None
            later = Place(*rows[-1]) if rows and (True if back else more) else None
        return Page(tuple(i for _, i in rows), earlier, later, fitting)

    def fitting(self, chosen: PictureFilter) -> list[str] | None:
        """The ids of all that fit, by id; None for more than `FEW`."""
        with self._database.read() as session:
            few = self._few(session, chosen, PictureRow.id.expression, self._bounds(session, chosen))
        return None if few is None else sorted(picture_id for _, picture_id in few)

    def kept(self, chosen: PictureFilter, picture_ids: Sequence[str]) -> list[str]:
        """Those of these that fit, in their order."""
        query = select(PictureRow.id)
        with self._database.read() as session:
            query = query.where(*chosen.conditions(session, read_on="ids"))
            found = {row[0] for row in among(session, query, PictureRow.id, picture_ids)}
        return [i for i in picture_ids if i in found and _is_member(chosen, i)]

    def formats(self) -> list[str]:
        """Those there are. Steps from one to the next in the index: a million pictures are not counted."""
        found: list[str] = []
        query = select(func.min(PictureRow.format))
        with self._database.read() as session:
            while following := session.scalar(query.where(PictureRow.format > (found[-1] if found else ""))):
                found.append(following)
        return found

    def folders(self, folder: str) -> list[Folder]:
        """The folders right inside of one, by name; of the library's outermost, ""."""
        with self._database.read() as session:
            return folders_in(session, folder)

    # Inside

    def _bounds(self, session: Session, chosen: PictureFilter, order: str = "") -> Bounds:
        """Between which times everything that fits was added, and taken, as far as that is known or quickly
        found. Pictures were mostly added or taken together, and half a million others may come before."""
        found: Bounds = {}

        def within(of: str, span: tuple[Any, Any] | None) -> None:
            if span is not None:
                known = found.get(of, span)
                found[of] = max(known[0], span[0]), min(known[1], span[1])

        if chosen.folder and (span := span_of(session, chosen.folder)):
            within("added", span.added)
            within("taken", span.taken)
        if chosen.within and chosen.within.added:
            within("added", chosen.within.added)
        if chosen.taken != (None, None) or chosen.dated is False:
            within("added", self._span(session, _BY_ADDED, taken_of(chosen)))
        if chosen.added != (None, None) and order == "taken":
            within("taken", self._span(session, _BY_TAKEN, PictureFilter(added=chosen.added)))
        return found

    def _span(self, session: Session, sorting: Sorting, fits: PictureFilter) -> Span | None:
        """The first and last key of what fits, or more. Looked up once in a while; what was added since then
        widens it. Where old pictures may have come to fit, or by another key, it is looked up again."""
        newest, counts = session.scalar(select(func.max(PictureRow.added))), kept_counts(session)
        key = (
            sorting.of,
            replace(fits, among=None, without=(), within=None),
            fits.within and _stamp(fits.within),
        )
        with self._lock:
            kept = self._spans.get(key)
        if kept is not None and time.monotonic() < kept.until:
            if kept.newest == newest and (kept.counts == counts or _is_settled(sorting, fits)):
                return kept.span
            if kept.newest is not None and newest is not None and _is_settled(sorting, fits):
                span: Span | None = _around(kept.span, _ends_of(session, sorting, fits, since=kept.newest))
                self._keep(key, replace(kept, newest=max(kept.newest, newest), span=span))
                return span
        span = _ends_of(session, sorting, fits)
        self._keep(key, _Kept(newest, counts, time.monotonic() + KNOWN_FOR, span))
        return span

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        with self._lock:
            if len(self._spans) > SPANS:
                self._spans.clear()
            self._spans[key] = kept

    def _looked_up(
        self,
        session: Session,
        chosen: PictureFilter,
        sorting: Sorting,
        falling: bool,
        limit: int,
        place: Place | None,
        bounds: Bounds,
    ) -> tuple[int | None, list[tuple[Key, str]]]:
        """How many fit, and (key, id) of them from the place on; None and nothing where those are many."""
        part = self._part(session, chosen, sorting.column, bounds) if chosen.among is None else None
        if part is not None and chosen.without and _count(session, part) > FEW:
            return None, []
        if chosen.among is not None or chosen.without:
            few = self._few(session, chosen, sorting.column, bounds)
            if few is None:
                return None, []
            at = None if place is None else (place.key, place.id)
            rows = sorted(few, reverse=falling)
            ahead = [row for row in rows if at is None or (row < at if falling else row > at)]
            return len(few), ahead[:limit]
        if part is None:
            return None, []
        # Counted and sorted by the database: five thousand rows take as long to read as to look up.
        some = part.limit(FEW + 1).cte("part")
        counted, keys = select(func.count()).select_from(some), [some.c.key, some.c.id]
        page = select(*keys, counted.scalar_subquery())
        if place is not None:
            its, here = tuple_(*keys), tuple_(place.key, place.id)
            page = page.where(its < here if falling else its > here)
        page = page.order_by(*(key.desc() if falling else key.asc() for key in keys)).limit(limit)
        found = session.execute(page).all()
        count = 0
        if found:
            count = found[0][2]
        elif place is not None:  # nothing is behind it
            count = session.scalar(counted) or 0
        return (None, []) if count > FEW else (count, [(row[0], row[1]) for row in found])

    def _few(
        self, session: Session, chosen: PictureFilter, column: ColumnElement[Any], bounds: Bounds
    ) -> list[tuple[Key, str]] | None:
        """(key, id) of what fits, where that is little."""
        if chosen.among is not None and len(chosen.among) <= FEW:
            query = select(column, PictureRow.id).where(*chosen.conditions(session, read_on="ids"))
            these = among(session, query, PictureRow.id, sorted(chosen.among))
            return [(row[0], row[1]) for row in these if row[1] not in chosen.without]
        part = self._part(session, chosen, column, bounds)
        rows = [] if part is None else list(session.execute(part.limit(FEW + 1)))
        if part is None or len(rows) > FEW:
            return None
        return [(row[0], row[1]) for row in rows if _is_member(chosen, row[1])]

    def _part(
        self, session: Session, chosen: PictureFilter, column: ColumnElement[Any], bounds: Bounds
    ) -> Select[Any] | None:
        """Looks up (key, id) of what fits, but for what somebody else has found out; None where many fit."""
        alone = replace(chosen, among=None, without=())
        if alone.is_all or alone == PictureFilter(dated=True):
            return None  # whatever is left out or must be in it: there are many to go through
        rest = alone
        if alone.folder and files_in(session, alone.folder) > FEW:
            rest = replace(rest, folder="")
        if alone.within and alone.within.pictures >= LARGE:
            rest = replace(rest, within=None)
        if rest.is_all:
            return None
        conditions = [*rest.conditions(session), *_between(_BY_ADDED, bounds, led=not rest.leads_by_taken)]
        if alone.folder and not rest.folder:
            conditions.append(inside_of(alone.folder, read_on=True))
        if alone.within and not rest.within:
            conditions.append(is_in(alone.within, PictureRow.id))
        return select(column.label("key"), PictureRow.id.label("id")).where(*conditions)

    def _rows(
        self,
        session: Session,
        chosen: PictureFilter,
        sorting: Sorting,
        falling: bool,
        limit: int,
        place: Place | None,
        bounds: Bounds,
    ) -> Iterator[tuple[Key, str]]:
        """(key, id) from the place on, in the direction of reading: an index of the order is read on."""
        span = bounds.get(sorting.of)
        if not _is_dense(session, chosen, sorting, falling, place, span):
            alone = replace(chosen, among=None, without=())
            span = self._span(session, sorting, alone) or span
        left = limit
        while left > 0:
            size = limit if chosen.among is None and not chosen.without else READ_ON
            read = _read_on(session, chosen, sorting, falling, size, place, span)
            for key, picture_id in read:
                if _is_member(chosen, picture_id):
                    yield key, picture_id
                    left -= 1
                    if not left:
                        return
            if len(read) < size:
                return
            place = Place(*read[-1])


def _ends_of(
    session: Session, sorting: Sorting, fits: PictureFilter, since: datetime | None = None
) -> Span | None:
    """The first and last key of what fits, in the bin too; `since`: of what was added behind that."""
    if fits.within:  # by its members, not by going through the library
        fits = replace(fits, within=replace(fits.within, pictures=0))
    _, *conditions = fits.conditions(session)  # an index has all that is asked but whether it is in the bin
    if since is not None:
        conditions.append(PictureRow.added > since)
    query = select(func.min(sorting.column), func.max(sorting.column)).where(*conditions)
    row = session.execute(query).one()
    return None if row[0] is None else (row[0], row[1])


def _is_settled(sorting: Sorting, fits: PictureFilter) -> bool:
    """Whether a picture whose date was read fits for good or never, and keeps its key. A new place can change
    the others: its folder, its first name, that there are copies or look-alikes."""
    return sorting.of != "name" and not (fits.folder or fits.copies or fits.look_alikes)


def _around(one: Any, other: Any) -> Any:
    """The span that both are in."""
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _read_on(
    session: Session,
    chosen: PictureFilter,
    sorting: Sorting,
    falling: bool,
    size: int,
    place: Place | None,
    span: Span | None = None,
) -> list[tuple[Key, str]]:
    column, picture_id = sorting.column, PictureRow.id
    query = select(column, picture_id).where(*chosen.conditions(session, read_on=sorting.of))
    if span is not None:
        query = query.where(*_between(sorting, {sorting.of: span}))
    rows: list[tuple[Key, str]] = []
    for ahead, keys in _ahead(sorting, place, falling):
        if len(rows) < size:
            order = [key.desc() if falling else key.asc() for key in keys]
            found = session.execute(query.where(*ahead).order_by(*order).limit(size - len(rows)))
            rows += [(row[0], row[1]) for row in found]
    return rows


Ahead = tuple[list[ColumnElement[bool]], list[ColumnElement[Any]]]


def _ahead(sorting: Sorting, place: Place | None, falling: bool) -> list[Ahead]:
    """What is behind a place, and by what it is sorted: as one comparison, which an index finds even among
    many equal keys. Of an expression SQLite doesn't: there what has the same key comes by itself, by id."""
    column, picture_id = sorting.column, PictureRow.id.expression
    if sorting.of == "ids":
        here = [] if place is None else [picture_id < place.id if falling else picture_id > place.id]
        return [(here, [picture_id])]
    keys = [column, picture_id]
    if place is None:
        return [([], keys)]
    if sorting.of == "pixels":
        same = [column == place.key, picture_id < place.id if falling else picture_id > place.id]
        return [(same, [picture_id]), ([column < place.key if falling else column > place.key], keys)]
    at, its = tuple_(*keys), tuple_(place.key, place.id)
    return [([at < its if falling else at > its], keys)]


def _is_member(chosen: PictureFilter, picture_id: str) -> bool:
    return (chosen.among is None or picture_id in chosen.among) and picture_id not in chosen.without


def taken_of(chosen: PictureFilter) -> PictureFilter:
    """What of it is about when pictures were taken."""
    return PictureFilter(taken=chosen.taken, dated=chosen.dated)


def _between(sorting: Sorting, bounds: Bounds, led: bool = True) -> list[ColumnElement[bool]]:
    """`led`: an index may be gone into by it."""
    if sorting.of not in bounds:
        return []
    least, greatest = bounds[sorting.of]
    column = sorting.column if led else func.coalesce(sorting.column, sorting.column)
    return [column >= least, column <= greatest]


def _is_dense(
    session: Session,
    chosen: PictureFilter,
    sorting: Sorting,
    falling: bool,
    place: Place | None,
    span: Span | None,
) -> bool:
    """Whether a tenth of what comes next in the order fits: then a page is full soon."""
    led, alone = chosen.led(sorting.of), replace(chosen, among=None, without=())
    if led == alone:
        return True
    ahead = [i for _, i in _read_on(session, led, sorting, falling, NEXT, place, span)]
    fitting = PictureRow.id.in_(ahead), *alone.conditions(session, read_on="ids")
    return 10 * (session.scalar(select(func.count(PictureRow.id)).where(*fitting)) or 0) >= len(ahead)


def _count(session: Session, part: Select[Any]) -> int:
    """How many that looks up, or more than `FEW`."""
    return session.scalar(select(func.count()).select_from(part.limit(FEW + 1).subquery())) or 0


def _stamp(one: NamedCollection) -> tuple[int, int]:
    return one.id, one.change
