"""Jobs in SQL: who works on what, how far it is, and what is left over from a process that died."""

from __future__ import annotations

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.errors import ConflictError, LostJobError, UnknownJobError
from storage.names import id_of
from storage.tables import JobRow, now

HEARTBEAT_SECONDS = 5
LOST_AFTER = timedelta(seconds=30)  # six missed heartbeats
GOING = ("queued", "running")
PID_NAMESPACE = Path("/proc/self/ns/pid")  # containers may share a host's name and not its process ids
LOCK = "jobs"  # whoever changes a job's state depending on what it is


@dataclass(frozen=True)
class StoredJob:
    """`state` is queued, running, interrupted, done, failed or cancelled. Interrupted is not stored: it
    is a running job whose process is gone. `lease` counts its runs: whoever runs it shows theirs to write."""

    id: int
    kind: str
    arguments: dict[str, Any]
    state: str
    done: int
    total: int | None
    message: str
    result: dict[str, Any] | None
    error: str
    cancel_requested: bool
    created: datetime
    started: datetime | None
    finished: datetime | None
    concept_id: int | None = None  # whose job it is; none for one about the library or the installation
    details: str = ""  # of a failure: the traceback
    lease: int = 0

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran."""
        return ((self.finished or now()) - self.started).total_seconds() if self.started else None


class JobStore:
    """All reads and writes of the job table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.worker = f"{_here()}:{os.getpid()}"

    def add(self, kind: str, arguments: dict[str, Any], concept_id: int | None = None) -> int:
        """Queues a job. The same work that is waiting or was interrupted is that job, not a second one."""
        with self._database.write(LOCK) as session:
            query = select(JobRow).where(JobRow.kind == kind, JobRow.state.in_(GOING))
            for row in session.scalars(query.order_by(JobRow.id)):
                same = row.concept_id == concept_id and _without_name(row) == arguments
                if same and _state(row) in ("queued", "interrupted"):
                    row.state, row.worker, row.cancel_requested = "queued", "", False
                    return row.id
            row = JobRow(kind=kind, arguments=arguments, concept_id=concept_id, state="queued")
            session.add(row)
            session.flush()
            return row.id

    def claim(
        self, job_id: int | None = None, kinds: Sequence[str] = (), *, in_turn: bool = False
    ) -> StoredJob | None:
        """Takes this job, or the oldest that waits or was interrupted, for this process to run. `in_turn`:
        none that is about the same concept as one that runs anywhere, or like it about none: it may be that
        much is done by then."""
        with self._database.write(LOCK) as session:
            query = select(JobRow).where(JobRow.state.in_(GOING)).order_by(JobRow.id)
            if job_id is not None:
                query = query.where(JobRow.id == job_id)
            if kinds:
                query = query.where(JobRow.kind.in_(kinds))
            query = query.with_for_update()  # a heartbeat that comes just now is waited for
            states = [(row, _state(row)) for row in session.scalars(query)]
            busy = {row.concept_id for row, state in states if in_turn and state == "running"}
            waiting = [row for row, state in states if state in ("queued", "interrupted")]
            row = next((row for row in waiting if row.concept_id not in busy), None)
            if row is None:
                return None
            row.lease += 1
            row.state, row.worker, row.heartbeat, row.started = "running", self.worker, now(), now()
            row.done, row.message, row.error, row.details = 0, "", "", None
            return _job(row)

    def beat(
        self, job_id: int, done: int, total: int | None, message: str, *, lease: int | None = None
    ) -> bool:
        """Writes progress; true where the person asked to cancel. Raises `LostJobError` where another process
        has taken this one for lost and the job over."""
        values = {"heartbeat": now(), "done": done, "total": total, "message": message}
        with self._database.write() as session:
            query = update(JobRow).where(JobRow.id == job_id).values(values)
            if lease is not None:
                query = query.where(JobRow.lease == lease, JobRow.state == "running")
            cancelled: bool | None = session.scalar(query.returning(JobRow.cancel_requested))
        if cancelled is None:
            raise LostJobError(job_id)
        return cancelled

    def once(self, job_id: int, key: str, value: Any) -> Any:
        """The value that the first run of this job gave for `key`, so that a resumed run does the same."""
        with self._database.write(LOCK) as session:
            row = session.get_one(JobRow, job_id)
            if key not in row.memory:
                row.memory = row.memory | {key: value}
            return row.memory[key]

    def memory(self, job_id: int) -> dict[str, Any]:
        """What runs of this job gave by `once`."""
        with self._database.read() as session:
            return dict(session.get_one(JobRow, job_id).memory)

    def release(self, job_id: int, *, lease: int | None = None) -> None:
        """Puts a running job back, for the next process to go on with. Raises `LostJobError` like `beat`."""
        with self._database.write(LOCK) as session:
            row = _held(session, job_id, lease)
            row.state, row.worker = "queued", ""

    def pause(self, job_id: int, message: str, *, lease: int | None = None) -> None:
        """Puts a running job back and says what it waits for; it goes on where it stopped. Raises
        `LostJobError` like `beat`."""
        with self._database.write(LOCK) as session:
            row = _held(session, job_id, lease)
            row.state, row.worker, row.message = "queued", "", message

    def say_waiting(self, kinds: Sequence[str], message: str) -> None:
        """Says what all queued jobs of these kinds wait for."""
        waiting = (JobRow.state == "queued", JobRow.kind.in_(kinds), JobRow.message != message)
        with self._database.write(LOCK) as session:
            session.execute(update(JobRow).where(*waiting).values(message=message))

    def finish(
        self,
        job_id: int,
        state: str,
        result: dict[str, Any] | None = None,
        error: str = "",
        details: str = "",
        *,
        lease: int | None = None,
    ) -> None:
        """`error` is the reason in words, `details` what a developer asks for: the traceback. Raises
        `LostJobError` like `beat`."""
        with self._database.write(LOCK) as session:
            row = _held(session, job_id, lease)
            row.state, row.result, row.error, row.finished = state, result, error, now()
            row.details = details or None

    def cancel(self, job_id: int) -> None:
        """A waiting job is cancelled at once, a running one at its next step."""
        with self._database.write(LOCK) as session:
            row = session.get(JobRow, job_id)
            if row is None:
                raise UnknownJobError(f"There is no job {job_id}.")
            row.cancel_requested = True
            if _state(row) in ("queued", "interrupted"):
                row.state, row.finished = "cancelled", now()

    def cancel_all(self, concept_id: int) -> None:
        """The same for every job of a concept that waits or runs."""
        its = (JobRow.concept_id == concept_id, JobRow.state.in_(GOING))
        going = self._database.scalars(select(JobRow.id).where(*its))
        for job_id in going:
            self.cancel(job_id)

    def retry(self, job_id: int) -> None:
        """Queues a failed, cancelled or interrupted job again; it goes on where it stopped."""
        with self._database.write(LOCK) as session:
            row = session.get(JobRow, job_id)
            if row is None:
                raise UnknownJobError(f"There is no job {job_id}.")
            if _state(row) not in ("failed", "cancelled", "interrupted"):
                raise ConflictError(f"Job {job_id} can't be tried again: it is not failed or cancelled.")
            row.state, row.cancel_requested, row.finished = "queued", False, None
            row.error, row.details = "", None

    def get(self, job_id: int) -> StoredJob:
        row = self._database.get(JobRow, job_id)
        if row is None:
            raise UnknownJobError(f"There is no job {job_id}.")
        return _job(row)

    def count_going(self) -> int:
        """How many wait or run."""
        query = select(func.count()).select_from(JobRow).where(JobRow.state.in_(GOING))
        return self._database.scalar(query) or 0

    def latest(self, kinds: Sequence[str], concept_id: int | None = None) -> StoredJob | None:
        """The newest job of these kinds (for this concept), one that is still going before the others."""
        newest = select(func.max(JobRow.id)).where(JobRow.kind.in_(kinds))
        if concept_id is not None:
            newest = newest.where(JobRow.concept_id == concept_id)
        going = newest.where(JobRow.state.in_(GOING)).scalar_subquery()
        query = select(JobRow).where(JobRow.id == func.coalesce(going, newest.scalar_subquery()))
        row = self._database.scalar(query)
        return _job(row) if row else None

    def about(self, concept_id: int, kinds: Sequence[str], limit: int = 50) -> list[StoredJob]:
        """Newest first, the jobs of these kinds for one concept."""
        query = select(JobRow).where(JobRow.kind.in_(kinds), JobRow.concept_id == concept_id)
        return [_job(row) for row in self._database.scalars(query.order_by(JobRow.id.desc()).limit(limit))]

    def of_kind(self, kind: str, limit: int = 50) -> list[StoredJob]:
        """Newest first, the jobs of one kind, whatever they are about."""
        query = select(JobRow).where(JobRow.kind == kind).order_by(JobRow.id.desc()).limit(limit)
        return [_job(row) for row in self._database.scalars(query)]

    def newest(self, kinds: Sequence[str], concept: str | None = None) -> list[StoredJob]:
        """The newest job of each of these kinds (for this concept), one that is still going before one that
        ended; in the same order among each other. One query, however many jobs there were."""
        going = JobRow.state.in_(GOING)
        order = (going.desc(), JobRow.id.desc())
        place = func.row_number().over(partition_by=JobRow.kind, order_by=order)
        ranked = select(JobRow.id, place.label("place")).where(JobRow.kind.in_(kinds))
        if concept is not None:
            ranked = ranked.where(JobRow.concept_id == id_of(concept))
        first = ranked.subquery()
        query = select(JobRow).join(first, JobRow.id == first.c.id).where(first.c.place == 1)
        return [_job(row) for row in self._database.scalars(query.order_by(*order))]

    def done(self, kinds: Sequence[str], limit: int = 50) -> list[StoredJob]:
        """Newest first, the jobs of these kinds that came to their end."""
        query = select(JobRow).where(JobRow.kind.in_(kinds), JobRow.state == "done")
        return [_job(row) for row in self._database.scalars(query.order_by(JobRow.id.desc()).limit(limit))]

    def newest_done(self, kind: str, concept_id: int) -> StoredJob | None:
        """The newest job of this kind for a concept that is done."""
        its = (JobRow.kind == kind, JobRow.concept_id == concept_id, JobRow.state == "done")
        query = select(JobRow).where(*its).order_by(JobRow.id.desc()).limit(1)
        row = self._database.scalar(query)
        return _job(row) if row else None

    def newest_done_of(self, kind: str, concept_ids: Sequence[int]) -> list[StoredJob]:
        """The same for each of these concepts that has one, in one query."""
        its = (JobRow.kind == kind, JobRow.concept_id.in_(concept_ids), JobRow.state == "done")
        newest = select(func.max(JobRow.id)).where(*its).group_by(JobRow.concept_id)
        return [_job(row) for row in self._database.scalars(select(JobRow).where(JobRow.id.in_(newest)))]

    def recent(self, limit: int = 50, offset: int = 0) -> list[StoredJob]:
        """Newest first, those still going before the others."""
        going = JobRow.state.in_(GOING)
        query = select(JobRow).order_by(going.desc(), JobRow.id.desc()).limit(limit).offset(offset)
        return [_job(row) for row in self._database.scalars(query)]


def _held(session: Session, job_id: int, lease: int | None) -> JobRow:
    """The row of a job that a run with this lease may write; any, where none is shown."""
    row = session.get_one(JobRow, job_id)
    if lease is not None and (row.lease != lease or row.state != "running"):
        raise LostJobError(job_id)
    return row


def _without_name(row: JobRow) -> dict[str, Any]:
    """Rows of before jobs knew their concept by id have its name among the arguments."""
    return {name: value for name, value in row.arguments.items() if name != "concept" or not row.concept_id}


def _state(row: JobRow) -> str:
    return "interrupted" if row.state == "running" and _is_lost(row) else row.state


def _is_lost(row: JobRow) -> bool:
    """Its process is gone: on this computer we can ask for the process, elsewhere by its silence, which a
    heartbeat of a clock that runs ahead doesn't break."""
    host, _, pid = row.worker.rpartition(":")
    if host == _here() and not _is_alive(int(pid)):
        return True
    return row.heartbeat is None or abs(now() - row.heartbeat) > LOST_AFTER


@cache
def _here() -> str:
    """Where a process id means something: a computer, or what of it a container sees."""
    try:
        return f"{socket.gethostname()}/{PID_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _job(row: JobRow) -> StoredJob:
    return StoredJob(
        id=row.id,
        kind=row.kind,
        arguments=row.arguments,
        state=_state(row),
        done=row.done,
        total=row.total,
        message=row.message,
        result=row.result,
        error=row.error,
        cancel_requested=row.cancel_requested,
        created=row.created,
        started=row.started,
        finished=row.finished,
        concept_id=row.concept_id,
        details=row.details or "",
        lease=row.lease,
    )
