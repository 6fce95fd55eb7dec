"""By what pictures of the library are sorted, and which part of them is looked through."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, literal_column, select

from storage.collections import NamedCollection, is_in
from storage.folders import range_of
from storage.picture_columns import may_be_unsafe
from storage.tables import UNDATED, PictureRow, SourceRow

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
    RANDOM = "random"  # by id: a hash of a picture's bytes, so the order says nothing of it, and stays


@dataclass(frozen=True)
class Sorting:
    of: str
    column: ColumnElement[Any]
    falling: bool


_P = PictureRow
SORTINGS: dict[Order, Sorting] = {
    order: Sorting(of, column, falling)
    for of, column, down, up in (
        ("added", _P.added.expression, Order.NEWEST, Order.OLDEST),
        ("name", _P.name.expression, Order.NAME_BACK, Order.NAME),
        ("taken", _P.taken.expression, Order.TAKEN, Order.TAKEN_OLDEST),
        ("pixels", _P.width * _P.height, Order.LARGEST, Order.SMALLEST),
        ("bytes", _P.bytes.expression, Order.HEAVIEST, Order.LIGHTEST),
    )
    for order, falling in ((down, True), (up, False))
} | {Order.RANDOM: Sorting("ids", _P.id.expression, falling=False)}


@dataclass(frozen=True)
class PictureFilter:
    """What part of the library. Bounds are inclusive below and exclusive above; `taken` in seconds by the
    camera's clock. `among` and `without` are ids that somebody else has found out."""

    folder: str = ""  # with everything inside
    within: NamedCollection | None = None
    format: str = ""
    pixels: tuple[int | None, int | None] = (None, None)
    taken: tuple[int | None, int | None] = (None, None)
    dated: bool | None = None
    added: tuple[datetime | None, datetime | None] = (None, None)
    copies: bool = False  # at more than one place
    look_alikes: bool = False
    among: Collection[str] | None = None
    without: Collection[str] = ()
    safe: bool = False  # without what imported columns call unsafe

    def conditions(self, lead: str) -> list[ColumnElement[bool]]:
        """What SQL can tell by itself, without what is in the bin. `lead` is what an index is gone into by, a
        `Sorting.of` or one of `leads`: none of the others may lead away from it, so what a page costs doesn't
        hang on a guess."""
        return [PictureRow.removed.is_(None), *self.narrowing(lead)]

    def narrowing(self, lead: str) -> list[ColumnElement[bool]]:
        """The same with it: an index is enough for one of these, and no row is looked at."""
        p, found = PictureRow, list[ColumnElement[bool]]()

        def of(column: Any, name: str) -> Any:
            return column if name == lead else func.coalesce(column, column)

        if self.folder:
            found.append(inside_of(self.folder, lead == "folder"))
        if self.within:
            found.append(is_in(self.within, p.id, lead == "within"))
        if self.format:
            found.append(of(p.format, "format") == self.format)
        ranges = (
            (of(p.width * p.height, "pixels"), self.pixels),
            (of(p.taken, "taken"), self.taken),
            (of(p.added, "added"), self.added),
        )
        for column, (least, below) in ranges:
            found += [column >= least] if least is not None else []
            found += [column < below] if below is not None else []
        if self.taken != (None, None) or self.dated:
            found.append(of(p.taken, "taken") > UNDATED)
        elif self.dated is False:
            found.append(of(p.taken, "taken") <= UNDATED)
        if self.safe:
            found.append(~may_be_unsafe(p.id))
        yes: ColumnElement[bool] = literal_column("TRUE")  # as the indexes have it, word for word
        found += [of(p.copied, "copied") == yes] if self.copies else []
        found += [of(p.alike, "alike") == yes] if self.look_alikes else []
        return found

    @property
    def leads(self) -> dict[str, PictureFilter]:
        """What of it an index finds by itself, each alone; what usually leaves fewest pictures first."""
        alone = {
            "copied": PictureFilter(copies=self.copies),
            "alike": PictureFilter(look_alikes=self.look_alikes),
            "folder": PictureFilter(folder=self.folder),
            "within": PictureFilter(within=self.within),
            "taken": PictureFilter(taken=self.taken, dated=self.dated),
            "added": PictureFilter(added=self.added),
            "format": PictureFilter(format=self.format),
            "pixels": PictureFilter(pixels=self.pixels),
        }
        return {lead: one for lead, one in alone.items() if not (one.is_all or one == _DATED)}

    def is_member(self, picture_id: str) -> bool:
        """Whether it is one of those that somebody else has found out."""
        return (self.among is None or picture_id in self.among) and picture_id not in self.without

    @property
    def is_all(self) -> bool:
        """Whether the whole library fits."""
        return self == PictureFilter()


_DATED = PictureFilter(dated=True)


def inside_of(folder: str, leads: bool) -> ColumnElement[bool]:
    """Whether a picture has a place in the folder or below: places of the folder are a range of their index,
    or, where it doesn't lead, the few places of each picture are looked at.

    The latter is a number, not EXISTS: of that PostgreSQL makes a join with all places, and sorts."""
    least, beyond = range_of(folder)
    if leads:
        places = select(SourceRow.picture_id).where(SourceRow.uri >= least, SourceRow.uri < beyond)
        return PictureRow.id.in_(places)
    place = func.coalesce(SourceRow.uri, SourceRow.uri)
    its = SourceRow.picture_id == PictureRow.id
    inside = select(func.count()).select_from(SourceRow).where(its, place >= least, place < beyond)
    return inside.scalar_subquery() > 0
