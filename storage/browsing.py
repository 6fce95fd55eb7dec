"""The library in any order and any part of it, page by page, and the folders it came from.

A page costs about the same wherever it is and however many pictures there are. Where few pictures fit what
was chosen they are looked up and sorted; where many do, an index of the order is read on until a page is
full, and nowhere but between the times at which what fits was added or taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, func, select, text, tuple_
from sqlalchemy.orm import Session

from storage.collections import LARGE, NamedCollection, is_in
from storage.database import Database, chunks
from storage.folders import Folder, folders_in, range_of, span_of
from storage.kept_counts import KeptCounts, kept_counts
from storage.tables import UNDATED, UNREAD, PictureRow, SourceRow

FEW = 5000  # pictures, up to which they are looked up and sorted
READ_ON = 1000  # rows of an index at a time
NEXT = 200  # pictures that tell how dense what fits is
KNOWN_FOR = 30  # seconds: between which keys what fits lies
SPANS = 500  # of which that is known

Key = int | str | datetime
Span = tuple[Key, Key]
Bounds = dict[str, tuple[Any, Any]]  # by `_Sorting.of`: the least and the greatest key


class Order(StrEnum):
    """By what pictures are sorted, the first one first. Equal ones are in the order of their ids."""

    NEWEST = "newest"
    OLDEST = "oldest"
    NAME = "name"
    NAME_BACK = "name-back"
    TAKEN = "taken"  # newest first; those that say no date come last
    TAKEN_OLDEST = "taken-oldest"  # of those that say a date
    LARGEST = "largest"  # pixels
    SMALLEST = "smallest"
    HEAVIEST = "heaviest"  # bytes
    LIGHTEST = "lightest"


@dataclass(frozen=True)
class _Sorting:
    of: str
    column: ColumnElement[Any]
    falling: bool


_SORTINGS: dict[Order, _Sorting] = {
    Order.NEWEST: _Sorting("added", PictureRow.added.expression, falling=True),
    Order.OLDEST: _Sorting("added", PictureRow.added.expression, falling=False),
    Order.NAME: _Sorting("name", PictureRow.name.expression, falling=False),
    Order.NAME_BACK: _Sorting("name", PictureRow.name.expression, falling=True),
    Order.TAKEN: _Sorting("taken", PictureRow.taken.expression, falling=True),
    Order.TAKEN_OLDEST: _Sorting("taken", PictureRow.taken.expression, falling=False),
    Order.LARGEST: _Sorting("pixels", PictureRow.width * PictureRow.height, falling=True),
    Order.SMALLEST: _Sorting("pixels", PictureRow.width * PictureRow.height, falling=False),
    Order.HEAVIEST: _Sorting("bytes", PictureRow.bytes.expression, falling=True),
    Order.LIGHTEST: _Sorting("bytes", PictureRow.bytes.expression, falling=False),
}


_UNREAD = select(PictureRow.id).where(PictureRow.taken == UNREAD, PictureRow.removed.is_(None))
_BY_ADDED, _BY_TAKEN = _SORTINGS[Order.NEWEST], _SORTINGS[Order.TAKEN]


@dataclass(frozen=True)
class PictureFilter:
    """What part of the library. Bounds are inclusive below and exclusive above; `taken` in seconds by the
    camera's clock. `among` and `without` are ids that somebody else has found out."""

    folder: str = ""  # with everything inside
    within: NamedCollection | None = None
    format: str = ""
    pixels: tuple[int | None, int | None] = (None, None)
    bytes: tuple[int | None, int | None] = (None, None)
    taken: tuple[int | None, int | None] = (None, None)
    dated: bool | None = None
    added: tuple[datetime | None, datetime | None] = (None, None)
    copies: bool = False  # at more than one place
    look_alikes: bool = False
    among: Collection[str] | None = None
    without: Collection[str] = ()

    def conditions(self, session: Session, read_on: str = "") -> list[ColumnElement[bool]]:
        """`read_on`: what the index is of that is read on (as in `_Sorting`); no other index may lead away
        from it then."""

        # The few that are repeated have indexes of their own, and by time each format has.
        repeated = self.copies or self.look_alikes
        by_format = read_on in ("", "added", "taken") and not repeated

        def of(column: Any, name: str = "") -> Any:
            elsewhere = name != read_on if read_on else repeated
            return func.coalesce(column, column) if elsewhere else column

        found: list[ColumnElement[bool]] = [PictureRow.removed.is_(None)]
        if self.folder:
            found.append(_inside(self.folder, bool(read_on)))
        if self.within:
            found.append(is_in(self.within, PictureRow.id))
        if self.format:
            found.append(
                (PictureRow.format if by_format else func.coalesce(PictureRow.format, "")) == self.format
            )
        pixels = PictureRow.width * PictureRow.height
        ranges = (
            (pixels, "pixels", self.pixels),
            (PictureRow.bytes, "bytes", self.bytes),
            (PictureRow.taken, "taken", self.taken),
            (PictureRow.added, "added", self.added),
        )
        for column, name, (least, below) in ranges:
            if least is not None:
                found.append(of(column, name) >= least)
            if below is not None:
                found.append(of(column, name) < below)
        if self.taken != (None, None) or self.dated:
            found.append(of(PictureRow.taken, "taken") > UNDATED)
        elif self.dated is False:
            found.append(of(PictureRow.taken, "taken") <= UNDATED)
        for flag, chosen in (("copied", self.copies), ("alike", self.look_alikes)):
            if chosen:  # word for word as the indexes have it
                which = "coalesce(pictures.{0}, pictures.{0})" if read_on == "ids" else "pictures.{0}"
                found.append(cast("ColumnElement[bool]", text(f"{which.format(flag)} = TRUE")))
        return found

    def led(self, by: str) -> PictureFilter:
        """What of it an index finds by itself, where that order is read on."""
        ordered: dict[str, Any] = {}
        if by in ("added", "taken"):
            ordered[by] = getattr(self, by)
        if by in ("added", "taken") and not (self.copies or self.look_alikes):
            ordered["format"] = self.format
        if by == "taken":
            ordered["dated"] = self.dated
        if by in ("pixels", "bytes"):
            ordered[by] = getattr(self, by)
        return PictureFilter(copies=self.copies, look_alikes=self.look_alikes, **ordered)

    @property
    def is_all(self) -> bool:
        """Whether the whole library fits."""
        return self == PictureFilter()


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
            bounds = self._bounds(session, chosen, _SORTINGS[order].of)
            few = self._few(session, chosen, _SORTINGS[order].column, bounds)
            rows = list(self._rows(session, chosen, few, order, limit + 1, place, bounds))
            back = place is not None and place.before
            more, rows = len(rows) > limit, rows[:limit]
            rows = rows[::-1] if back else rows
            earlier = Place(*rows[0], before=True) if rows and (more if back else place) else None
            later = Place(*rows[-1]) if rows and (True if back else more) else None
        return Page(tuple(i for _, i in rows), earlier, later, None if few is None else len(few))

    def fitting(self, chosen: PictureFilter) -> list[str] | None:
        """The ids of all that fit, by id; None for more than `FEW`."""
        with self._database.read() as session:
            few = self._few(session, chosen, PictureRow.id.expression, self._bounds(session, chosen))
        return None if few is None else sorted(picture_id for _, picture_id in few)

    def kept(self, chosen: PictureFilter, picture_ids: Sequence[str]) -> list[str]:
        """Those of these that fit, in their order."""
        found: set[str] = set()
        with self._database.read() as session:
            conditions = chosen.conditions(session, read_on="ids")
            for ids in chunks(picture_ids):
                found.update(
                    session.scalars(select(PictureRow.id).where(PictureRow.id.in_(ids), *conditions))
                )
        return [i for i in picture_ids if i in found and _is_member(chosen, i)]

    def formats(self) -> list[str]:
        """Those there are. Steps from one to the next in the index: a million pictures are not counted."""
        found: list[str] = []
        query = select(func.min(PictureRow.format))
        with self._database.read() as session:
            while following := session.scalar(query.where(PictureRow.format > (found[-1] if found else ""))):
                found.append(following)
        return found

    def unread(self, limit: int) -> list[str]:
        """Pictures whose file has not been asked for a date."""
        with self._database.read() as session:
            return list(session.scalars(_UNREAD.limit(limit)))

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

    def _span(self, session: Session, sorting: _Sorting, fits: PictureFilter) -> Span | None:
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
        by_date = sorting.of == "taken" or taken_of(fits) != PictureFilter()
        if by_date and session.scalar(_UNREAD.limit(1)) is not None:
            return _looked_up(session, sorting, fits)  # the next date that is read may lie outside
        if kept is not None and time.monotonic() < kept.until:
            if kept.newest == newest and (kept.counts == counts or _is_settled(sorting, fits)):
                return kept.span
            if kept.newest is not None and newest is not None and _is_settled(sorting, fits):
                span: Span | None = _around(kept.span, _looked_up(session, sorting, fits, since=kept.newest))
                self._keep(key, replace(kept, newest=max(kept.newest, newest), span=span))
                return span
        span = _looked_up(session, sorting, fits)
        self._keep(key, _Kept(newest, counts, time.monotonic() + KNOWN_FOR, span))
        return span

    def _keep(self, key: Hashable, kept: _Kept) -> None:
        with self._lock:
            if len(self._spans) > SPANS:
                self._spans.clear()
            self._spans[key] = kept

    def _few(
        self, session: Session, chosen: PictureFilter, column: ColumnElement[Any], bounds: Bounds
    ) -> list[tuple[Key, str]] | None:
        """(key, id) of what fits, where that is little."""
        query = select(column, PictureRow.id)
        if chosen.among is not None and len(chosen.among) <= FEW:
            conditions = chosen.conditions(session, read_on="ids")
            rows = [
                row
                for ids in chunks(sorted(chosen.among))
                for row in session.execute(query.where(PictureRow.id.in_(ids), *conditions))
            ]
            return [(row[0], row[1]) for row in rows if row[1] not in chosen.without]
        alone = replace(chosen, among=None, without=())
        if alone.is_all or alone == PictureFilter(dated=True):
            return None  # whatever is left out or must be in it: there are many to go through
        rest = alone
        if alone.folder and _is_large(session, alone.folder):
            rest = replace(rest, folder="")
        if alone.within and alone.within.pictures >= LARGE:
            rest = replace(rest, within=None)
        if rest.is_all:
            return None
        conditions = [*rest.conditions(session), *_between(_BY_ADDED, bounds)]
        if alone.folder and not rest.folder:
            conditions.append(_inside(alone.folder, read_on=True))
        if alone.within and not rest.within:
            conditions.append(is_in(alone.within, PictureRow.id))
        rows = list(session.execute(query.where(*conditions).limit(FEW + 1)))
        return None if len(rows) > FEW else [(row[0], row[1]) for row in rows if _is_member(chosen, row[1])]

    def _rows(
        self,
        session: Session,
        chosen: PictureFilter,
        few: list[tuple[Key, str]] | None,
        order: Order,
        limit: int,
        place: Place | None,
        bounds: Bounds,
    ) -> Iterator[tuple[Key, str]]:
        """(key, id) from the place on, in the direction of reading."""
        sorting = _SORTINGS[order]
        falling = sorting.falling != (place is not None and place.before)
        if few is not None:
            rows = sorted(few, reverse=falling)
            at = None if place is None else (place.key, place.id)
            ahead = [row for row in rows if at is None or (row < at if falling else row > at)]
            yield from ahead[:limit]
            return
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


def _looked_up(
    session: Session, sorting: _Sorting, fits: PictureFilter, since: datetime | None = None
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


def _is_settled(sorting: _Sorting, fits: PictureFilter) -> bool:
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
    sorting: _Sorting,
    falling: bool,
    size: int,
    place: Place | None,
    span: Span | None = None,
) -> list[tuple[Key, str]]:
    column, picture_id = sorting.column, PictureRow.id
    query = select(column, picture_id).where(*chosen.conditions(session, read_on=sorting.of))
    if span is not None:
        query = query.where(*_between(sorting, {sorting.of: span}))
    if place is not None:  # as one comparison, which an index finds even among many equal keys
        at, here = tuple_(column, picture_id), tuple_(place.key, place.id)
        query = query.where(at < here if falling else at > here)
        if sorting.of == "pixels":  # of an expression SQLite finds it by this alone
            query = query.where(column <= place.key if falling else column >= place.key)
    order = (column.desc(), picture_id.desc()) if falling else (column.asc(), picture_id.asc())
    return [(row[0], row[1]) for row in session.execute(query.order_by(*order).limit(size))]


def _is_member(chosen: PictureFilter, picture_id: str) -> bool:
    return (chosen.among is None or picture_id in chosen.among) and picture_id not in chosen.without


def taken_of(chosen: PictureFilter) -> PictureFilter:
    """What of it is about when pictures were taken."""
    return PictureFilter(taken=chosen.taken, dated=chosen.dated)


def _between(sorting: _Sorting, bounds: Bounds) -> list[ColumnElement[bool]]:
    if sorting.of not in bounds:
        return []
    least, greatest = bounds[sorting.of]
    return [sorting.column >= least, sorting.column <= greatest]


def _inside(folder: str, read_on: bool) -> ColumnElement[bool]:
    """Whether a picture has a place in the folder or below. While an index is read on, the few places of each
    picture are looked at; else the places of the folder are a range of their index."""
    least, beyond = range_of(folder)
    if not read_on:
        places = select(SourceRow.picture_id).where(SourceRow.uri >= least, SourceRow.uri < beyond)
        return PictureRow.id.in_(places)
    place = func.coalesce(SourceRow.uri, SourceRow.uri)
    its = SourceRow.picture_id == PictureRow.id
    return select(SourceRow.uri).where(its, place >= least, place < beyond).exists()


def _is_dense(
    session: Session,
    chosen: PictureFilter,
    sorting: _Sorting,
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


def _is_large(session: Session, folder: str) -> bool:
    """Whether more than a few pictures are in it; no more than those are looked at."""
    least, beyond = range_of(folder)
    some = select(SourceRow.picture_id).where(SourceRow.uri >= least, SourceRow.uri < beyond).distinct()
    return session.scalar(some.offset(FEW).limit(1)) is not None


def _stamp(one: NamedCollection) -> tuple[int, int]:
    return one.id, one.change
