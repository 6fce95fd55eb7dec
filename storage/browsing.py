"""The library in any order and any part of it, page by page, and the folders it came from.

A page costs about the same wherever it is and however many pictures there are. Where few pictures fit what
was chosen they are looked up and sorted; where many do, the index of the order is read on until a page is
full.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from storage.collections import NamedCollection, is_in
from storage.database import Database
from storage.dialects import by_bytes, place_in
from storage.removed import shown
from storage.tables import UNDATED, UNREAD, PictureRow, SourceRow

FEW = 5000  # pictures, up to which they are looked up and sorted
READ_ON = 1000  # rows of an index at a time
PARAMETERS = 5000
FOLDERS = 500  # shown of one folder
NEXT = 200  # pictures that tell how dense a folder is
KNOWN_FOR = 30  # seconds: between which keys the pictures of a large folder lie

Key = int | str | datetime


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

        def of(column: Any, name: str = "") -> Any:
            return func.coalesce(column, column) if read_on and name != read_on else column

        found: list[ColumnElement[bool]] = [PictureRow.removed.is_(None)]
        if self.folder:
            found.append(_inside(session, self.folder, bool(read_on)))
        if self.within:
            found.append(is_in(self.within, PictureRow.id))
        if self.format:
            found.append(of(PictureRow.format) == self.format)
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
        if self.copies:
            several = select(SourceRow.picture_id).group_by(SourceRow.picture_id).having(func.count() > 1)
            found.append(PictureRow.id.in_(several))
        if self.look_alikes:
            groups = select(PictureRow.near_group).where(PictureRow.removed.is_(None))
            groups = groups.group_by(PictureRow.near_group).having(func.count() > 1)
            found.append(PictureRow.near_group.in_(groups))
        return found

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
class Folder:
    """`files` counts those of pictures in it and below. `has_folders`: there is something to open."""

    path: str
    files: int
    has_folders: bool


class Browsing:
    """Reads pages of the library."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._folders: dict[str, list[Folder]] = {}
        self._folders_of: object = None
        self._spans: dict[tuple[str, str], tuple[object, float, tuple[Key, Key] | None]] = {}

    def page(self, chosen: PictureFilter, order: Order, limit: int, place: Place | None = None) -> Page:
        """At most `limit` pictures at a place of the order, the first ones without."""
        if order is Order.TAKEN_OLDEST:
            chosen = replace(chosen, dated=True)
        with self._database.read() as session:
            few = self._few(session, chosen, _SORTINGS[order].column)
            rows = list(self._rows(session, chosen, few, order, limit + 1, place))
            back = place is not None and place.before
            more, rows = len(rows) > limit, rows[:limit]
            rows = rows[::-1] if back else rows
            earlier = Place(*rows[0], before=True) if rows and (more if back else place) else None
            later = Place(*rows[-1]) if rows and (True if back else more) else None
        return Page(tuple(i for _, i in rows), earlier, later, None if few is None else len(few))

    def fitting(self, chosen: PictureFilter) -> list[str] | None:
        """The ids of all that fit, by id; None for more than `FEW`."""
        with self._database.read() as session:
            few = self._few(session, chosen, PictureRow.id.expression)
        return None if few is None else sorted(picture_id for _, picture_id in few)

    def kept(self, chosen: PictureFilter, picture_ids: Sequence[str]) -> list[str]:
        """Those of these that fit, in their order."""
        found: set[str] = set()
        with self._database.read() as session:
            conditions = chosen.conditions(session, read_on="ids")
            for ids in _parts(picture_ids):
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
        query = select(PictureRow.id).where(PictureRow.taken == UNREAD, PictureRow.removed.is_(None))
        with self._database.read() as session:
            return list(session.scalars(query.limit(limit)))

    def folders(self, folder: str, stamp: object) -> list[Folder]:
        """The folders right inside of one, by name; of the library's outermost, "". `stamp` changes with the
        library: counting the files of a million takes a second and is done once."""
        with self._lock:
            if self._folders_of != stamp:
                self._folders, self._folders_of = {}, stamp
            if folder not in self._folders:
                with self._database.read() as session:
                    self._folders[folder] = _folders(session, folder)
            return self._folders[folder]

    # Inside

    def _span(self, session: Session, folder: str, sorting: _Sorting) -> tuple[Key, Key] | None:
        """The first and last key of the pictures of a large folder: those were mostly added or taken
        together, and half a million others may come before them. Looked up once in a while."""
        newest, now = session.scalar(select(func.max(PictureRow.added))), time.monotonic()
        with self._lock:
            kept = self._spans.get((folder, sorting.of))
        if kept is not None and kept[0] == newest and now < kept[1]:
            return kept[2]
        query = select(func.min(sorting.column), func.max(sorting.column))
        row = session.execute(query.where(_inside(session, folder, read_on=False))).one()
        span = None if row[0] is None else (row[0], row[1])
        with self._lock:
            if len(self._spans) > FOLDERS:
                self._spans.clear()
            self._spans[folder, sorting.of] = newest, time.monotonic() + KNOWN_FOR, span
        return span

    def _few(
        self, session: Session, chosen: PictureFilter, column: ColumnElement[Any]
    ) -> list[tuple[Key, str]] | None:
        """(key, id) of what fits, where that is little."""
        query = select(column, PictureRow.id)
        if chosen.among is not None and len(chosen.among) <= FEW:
            conditions = chosen.conditions(session, read_on="ids")
            rows = [
                row
                for ids in _parts(sorted(chosen.among))
                for row in session.execute(query.where(PictureRow.id.in_(ids), *conditions))
            ]
            return [(row[0], row[1]) for row in rows if row[1] not in chosen.without]
        alone = replace(chosen, among=None, without=())
        if alone.is_all or alone == PictureFilter(dated=True):
            return None  # whatever is left out or must be in it: there are many to go through
        conditions = chosen.conditions(session)
        if chosen.folder and _is_large(session, chosen.folder):
            elsewhere = replace(alone, folder="")
            if elsewhere.is_all:
                return None
            conditions = [*elsewhere.conditions(session), _inside(session, chosen.folder, read_on=True)]
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
        span = None
        if chosen.folder and not _is_dense(session, chosen.folder, sorting, falling, place):
            span = self._span(session, chosen.folder, sorting)
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


def _read_on(
    session: Session,
    chosen: PictureFilter,
    sorting: _Sorting,
    falling: bool,
    size: int,
    place: Place | None,
    span: tuple[Key, Key] | None = None,
) -> list[tuple[Key, str]]:
    column, picture_id = sorting.column, PictureRow.id
    query = select(column, picture_id).where(*chosen.conditions(session, read_on=sorting.of))
    if span is not None:
        query = query.where(column >= span[0], column <= span[1])
    if place is not None and falling:
        behind = and_(column <= place.key, or_(column < place.key, picture_id < place.id))
        query = query.where(behind)
    elif place is not None:
        behind = and_(column >= place.key, or_(column > place.key, picture_id > place.id))
        query = query.where(behind)
    order = (column.desc(), picture_id.desc()) if falling else (column.asc(), picture_id.asc())
    return [(row[0], row[1]) for row in session.execute(query.order_by(*order).limit(size))]


def _is_member(chosen: PictureFilter, picture_id: str) -> bool:
    return (chosen.among is None or picture_id in chosen.among) and picture_id not in chosen.without


def _inside(session: Session, folder: str, read_on: bool) -> ColumnElement[bool]:
    """Whether a picture has a place in the folder or below. While an index is read on, the few places of each
    picture are looked at; else the places of the folder are a range of their index."""
    least, beyond = _range(folder)
    uri = by_bytes(session, SourceRow.uri)
    if not read_on:
        places = select(SourceRow.picture_id).where(uri >= least, uri < beyond)
        return PictureRow.id.in_(places)
    place = by_bytes(session, func.coalesce(SourceRow.uri, SourceRow.uri))
    its = SourceRow.picture_id == PictureRow.id
    return select(SourceRow.uri).where(its, place >= least, place < beyond).exists()


def _is_dense(session: Session, folder: str, sorting: _Sorting, falling: bool, place: Place | None) -> bool:
    """Whether a tenth of what comes next in the order is in the folder: then a page is full soon."""
    ahead = [i for _, i in _read_on(session, PictureFilter(), sorting, falling, NEXT, place)]
    inside = PictureRow.id.in_(ahead), _inside(session, folder, read_on=True)
    return 10 * (session.scalar(select(func.count(PictureRow.id)).where(*inside)) or 0) >= len(ahead)


def _is_large(session: Session, folder: str) -> bool:
    """Whether more than a few pictures are in it; no more than those are looked at."""
    least, beyond = _range(folder)
    uri = by_bytes(session, SourceRow.uri)
    some = select(SourceRow.picture_id).where(uri >= least, uri < beyond).distinct()
    return session.scalar(some.offset(FEW).limit(1)) is not None


def _range(folder: str) -> tuple[str, str]:
    """What every place below a folder lies between: `0` is behind `/`."""
    inside = folder.rstrip("/")
    return f"{inside}/", f"{inside}0"


def _folders(session: Session, folder: str) -> list[Folder]:
    uri, in_bin = by_bytes(session, SourceRow.uri), ~shown(SourceRow.picture_id)
    if not folder:
        first, last = session.execute(select(func.min(uri), func.max(uri))).one()
        if first is None:
            return []
        outermost = _common_folder(first, last)
        query = select(func.count()).where(*_between(uri, outermost))
        files = (session.scalar(query) or 0) - (session.scalar(query.where(in_bin)) or 0)
        return [Folder(outermost, files, _has_folders(session, uri, outermost))] if files else []
    found = _files(session, uri, folder)
    for part, count in _files(session, uri, folder, in_bin).items():
        found[part] -= count
    inside = f"{folder.rstrip('/')}/"
    parts = sorted(part for part, count in found.items() if part and count > 0)[:FOLDERS]
    return [Folder(inside + p, found[p], _has_folders(session, uri, inside + p)) for p in parts]


def _files(session: Session, uri: Any, folder: str, *which: ColumnElement[bool]) -> dict[str, int]:
    """Name of each folder right inside of one → how many files are below it."""
    rest = func.substr(uri, len(folder.rstrip("/")) + 2)
    end = place_in(session, rest, "/")
    part = func.substr(rest, 1, end - 1)
    query = select(part, func.count()).where(*_between(uri, folder), end > 0, *which).group_by(part)
    return {row[0]: row[1] for row in session.execute(query)}


def _has_folders(session: Session, uri: Any, folder: str) -> bool:
    rest = func.substr(uri, len(folder.rstrip("/")) + 2)
    query = select(uri).where(*_between(uri, folder), place_in(session, rest, "/") > 0)
    return session.scalar(query.limit(1)) is not None


def _between(uri: Any, folder: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    least, beyond = _range(folder)
    return uri >= least, uri < beyond


def _common_folder(one: str, other: str) -> str:
    """The innermost folder that holds both, and all that is between them in order."""
    parts = []
    for a, b in zip(one.split("/")[:-1], other.split("/")[:-1], strict=False):
        if a != b:
            break
        parts.append(a)
    return "/".join(parts) or "/"


def _parts(items: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(items), PARAMETERS):
        yield items[start : start + PARAMETERS]
