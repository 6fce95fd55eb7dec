"""Pictures that somebody removed from the library: in the trash, put back, or gone for good.

`pictures.removed` is the one place where that stands. What reads pictures or what is said of them leaves
those out by `shown`; what reads vectors by `Removed.hidden` (`VectorReader.without`).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from storage.database import Database, chunks, insert_new, once_a_moment
from storage.erasing import MEASURED_KEY, Gone, PurgedRows, erase_mentions, erase_rows, measures
from storage.folders import count_places, places_of
from storage.kept_counts import KeptCounts, groups_of, groups_shown, recount_groups
from storage.tables import PURGED, LabelEventRow, PictureRow, RefusedPictureRow, RemovalRow, SourceRow, now

_IN_TRASH = select(PictureRow.id).where(PictureRow.removed.is_not(None), PictureRow.id != PURGED)


@lru_cache(64)  # nearly every query says it of one of a few columns
def shown(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
    """Of a column that names a picture: whether the picture is in the library and not in the trash."""
    return column.not_in(select(PictureRow.id).where(PictureRow.removed.is_not(None)))


def changes_since(session: Session, sequence: int) -> set[str]:
    """Pictures that were removed or put back behind `sequence`."""
    return set(session.scalars(select(RemovalRow.picture_id).where(RemovalRow.sequence > sequence)))


@dataclass(frozen=True)
class Hidden:
    """The pictures in the trash; `version` is another one whenever one was removed or put back."""

    ids: frozenset[str]
    version: int


class Removed:
    """All reads and writes of what is in the trash."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._hidden: Hidden | None = None

    def hidden(self) -> Hidden:
        """Asked before every look at the vectors, so it is read again only where something has changed."""

        def read() -> Hidden:
            with self._lock, self._database.read() as session:
                version = session.scalar(select(func.max(RemovalRow.sequence))) or 0
                if self._hidden is None or self._hidden.version != version:
                    self._hidden = Hidden(frozenset(session.scalars(_IN_TRASH)), version)
                return self._hidden

        return once_a_moment(self, read)

    def among(self, picture_ids: Sequence[str]) -> set[str]:
        """Those of these that are in the trash."""
        return set(self.hidden().ids.intersection(picture_ids))

    def refused(self, picture_ids: Sequence[str]) -> set[str]:
        """Those of these that are gone for good and shall not come in again."""
        row = RefusedPictureRow.picture_id
        return self._database.scalars_among(select(row), row, picture_ids)

    def remove(self, picture_ids: Sequence[str], author: str) -> list[str]:
        """Into the trash; says which were in the library, in the order given."""
        return self._move(picture_ids, author, remove=True)

    def restore(self, picture_ids: Sequence[str], author: str) -> list[str]:
        """Out of the trash; says which were in it, in the order given."""
        return self._move(picture_ids, author, remove=False)

    def ids(self, limit: int) -> list[str]:
        return self._database.scalars(_IN_TRASH.order_by(PictureRow.id).limit(limit))

    def places(self, picture_ids: Sequence[str]) -> list[str]:
        """Every place of these pictures."""
        found = self._database.rows_among(select(SourceRow.uri), SourceRow.picture_id, picture_ids)
        return [row[0] for row in found]

    def measured_before(self, concept_id: int, sequence: int, moment: datetime) -> int:
        """How many answers that measured, up to a label event, are about pictures that were removed from the
        library behind that moment, or went for good."""
        e, p = LabelEventRow, PictureRow
        ours = select(func.count()).where(e.concept_id == concept_id, e.sequence <= sequence)
        in_bin = ours.join(p, p.id == e.picture_id).where(p.removed > moment, p.id != PURGED, measures())
        with self._database.read() as session:
            measured = e.key.startswith(MEASURED_KEY)
            gone = session.scalar(ours.where(measured, e.created > moment)) or 0
            return gone + (session.scalar(in_bin.select_from(e)) or 0)

    def purge(self, picture_ids: Sequence[str], author: str, *, refuse: bool) -> PurgedRows:
        """For good, with everything that is kept of them here (`storage.erasing`); only those that are in the
        trash. `refuse`: their ids alone are kept, so that they don't come in again."""
        gone = PurgedRows()
        going = [row[0] for row in self._database.rows_among(_IN_TRASH, PictureRow.id, picture_ids)]
        if going:  # first, for once its row is gone nobody knows what a mention is of
            with self._database.write("library") as session:
                erase_mentions(session, Gone(going, self.places(going)))
        for ids in chunks(going):
            with self._database.write("library") as session:
                in_bin = list(session.scalars(_IN_TRASH.where(PictureRow.id.in_(ids))))
                nothing = {"bytes": 0, "format": "", "width": 0, "height": 0, "near_group": PURGED}
                insert_new(session, PictureRow, [{"id": PURGED, "removed": now(), "added": now()} | nothing])
                if refuse:
                    rows = [{"picture_id": i, "author": author, "created": now()} for i in in_bin]
                    insert_new(session, RefusedPictureRow, rows)
                more = erase_rows(session, in_bin)
                gone = PurgedRows(**{name: n + getattr(more, name) for name, n in vars(gone).items()})
        return gone

    def _move(self, picture_ids: Sequence[str], author: str, *, remove: bool) -> list[str]:
        moment, moved = now(), set()
        state = PictureRow.removed.is_(None) if remove else PictureRow.removed.is_not(None)
        with self._database.write("library") as session:
            for ids in chunks(picture_ids):
                query = select(PictureRow.id).where(PictureRow.id.in_(ids), state, PictureRow.id != PURGED)
                found = list(session.scalars(query))
                groups = groups_of(session, found)
                before = groups_shown(session, groups)
                rows = update(PictureRow).where(PictureRow.id.in_(found))
                session.execute(rows.values(removed=moment if remove else None))
                deed = "removed" if remove else "restored"
                events = [{"picture_id": i, "deed": deed, "author": author, "created": moment} for i in found]
                insert_new(session, RemovalRow, events)
                recount_groups(session, groups)
                sign = -1 if remove else 1
                size = session.scalar(select(func.sum(PictureRow.bytes)).where(PictureRow.id.in_(found)))
                new_groups = groups_shown(session, groups) - before
                more = KeptCounts(sign * len(found), sign * int(size or 0), new_groups)
                count_places(session, places_of(session, found, sign), more)
                moved.update(found)
        return [i for i in dict.fromkeys(picture_ids) if i in moved]
