"""Watched folders in SQL, and what was said of their pictures."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select

from storage.concepts import WATCHING, put_behind
from storage.database import Store, insert_new
from storage.errors import UnknownWatchError
from storage.names import IN_USE
from storage.removed import shown
from storage.tables import ConceptRow, DeliveryRow, WatchedPictureRow, WatchRow, now

PromisedBy = Literal["certified", "measured", "given", ""]


@dataclass(frozen=True)
class NewWatch:
    """What a person asks for. `version` None: whichever is the newest; `webhook` empty: none. `promised`:
    which share of what is flagged is to be right."""

    concept_id: int
    folder: str
    confined: bool
    version: int | None
    webhook: str
    seed: str
    ask_flagged: float
    ask_others: float
    promised: float | None
    promised_by: PromisedBy
    author: str


@dataclass(frozen=True)
class Watch(NewWatch):
    id: int
    created: datetime
    stopped: datetime | None


@dataclass(frozen=True)
class Watched:
    """What `version` said of a picture. `fresh`: like nothing that was answered or came before, so that it
    could be drawn; `drawn`: to be answered blindly."""

    picture_id: str
    file: str  # under the folder
    version: int
    probability: float
    threshold: float
    flagged: bool
    fresh: bool
    drawn: bool


@dataclass(frozen=True)
class StoredWatched(Watched):
    sequence: int  # in the order in which they came
    created: datetime


@dataclass(frozen=True)
class WatchCounts:
    seen: int
    flagged: int
    asked: int  # drawn to be answered blindly
    last: datetime | None  # when something was last seen


class Watches(Store):
    """All reads and writes of watches and of what they saw."""

    def add(self, new: NewWatch) -> Watch:
        row = WatchRow(**vars(new))
        with self._database.write() as session:
            session.add(row)
        return _watch(row)

    def get(self, watch_id: int) -> Watch:
        """Raises `UnknownWatchError`."""
        row = self._database.get(WatchRow, watch_id)
        if row is None:
            raise UnknownWatchError(f"There is no watched folder {watch_id}.")
        return _watch(row)

    def of(self, concept_id: int) -> list[Watch]:
        """All of a concept, the newest first."""
        query = select(WatchRow).where(WatchRow.concept_id == concept_id).order_by(WatchRow.id.desc())
        return [_watch(row) for row in self._database.scalars(query)]

    def going(self) -> list[Watch]:
        """Those that nobody stopped, of concepts that are not in the trash."""
        query = select(WatchRow).join(ConceptRow, ConceptRow.id == WatchRow.concept_id)
        query = query.where(WatchRow.stopped.is_(None), IN_USE).order_by(WatchRow.id)
        return [_watch(row) for row in self._database.scalars(query)]

    def stop(self, watch_id: int) -> None:
        """What was flagged before is still delivered."""
        with self._database.write() as session:
            row = session.get(WatchRow, watch_id)
            if row is not None and row.stopped is None:
                row.stopped = now()

    def keep(self, watch: Watch, said: Sequence[Watched]) -> int:
        """Keeps what was said of pictures, once each, with the questions drawn of them and, where the watch
        has a webhook, what is to be delivered: all of it or nothing. Says how many pictures were new."""
        with self._database.write(f"concept {watch.concept_id}") as session:
            rows = [vars(one) | {"watch_id": watch.id, "created": now()} for one in said]
            new = {key for (key,) in insert_new(session, WatchedPictureRow, rows)}
            kept = list(
                session.scalars(
                    select(WatchedPictureRow)
                    .where(WatchedPictureRow.sequence.in_(new))
                    .order_by(WatchedPictureRow.sequence)
                )
            )
            drawn = [row.picture_id for row in kept if row.drawn]
            put_behind(session, watch.concept_id, drawn, WATCHING, watch.id)
            flagged = [row.sequence for row in kept if row.flagged]
            if watch.webhook:
                insert_new(session, DeliveryRow, [_delivery(watch, sequence) for sequence in flagged])
        return len(new)

    def seen(self, watch_id: int, picture_ids: Iterable[str]) -> set[str]:
        """Those of these pictures of which something was said."""
        w = WatchedPictureRow
        query = select(w.picture_id).where(w.watch_id == watch_id)
        return self._database.scalars_among(query, w.picture_id, picture_ids)

    def fresh(self, watch_id: int) -> list[str]:
        """The pictures that could be drawn."""
        w = WatchedPictureRow
        query = select(w.picture_id).where(w.watch_id == watch_id, w.fresh).order_by(w.sequence)
        return self._database.scalars(query)

    def counts(self, watch_id: int) -> WatchCounts:
        w = WatchedPictureRow
        query = select(w.flagged, w.drawn, func.count(), func.max(w.created)).where(w.watch_id == watch_id)
        rows = self._database.rows(query.group_by(w.flagged, w.drawn))
        return WatchCounts(
            seen=sum(row[2] for row in rows),
            flagged=sum(row[2] for row in rows if row[0]),
            asked=sum(row[2] for row in rows if row[1]),
            last=max((row[3] for row in rows), default=None),
        )

    def fresh_until(self, watch_id: int, sequence: int) -> dict[bool, int]:
        """How many could be drawn of what was flagged and of what was not, up to a place in the order."""
        w = WatchedPictureRow
        query = select(w.flagged, func.count()).where(w.watch_id == watch_id, w.fresh)
        rows = self._database.rows(query.where(w.sequence <= sequence).group_by(w.flagged))
        return {False: 0, True: 0} | {row[0]: row[1] for row in rows}

    def drawn(self, watch_id: int) -> list[StoredWatched]:
        """What is to be answered blindly, in the order in which it came."""
        w = WatchedPictureRow
        query = select(w).where(w.watch_id == watch_id, w.drawn, shown(w.picture_id)).order_by(w.sequence)
        return [_watched(row) for row in self._database.scalars(query)]

    def flagged(self, watch_id: int, limit: int, offset: int = 0) -> list[StoredWatched]:
        """A page of what was flagged, the newest first."""
        w = WatchedPictureRow
        query = select(w).where(w.watch_id == watch_id, w.flagged, shown(w.picture_id))
        query = query.order_by(w.sequence.desc())
        return [_watched(row) for row in self._database.scalars(query.limit(limit).offset(offset))]

    def one(self, sequence: int) -> StoredWatched:
        with self._database.read() as session:
            return _watched(session.get_one(WatchedPictureRow, sequence))


def _delivery(watch: Watch, sequence: int) -> dict[str, object]:
    return {
        "sequence": sequence,
        "watch_id": watch.id,
        "message_id": f"msg_{uuid.uuid4().hex}",
        "state": "waiting",
        "tries": 0,
        "due": now(),
        "problem": "",
    }


def _watch(row: WatchRow) -> Watch:
    return Watch(**{field.name: getattr(row, field.name) for field in fields(Watch)})


def _watched(row: WatchedPictureRow) -> StoredWatched:
    return StoredWatched(**{field.name: getattr(row, field.name) for field in fields(StoredWatched)})
