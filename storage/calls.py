"""The call ledger and the answer cache, in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import InstrumentedAttribute

from storage.database import Database, insert_or_update
from storage.tables import ModelAnswerRow, ModelCallRow

# What came of a request. Only what was answered is kept as an answer, and only that can become a label.
Outcome = Literal[
    "answered",
    "refused",  # by the model, or by a filter before it
    "cut off",  # at the longest answer
    "only thought",  # until the longest answer, and said nothing
    "empty",
    "blind",  # takes no pictures, and was shown one
    "wrong schema",  # no JSON, or JSON that does not fit
    "out of range",  # fits but for a value that was not to choose from
    "unknown criterion",  # speaks of a criterion that is none
    "failed",  # no answer at all
]


@dataclass(frozen=True)
class Call:
    """One request to a model endpoint, answered or not."""

    purpose: str
    model: str
    endpoint: str  # without credentials
    prompt_hash: str
    latency_ms: int
    outcome: Outcome
    tokens_in: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None  # none where no price is set
    error: str = ""
    job_id: int | None = None  # none where nobody waits for it as a job
    concept_id: int | None = None


@dataclass(frozen=True)
class CallTotal:
    """All calls for one purpose to one model. `unpriced` were answered without a price being set."""

    purpose: str
    model: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    unpriced: int
    concept_id: int | None = None  # where the totals are by concept


@dataclass(frozen=True)
class Spent:
    """The calls of one job. `cost_usd` is none where no call had a price."""

    calls: int
    cost_usd: float | None


class Ledger:
    """Rows of the ledger, and the answers kept by the hash of their question."""

    def __init__(self, database: Database, job_id: int | None = None, concept_id: int | None = None) -> None:
        self._database = database
        charged = {"job_id": job_id, "concept_id": concept_id}
        self._charged = {name: value for name, value in charged.items() if value is not None}

    def charged_to(self, job_id: int | None, concept_id: int | None) -> Ledger:
        """The same ledger, for the calls of a job or for a concept: what it records says so."""
        return Ledger(self._database, job_id, concept_id)

    def record(self, call: Call, answer: dict[str, Any] | None = None) -> None:
        """Writes the call and, where it was answered, the answer, in one transaction.

        So an answer that was paid for is either known with its cost, or (killed before the commit) neither.
        """
        with self._database.write() as session:
            session.add(ModelCallRow(**asdict(call) | self._charged))
            if answer is not None:
                insert_or_update(
                    session, ModelAnswerRow, [{"prompt_hash": call.prompt_hash, "answer": answer}]
                )

    def answer(self, prompt_hash: str) -> dict[str, Any] | None:
        row = self._database.get(ModelAnswerRow, prompt_hash)
        return row.answer if row else None

    @contextmanager
    def asking(self, prompt_hash: str) -> Iterator[None]:
        """Whoever wants to ask the same meanwhile waits, and finds the answer here then: in any thread, and
        over PostgreSQL in any process."""
        with self._database.turn(f"question {prompt_hash}"):
            yield

    def calls(self) -> list[Call]:
        """The whole ledger, oldest first."""
        rows = self._database.scalars(select(ModelCallRow).order_by(ModelCallRow.id))
        return [_call(row) for row in rows]

    def recent(self, limit: int = 50, offset: int = 0) -> list[tuple[datetime, Call]]:
        """Newest first, with the moment of each."""
        query = select(ModelCallRow).order_by(ModelCallRow.id.desc()).limit(limit).offset(offset)
        return [(row.created, _call(row)) for row in self._database.scalars(query)]

    def totals(self) -> list[CallTotal]:
        """What was spent on what, with which model; the dearest first."""
        return self._totals()

    def totals_by_concept(self) -> list[CallTotal]:
        """The same for each concept on its own; calls before a concept began, and tests, are of none."""
        return self._totals(ModelCallRow.concept_id)

    def _totals(self, *also_by: InstrumentedAttribute[int | None]) -> list[CallTotal]:
        calls, cost = func.count(), func.coalesce(func.sum(ModelCallRow.cost_usd), 0.0)
        answered = ModelCallRow.outcome == "answered"
        unpriced = answered & ModelCallRow.cost_usd.is_(None)
        by = (ModelCallRow.purpose, ModelCallRow.model)
        query: Any = (  # a row has one column more where it is also by something
            select(
                *by,
                calls,
                func.sum(case((answered, 1), else_=0)),
                func.coalesce(func.sum(ModelCallRow.tokens_in), 0),
                func.coalesce(func.sum(ModelCallRow.tokens_out), 0),
                cost,
                func.sum(case((unpriced, 1), else_=0)),
                *also_by,
            )
            .group_by(*by, *also_by)
            .order_by(cost.desc(), calls.desc(), *by)
        )
        return [CallTotal(*row) for row in self._database.rows(query)]

    def count(self, *, job_id: int | None = None) -> int:
        """How many calls were made: all, or those of one job."""
        return self._database.scalar(_of(job_id, select(func.count()).select_from(ModelCallRow))) or 0

    def spent_by_job(self, job_ids: Sequence[int]) -> dict[int, Spent]:
        """Of each of these jobs that asked a model anything."""
        query = select(ModelCallRow.job_id, func.count(), func.sum(ModelCallRow.cost_usd))
        query = query.where(ModelCallRow.job_id.in_(job_ids)).group_by(ModelCallRow.job_id)
        return {job: Spent(calls, cost) for job, calls, cost in self._database.rows(query) if job is not None}

    def spent_usd(self, *, job_id: int | None = None) -> float | None:
        """What these calls cost, none where no call had a price. A job that resumes has kept its number, and
        so its budget."""
        spent = self._database.scalar(_of(job_id, select(func.sum(ModelCallRow.cost_usd))))
        return None if spent is None else float(spent)


def _of(job_id: int | None, query: Select[Any]) -> Select[Any]:
    return query if job_id is None else query.where(ModelCallRow.job_id == job_id)


def _call(row: ModelCallRow) -> Call:
    return Call(**{name: getattr(row, name) for name in Call.__dataclass_fields__})
