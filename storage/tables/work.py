"""Jobs, and the calls to models that they are charged with."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base, now


class ModelCallRow(Base):
    """The ledger: every call to a model endpoint, answered or not."""

    __tablename__ = "model_calls"
    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(60), index=True)
    model: Mapped[str] = mapped_column(String(200))
    endpoint: Mapped[str] = mapped_column(String(500))
    prompt_hash: Mapped[str] = mapped_column(String(64), index=True)
    tokens_in: Mapped[int | None]
    tokens_out: Mapped[int | None]
    cost_usd: Mapped[float | None]  # none where no price is set
    latency_ms: Mapped[int]
    outcome: Mapped[str] = mapped_column(String(20))  # see `storage.calls.Outcome`
    error: Mapped[str] = mapped_column(Text, default="")
    created: Mapped[datetime] = mapped_column(default=now, index=True)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("jobs.id"), index=True)  # none outside a job
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"), index=True)


class ModelAnswerRow(Base):
    """Cache of good answers by content of the question. Failures are never cached."""

    __tablename__ = "model_answers"
    prompt_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    answer: Mapped[dict[str, Any]]
    created: Mapped[datetime] = mapped_column(default=now)


class JobRow(Base):
    __tablename__ = "jobs"
    __table_args__ = (Index("jobs_by_concept", "concept_id", "kind"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), index=True)
    arguments: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(12), index=True)  # queued, running, done, failed, cancelled
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None]
    message: Mapped[str] = mapped_column(Text, default="")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str] = mapped_column(Text, default="")
    memory: Mapped[dict[str, Any]] = mapped_column(default=dict)  # what a resumed run must know of the first
    cancel_requested: Mapped[bool] = mapped_column(default=False)
    worker: Mapped[str] = mapped_column(String(100), default="")
    lease: Mapped[int] = mapped_column(default=0, server_default="0")  # counts its runs
    heartbeat: Mapped[datetime | None]
    created: Mapped[datetime] = mapped_column(default=now)
    started: Mapped[datetime | None]
    finished: Mapped[datetime | None]
    concept_id: Mapped[int | None] = mapped_column(ForeignKey("concepts.id"))  # whose job it is
    details: Mapped[str | None] = mapped_column(Text)  # of a failure: the traceback
