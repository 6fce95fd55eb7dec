"""The outbox of webhooks in SQL: what is due, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storage.database import Store
from storage.tables import DeliveryRow

LEASE = timedelta(seconds=90)  # for one try; who takes longer, or is killed, leaves it to the next


@dataclass(frozen=True)
class Delivery:
    """A message about what was flagged. `state` is waiting, delivered or dead; `tries` counts the one that is
    going on; `due` is when the next is."""

    sequence: int  # of the picture in its watch
    watch_id: int
    message_id: str
    state: str
    tries: int
    due: datetime
    problem: str
    delivered: datetime | None


class Deliveries(Store):
    """All reads and writes of the outbox after `storage.watches.Watches.keep` has filled it."""

    def claim(self, at: datetime, without: Collection[int] = ()) -> Delivery | None:
        """Takes the message that is longest due, of none of these watches, for one try. Nobody else tries it
        before `LEASE` is over."""
        query = select(DeliveryRow).where(DeliveryRow.state == "waiting", DeliveryRow.due <= at)
        if without:
            query = query.where(DeliveryRow.watch_id.not_in(without))
        query = query.order_by(DeliveryRow.due, DeliveryRow.sequence).limit(1)
        with self._database.write("deliveries") as session:
            row = session.scalar(query)
            if row is None:
                return None
            row.tries, row.due = row.tries + 1, at + LEASE
            return _delivery(row)

    def succeeded(self, sequence: int, at: datetime) -> None:
        with self._database.write("deliveries") as session:
            row = session.get_one(DeliveryRow, sequence)
            row.state, row.delivered, row.problem = "delivered", at, ""

    def failed(self, sequence: int, problem: str, again: datetime | None) -> None:
        """Why a try failed, and when to try again; None: never."""
        with self._database.write("deliveries") as session:
            row = session.get_one(DeliveryRow, sequence)
            row.problem = problem
            if again is None:
                row.state = "dead"
            else:
                row.due = again

    def counts(self, watch_id: int) -> dict[str, int]:
        """State → messages of a watch."""
        query = select(DeliveryRow.state, func.count()).where(DeliveryRow.watch_id == watch_id)
        rows = self._database.rows(query.group_by(DeliveryRow.state))
        return {"waiting": 0, "delivered": 0, "dead": 0} | {row[0]: row[1] for row in rows}

    def of(self, watch_id: int, state: str, limit: int, offset: int = 0) -> list[Delivery]:
        """A page of the messages of a watch in one state, the newest first."""
        query = select(DeliveryRow).where(DeliveryRow.watch_id == watch_id, DeliveryRow.state == state)
        query = query.order_by(DeliveryRow.sequence.desc()).limit(limit).offset(offset)
        return [_delivery(row) for row in self._database.scalars(query)]

    def about(self, sequences: Sequence[int]) -> dict[int, Delivery]:
        """Place of a picture in its watch → its message."""
        query = select(DeliveryRow).where(DeliveryRow.sequence.in_(sequences))
        return {row.sequence: _delivery(row) for row in self._database.scalars(query)}


def _delivery(row: DeliveryRow) -> Delivery:
    return Delivery(
        sequence=row.sequence,
        watch_id=row.watch_id,
        message_id=row.message_id,
        state=row.state,
        tries=row.tries,
        due=row.due,
        problem=row.problem,
        delivered=row.delivered,
    )
