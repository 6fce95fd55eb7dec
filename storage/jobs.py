"""Jobs in SQL: who works on what, how far it is, and what is left over from a process that died."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from storage.database import Database
from storage.errors import ConflictError, LostJobError, UnknownError
from storage.names import id_of
from storage.tables import StoredJob as StoredJob
from storage.tables import now

HEARTBEAT_SECONDS = 5
LOST_AFTER = timedelta(seconds=30)  # six missed heartbeats
DOUBTED_FOR = timedelta(seconds=15)  # three more, while whoever wants the job could write
GOING = ("queued", "running")
PID_NAMESPACE = Path("/proc/self/ns/pid")  # containers may share a host's name and not its process ids
DOUBT = "doubted"  # in a job's memory: which heartbeat somebody took for the last, and when
LOCK = "jobs"  # whoever changes a job's state depending on what it is


class JobStore:
    """All reads and writes of the job table."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.worker = f"{_here()}:{os.getpid()}"

    def add(self, kind: str, arguments: dict[str, Any], concept_id: int | None = None) -> int:
        """Queues a job. The same work that is waiting or was interrupted is that job, not a second one."""
        with self._database.write(LOCK) as session:
            query = select(StoredJob).where(StoredJob.kind == kind, StoredJob.state.in_(GOING))
            for row in session.scalars(query.order_by(StoredJob.id)):
                same = row.concept_id == concept_id and row.arguments == arguments
                if same and _may_be_taken(row):
                    row.state, row.worker, row.cancel_requested = "queued", "", False
                    return row.id
            row = StoredJob(kind=kind, arguments=arguments, concept_id=concept_id, state="queued")
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
            query = select(StoredJob).where(StoredJob.state.in_(GOING)).order_by(StoredJob.id)
            if job_id is not None:
                query = query.where(StoredJob.id == job_id)
            if kinds:
                query = query.where(StoredJob.kind.in_(kinds))
            query = query.with_for_update()  # a heartbeat that comes just now is waited for
            rows = [(row, _may_be_taken(row)) for row in session.scalars(query)]
            busy = {row.concept_id for row, waits in rows if in_turn and not waits}
            waiting = (row for row, waits in rows if waits and row.concept_id not in busy)
            row = next(waiting, None)
            if row is None:
                return None
            row.lease += 1
            row.state, row.worker, row.heartbeat, row.started = "running", self.worker, now(), now()
            row.done, row.message, row.error, row.details = 0, "", "", None
            return row

    def beat(
        self, job_id: int, done: int, total: int | None, message: str, *, lease: int | None = None
    ) -> bool:
        """Writes progress; true where the person asked to cancel. Raises `LostJobError` where another process
        has taken this one for lost and the job over."""
        values = {"heartbeat": now(), "done": done, "total": total, "message": message}
        with self._database.write() as session:
            query = update(StoredJob).where(StoredJob.id == job_id).values(values)
            if lease is not None:
                query = query.where(StoredJob.lease == lease, StoredJob.state == "running")
            cancelled: bool | None = session.scalar(query.returning(StoredJob.cancel_requested))
        if cancelled is None:
            raise LostJobError(job_id)
        return cancelled

    def once(self, job_id: int, key: str, value: Any) -> Any:
        """The value that the first run of this job gave for `key`, so that a resumed run does the same."""
        with self._database.write(LOCK) as session:
            row = session.get_one(StoredJob, job_id)
            if key not in row.memory:
                row.memory = row.memory | {key: value}
            return row.memory[key]

    def memory(self, job_id: int) -> dict[str, Any]:
        """What runs of this job gave by `once`."""
        with self._database.read() as session:
            return dict(session.get_one(StoredJob, job_id).memory)

    def release(self, job_id: int, message: str | None = None, *, lease: int | None = None) -> None:
        """Puts a running job back, for the next process to go on with, and perhaps says what it waits for.
        Raises `LostJobError` like `beat`."""
        with self._database.write(LOCK) as session:
            row = _held(session, job_id, lease)
            row.state, row.worker = "queued", ""
            row.message = row.message if message is None else message

    def say_waiting(self, kinds: Sequence[str], message: str) -> None:
        """Says what all queued jobs of these kinds wait for."""
        waiting = (StoredJob.state == "queued", StoredJob.kind.in_(kinds), StoredJob.message != message)
        with self._database.write(LOCK) as session:
            session.execute(update(StoredJob).where(*waiting).values(message=message))

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

    def amend(self, job_id: int, result: Mapping[str, Any]) -> None:
        """What came of a job says these instead, as far as it says anything of the kind."""
        with self._database.write(LOCK) as session:
            row = session.get_one(StoredJob, job_id)
            row.result = {name: result.get(name, said) for name, said in (row.result or {}).items()} or None

    def cancel(self, job_id: int) -> None:
        """A waiting job is cancelled at once, a running one at its next step."""
        with self._database.write(LOCK) as session:
            row = _known(session.get(StoredJob, job_id), job_id)
            row.cancel_requested = True
            if _state(row) in ("queued", "interrupted"):
                row.state, row.finished = "cancelled", now()

    def cancel_all(self, concept_id: int) -> None:
        """The same for every job of a concept that waits or runs."""
        its = (StoredJob.concept_id == concept_id, StoredJob.state.in_(GOING))
        going = self._database.scalars(select(StoredJob.id).where(*its))
        for job_id in going:
            self.cancel(job_id)

    def retry(self, job_id: int) -> None:
        """Queues a failed, cancelled or interrupted job again; it goes on where it stopped."""
        with self._database.write(LOCK) as session:
            row = _known(session.get(StoredJob, job_id), job_id)
            if _state(row) not in ("failed", "cancelled", "interrupted"):
                raise ConflictError(f"Job {job_id} can't be tried again: it is not failed or cancelled.")
            row.state, row.cancel_requested, row.finished = "queued", False, None
            row.error, row.details = "", None

    def get(self, job_id: int) -> StoredJob:
        found = self._read(select(StoredJob).where(StoredJob.id == job_id))
        return _known(next(iter(found), None), job_id)

    def latest(self, kinds: Sequence[str], concept_id: int | None = None) -> StoredJob | None:
        """The newest job of these kinds (for this concept), one that is still going before the others."""
        newest = select(func.max(StoredJob.id)).where(StoredJob.kind.in_(kinds))
        if concept_id is not None:
            newest = newest.where(StoredJob.concept_id == concept_id)
        going = newest.where(StoredJob.state.in_(GOING)).scalar_subquery()
        query = select(StoredJob).where(StoredJob.id == func.coalesce(going, newest.scalar_subquery()))
        return next(iter(self._read(query)), None)

    def newest_first(
        self, kinds: Sequence[str], concept_id: int | None = None, *, state: str = "", limit: int = 50
    ) -> list[StoredJob]:
        """The jobs of these kinds (for one concept, in one state)."""
        query = select(StoredJob).where(StoredJob.kind.in_(kinds))
        if concept_id is not None:
            query = query.where(StoredJob.concept_id == concept_id)
        if state:
            query = query.where(StoredJob.state == state)
        return self._read(query.order_by(StoredJob.id.desc()).limit(limit))

    def newest(self, kinds: Sequence[str], concept: str | None = None) -> list[StoredJob]:
        """The newest job of each of these kinds (for this concept, or for none in particular), one that is
        still going before one that ended; in the same order among each other. One query, however many jobs
        there were."""
        going = StoredJob.state.in_(GOING)
        order = (going.desc(), StoredJob.id.desc())
        place = func.row_number().over(partition_by=StoredJob.kind, order_by=order)
        ranked = select(StoredJob.id, place.label("place")).where(StoredJob.kind.in_(kinds))
        if concept is not None:
            its = StoredJob.concept_id == id_of(concept)
            ranked = ranked.where(its | StoredJob.concept_id.is_(None))
        first = ranked.subquery()
        query = select(StoredJob).join(first, StoredJob.id == first.c.id).where(first.c.place == 1)
        return self._read(query.order_by(*order))

    def newest_done_of(self, kind: str, concept_ids: Sequence[int]) -> list[StoredJob]:
        """The newest job of this kind that is done, of each of these concepts that has one."""
        its = (StoredJob.kind == kind, StoredJob.concept_id.in_(concept_ids), StoredJob.state == "done")
        newest = select(func.max(StoredJob.id)).where(*its).group_by(StoredJob.concept_id)
        return self._read(select(StoredJob).where(StoredJob.id.in_(newest)))

    def recent(self, limit: int = 50, offset: int = 0) -> list[StoredJob]:
        """Newest first, those still going before the others."""
        going = StoredJob.state.in_(GOING)
        query = select(StoredJob).order_by(going.desc(), StoredJob.id.desc()).limit(limit).offset(offset)
        return self._read(query)

    def _read(self, query: Select[StoredJob]) -> list[StoredJob]:
        found = self._database.scalars(query)
        for row in found:  # which belong to no session any more
            row.state = _state(row)
        return found


def _known(row: StoredJob | None, job_id: int) -> StoredJob:
    if row is None:
        raise UnknownError(f"There is no job {job_id}.", "job")
    return row


def _held(session: Session, job_id: int, lease: int | None) -> StoredJob:
    """The row of a job that a run with this lease may write; any, where none is shown."""
    row = session.get_one(StoredJob, job_id)
    if lease is not None and (row.lease != lease or row.state != "running"):
        raise LostJobError(job_id)
    return row


def _state(row: StoredJob) -> str:
    return "interrupted" if row.state == "running" and _is_lost(row) else row.state


def _is_lost(row: StoredJob) -> bool:
    """Its process is gone: on this computer we can ask for the process, elsewhere by its silence, which a
    heartbeat of a clock that runs ahead doesn't break."""
    return _lives_here(row) is False or _is_older(row.heartbeat, LOST_AFTER)


def _may_be_taken(row: StoredJob) -> bool:
    """Whether whoever may write it may have it. A process of this computer that lives and is silent may only
    have been unable to write, on a full disk, as everybody was. So it is doubted first, which is written as
    well, and then has time to be heard of."""
    if row.state == "queued" or not _is_lost(row):
        return row.state == "queued"
    if not _lives_here(row):
        return True
    last = row.heartbeat and row.heartbeat.isoformat()
    heard, since = row.memory.get(DOUBT, (None, None))
    if since is None or heard != last:
        row.memory = row.memory | {DOUBT: (last, now().isoformat())}
        return False
    return _is_older(datetime.fromisoformat(since), DOUBTED_FOR)


def _lives_here(row: StoredJob) -> bool | None:
    """None where this computer can't know."""
    host, _, pid = row.worker.rpartition(":")
    if host != _here():
        return None
    try:
        os.kill(int(pid), 0)
    except OSError as error:
        return isinstance(error, PermissionError)
    return True


def _is_older(moment: datetime | None, than: timedelta) -> bool:
    return moment is None or abs(now() - moment) > than


@cache
def _here() -> str:
    """Where a process id means something: a computer, or what of it a container sees."""
    try:
        return f"{socket.gethostname()}/{PID_NAMESPACE.stat().st_ino}"
    except OSError:
        return socket.gethostname()
