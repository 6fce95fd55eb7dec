"""By what pictures of the library are sorted, and which part of them is looked through."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.orm import Session

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

    def conditions(self, session: Session, read_on: str = "") -> list[ColumnElement[bool]]:
        """`read_on`: what the index is of that is read on (as in `Sorting`); no other index may lead away
        from it then."""

        # The few that are repeated have indexes of their own, and by time each format has.
        repeated = self.copies or self.look_alikes
        by_taken = self.leads_by_taken
        by_format = read_on in ("", "added", "taken") and not repeated

        def of(column: Any, name: str = "") -> Any:
            elsewhere = name != read_on if read_on else repeated and not (name == "taken" and by_taken)
            return func.coalesce(column, column) if elsewhere else column

        found: list[ColumnElement[bool]] = [PictureRow.removed.is_(None)]
        if self.folder:
            found.append(inside_of(self.folder, bool(read_on)))
        if self.within:
            found.append(is_in(self.within, PictureRow.id))
        if self.format:
            found.append(
                (PictureRow.format if by_format else func.coalesce(PictureRow.format, "")) == self.format
            )
        pixels = PictureRow.width * PictureRow.height
        ranges = (
            (pixels, "pixels", self.pixels),
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
        if self.safe:
            found.append(~may_be_unsafe(PictureRow.id))
        for flag, chosen in (("copied", self.copies), ("alike", self.look_alikes)):
            if chosen:  # word for word as the indexes have it
                which = "coalesce(pictures.{0}, pictures.{0})" if read_on == "ids" else "pictures.{0}"
                found.append(cast("ColumnElement[bool]", text(f"{which.format(flag)} = TRUE")))
        return found

    def led(self, by: str) -> PictureFilter:
        """What of it an index finds by itself, where that order is read on."""
        if by == "ids":
            return PictureFilter()
        ordered: dict[str, Any] = {}
        if by in ("added", "taken"):
            ordered[by] = getattr(self, by)
        if by in ("added", "taken") and not (self.copies or self.look_alikes):
            ordered["format"] = self.format
        if by == "taken":
            ordered["dated"] = self.dated
        if by == "pixels":
            ordered[by] = self.pixels
        return PictureFilter(copies=self.copies, look_alikes=self.look_alikes, **ordered)

    @property
    def leads_by_taken(self) -> bool:
        """Whether what is repeated is looked up by when it was taken, in an index of its own."""
        return (self.copies or self.look_alikes) and (self.taken != (None, None) or self.dated is False)

    @property
    def is_all(self) -> bool:
        """Whether the whole library fits."""
        return self == PictureFilter()


def inside_of(folder: str, read_on: bool) -> ColumnElement[bool]:
    """Whether a picture has a place in the folder or below. While an index is read on, the few places of each
    picture are looked at; else the places of the folder are a range of their index.

    The former is a number, not EXISTS: of that PostgreSQL makes a join with all places, and sorts."""
    least, beyond = range_of(folder)
    if not read_on:
        places = select(SourceRow.picture_id).where(SourceRow.uri >= least, SourceRow.uri < beyond)
        return PictureRow.id.in_(places)
    place = func.coalesce(SourceRow.uri, SourceRow.uri)
    its = SourceRow.picture_id == PictureRow.id
    inside = select(func.count()).select_from(SourceRow).where(its, place >= least, place < beyond)
    return inside.scalar_subquery() > 0
