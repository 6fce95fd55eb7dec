"""Watched folders in SQL, what was said of their pictures, and the outbox of webhooks: what is due."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import func, select

from storage.concepts import WATCHING, put_behind
from storage.database import Store, insert_new, values_of
from storage.errors import UnknownError
from storage.names import IN_USE
from storage.removed import shown
from storage.tables import ConceptRow, now
from storage.tables import Delivery as Delivery
from storage.tables import Watch as Watch
from storage.tables import Watched as Watched

LEASE = timedelta(seconds=90)  # for one try; who takes longer, or is killed, leaves it to the next
PromisedBy = Literal["certified", "measured", "given", ""]


@dataclass(frozen=True)
class WatchCounts:
    seen: int
    flagged: int
    asked: int  # drawn to be answered blindly
    last: datetime | None  # when something was last seen


class Watches(Store):
    """All reads and writes of watches and of what they saw."""

    def add(self, new: Watch) -> Watch:
        with self._database.write() as session:
            session.add(new)
        return new

    def get(self, watch_id: int) -> Watch:
        """Raises `UnknownError`."""
        row = self._database.get(Watch, watch_id)
        if row is None:
            raise UnknownError(f"There is no watched folder {watch_id}.", "watch")
        return row

    def of(self, concept_id: int) -> list[Watch]:
        """All of a concept, the newest first."""
        query = select(Watch).where(Watch.concept_id == concept_id).order_by(Watch.id.desc())
        return self._database.scalars(query)

    def going(self) -> list[Watch]:
        """Those that nobody stopped, of concepts that are not in the trash."""
        query = select(Watch).join(ConceptRow, ConceptRow.id == Watch.concept_id)
        query = query.where(Watch.stopped.is_(None), IN_USE).order_by(Watch.id)
        return self._database.scalars(query)

    def stop(self, watch_id: int) -> None:
        """What was flagged before is still delivered."""
        with self._database.write() as session:
            row = session.get(Watch, watch_id)
            if row is not None and row.stopped is None:
                row.stopped = now()

    def keep(self, watch: Watch, said: Sequence[Watched]) -> int:
        """Keeps what was said of pictures, once each, with the questions drawn of them and, where the watch
        has a webhook, what is to be delivered: all of it or nothing. Says how many pictures were new."""
        with self._database.write(f"concept {watch.concept_id}") as session:
            rows = [values_of(one) | {"watch_id": watch.id, "created": now()} for one in said]
            new = {key for (key,) in insert_new(session, Watched, rows)}
            kept = list(
                session.scalars(select(Watched).where(Watched.sequence.in_(new)).order_by(Watched.sequence))
            )
            drawn = [row.picture_id for row in kept if row.drawn]
            put_behind(session, watch.concept_id, drawn, WATCHING, watch.id)
            flagged = [row.sequence for row in kept if row.flagged]
            for sequence in flagged if watch.webhook else ():
                due = {"state": "waiting", "due": now(), "message_id": f"msg_{uuid.uuid4().hex}"}
                session.add(Delivery(sequence=sequence, watch_id=watch.id, **due))
        return len(new)

    def seen(self, watch_id: int, picture_ids: Iterable[str]) -> set[str]:
        """Those of these pictures of which something was said."""
        w = Watched
        query = select(w.picture_id).where(w.watch_id == watch_id)
        return self._database.scalars_among(query, w.picture_id, picture_ids)

    def fresh(self, watch_id: int) -> list[str]:
        """The pictures that could be drawn."""
        w = Watched
        query = select(w.picture_id).where(w.watch_id == watch_id, w.fresh).order_by(w.sequence)
        return self._database.scalars(query)

    def counts(self, watch_id: int) -> WatchCounts:
        w = Watched
        query = select(w.flagged, w.drawn, func.count(), func.max(w.created)).where(w.watch_id == watch_id)
        rows = self._database.rows(query.group_by(w.flagged, w.drawn))
        return WatchCounts(
            seen=sum(row[2] for row in rows),
            flagged=sum(row[2] for row in rows if row[0]),
            asked=sum(row[2] for row in rows if row[1]),
            last=max((row[3] for row in rows), default=None),
        )

    def drawn(self, watch_id: int) -> list[Watched]:
        """What is to be answered blindly, in the order in which it came."""
        w = Watched
        query = select(w).where(w.watch_id == watch_id, w.drawn, shown(w.picture_id)).order_by(w.sequence)
        return self._database.scalars(query)

    def flagged(self, watch_id: int, limit: int, offset: int = 0) -> list[Watched]:
        """A page of what was flagged, the newest first."""
        w = Watched
        query = select(w).where(w.watch_id == watch_id, w.flagged, shown(w.picture_id))
        query = query.order_by(w.sequence.desc())
        return self._database.scalars(query.limit(limit).offset(offset))

    def one(self, sequence: int) -> Watched:
        with self._database.read() as session:
            return session.get_one(Watched, sequence)


class Deliveries(Store):
    """All reads and writes of the outbox after `Watches.keep` has filled it."""

    def claim(self, at: datetime, without: Collection[int] = ()) -> Delivery | None:
        """Takes the message that is longest due, of none of these watches, for one try. Nobody else tries it
        before `LEASE` is over."""
        query = select(Delivery).where(Delivery.state == "waiting", Delivery.due <= at)
        if without:
            query = query.where(Delivery.watch_id.not_in(without))
        query = query.order_by(Delivery.due, Delivery.sequence).limit(1)
        with self._database.write("deliveries") as session:
            row = session.scalar(query)
            if row is None:
                return None
            row.tries, row.due = row.tries + 1, at + LEASE
            return row

    def succeeded(self, sequence: int, at: datetime) -> None:
        with self._database.write("deliveries") as session:
            row = session.get_one(Delivery, sequence)
            row.state, row.delivered, row.problem = "delivered", at, ""

    def failed(self, sequence: int, problem: str, again: datetime | None) -> None:
        """Why a try failed, and when to try again; None: never."""
        with self._database.write("deliveries") as session:
            row = session.get_one(Delivery, sequence)
            row.problem = problem
            if again is None:
                row.state = "dead"
            else:
                row.due = again

    def counts(self, watch_id: int) -> dict[str, int]:
        """State → messages of a watch."""
        query = select(Delivery.state, func.count()).where(Delivery.watch_id == watch_id)
        rows = self._database.rows(query.group_by(Delivery.state))
        return {"waiting": 0, "delivered": 0, "dead": 0} | dict(rows)

    def of(self, watch_id: int, state: str, limit: int, offset: int = 0) -> list[Delivery]:
        """A page of the messages of a watch in one state, the newest first."""
        query = select(Delivery).where(Delivery.watch_id == watch_id, Delivery.state == state)
        query = query.order_by(Delivery.sequence.desc()).limit(limit).offset(offset)
        return self._database.scalars(query)

    def about(self, sequences: Sequence[int]) -> dict[int, Delivery]:
        """Place of a picture in its watch → its message."""
        query = select(Delivery).where(Delivery.sequence.in_(sequences))
        return {row.sequence: row for row in self._database.scalars(query)}
