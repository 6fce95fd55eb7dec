"""The call ledger and the answer cache, in SQL."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.database import Database
from storage.tables import ModelAnswerRow, ModelCallRow


@dataclass(frozen=True)
class Call:
    """One request to a model endpoint, answered or not."""

    purpose: str
    model: str
    endpoint: str  # without credentials
    prompt_hash: str
    latency_ms: int
    outcome: str  # answered, refused, cut off, empty, wrong schema, failed
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None  # none where no price is set
    error: str = ""


class Ledger:
    """Rows of the ledger, and the answers kept by the hash of their question."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record(self, call: Call, answer: dict[str, Any] | None = None) -> None:
        """Writes the call and, where it was answered, the answer, in one transaction.

        So an answer that was paid for is either known with its cost, or (killed before the commit) neither.
        """
        with self._database.write() as session:
            session.add(ModelCallRow(**asdict(call)))
            if answer is not None:
                session.merge(ModelAnswerRow(prompt_hash=call.prompt_hash, answer=answer))

    def answer(self, prompt_hash: str) -> dict[str, Any] | None:
        with self._database.read() as session:
            row = session.get(ModelAnswerRow, prompt_hash)
            return row.answer if row else None

    def calls(self) -> list[Call]:
        """The whole ledger, oldest first."""
        with self._database.read() as session:
            rows = session.scalars(select(ModelCallRow).order_by(ModelCallRow.id)).all()
        fields = Call.__dataclass_fields__
        return [Call(**{name: getattr(row, name) for name in fields}) for row in rows]

    def count(self, since: datetime | None = None) -> int:
        """How many calls were made."""
        query = select(func.count()).select_from(ModelCallRow)
        if since is not None:
            query = query.where(ModelCallRow.created >= since)
        with self._database.read() as session:
            return session.scalar(query) or 0

    def spent_usd(self, since: datetime | None = None) -> float:
        """What the calls cost, all of them or those since a moment (a job that resumes keeps its budget)."""
        query = select(func.coalesce(func.sum(ModelCallRow.cost_usd), 0.0))
        if since is not None:
            query = query.where(ModelCallRow.created >= since)
        with self._database.read() as session:
            return float(session.scalar(query) or 0.0)
