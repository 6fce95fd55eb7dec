"""Claims jobs and has them performed (rule 6): resumable, cancellable, with progress."""

from __future__ import annotations

import logging
import math
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Generic, Protocol, cast

from pydantic import BaseModel

from concepts.errors import DISK_FULL, CancelledError, DiscernError, LostJobError, PlaceError, StorageError
from concepts.jobs.job import AJob, Done, Job, Lane, read_done, read_job
from concepts.jobs.progress import Listener, News, Precedence, Progress, StoppedError
from storage.disk import FULL, free_bytes
from storage.jobs import HEARTBEAT_SECONDS, JobStore, StoredJob

Perform = Callable[[StoredJob], None]  # does a claimed job and writes what came of it; raises nothing

LOOK_EVERY = 0.1  # seconds, while another thread or process works
WAITING = ("queued", "interrupted")
STOP_SECONDS = 8  # how long a stopping process waits for a job to come to its next step
BRIEF = (Lane.SHORT, Lane.FOLLOWING)
NEEDED = {lane: (1 if lane in BRIEF else 64) * 1024**2 for lane in Lane}  # bytes of free disk, to go on
LOOK_FOR_ROOM_SECONDS = 15
PAUSED = "paused until there is room on the disk again"
OTHERS_FIRST = "waiting for the work of others to finish"
log = logging.getLogger(__name__)
Work = Callable[[Any, Progress], BaseModel]
_Said = logging.LoggerAdapter[logging.Logger]  # says which job and concept a line is about


class Executor(Protocol):
    """Performs jobs that the runner claimed; the runner sees to it that few come at a time.

    What crosses over is a row of the job table and no code. An engine on other machines opens the same
    data folder there and calls `JobRunner.perform` of that `App`.
    """

    def has_room(self) -> bool:
        """Whether a job that is claimed now would begin soon."""

    def submit(self, job: StoredJob) -> Future[None]:
        """Performs the job elsewhere. The future ends with the work, however that ended.

        It begins within `storage.jobs.LOST_AFTER`; after that other processes take the job for lost.
        """

    def close(self, seconds: float) -> None:
        """Waits for what still runs, but no longer than this."""


class Threads:
    """A thread of this process for each job."""

    def __init__(self, perform: Perform) -> None:
        self._perform = perform
        self._threads: list[threading.Thread] = []

    def has_room(self) -> bool:
        return True

    def submit(self, job: StoredJob) -> Future[None]:
        future: Future[None] = Future()

        def work() -> None:
            try:
                self._perform(job)
            finally:
                future.set_result(None)

        # A daemon: a job between two reports must not keep a stopped process alive.
        thread = threading.Thread(target=work, name=f"job {job.id}", daemon=True)
        self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        thread.start()
        return future

    def close(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))


@dataclass(frozen=True)
class Started(Generic[Done]):
    """A job in the table. It goes on by itself where an app runs on the data folder."""

    runner: JobRunner
    job: Job[Done]
    id: int

    def wait(self, listener: Listener | None = None) -> Done:
        """What came of it. Does the work here, unless this process or another has taken it up.

        Raises what the work raises: its own error where it was done here, else a `DiscernError` with its
        reason; `CancelledError`.
        """
        while True:
            stored = self.runner.store.get(self.id)
            if stored.state == "done":
                return read_done(type(self.job), stored)
            if stored.state == "cancelled":
                raise CancelledError("Cancelled. What was done until here is kept.")
            if stored.state == "failed":
                raise DiscernError(stored.error)
            if stored.state in WAITING and not self.runner.is_started:
                if taken := self.runner.store.claim(self.id):
                    return cast(Done, self.runner.run_claimed(taken, listener))
            elif listener:
                listener(stored.done, stored.total, stored.message)
            time.sleep(LOOK_EVERY)


class JobRunner:
    """Runs the kinds of jobs that were registered. What each does is idempotent: a rerun goes on where it
    was."""

    def __init__(
        self,
        store: JobStore,
        executor: Callable[[Perform], Executor] = Threads,
        redact: Callable[[str], str] = str,
        home: Path | None = None,
        admit: Callable[[], None] = lambda: None,
    ) -> None:
        """`redact` takes secrets out of what is kept of a failure. `home` is where work writes to: long work
        begins only where there is room. `admit` raises where nobody may ask for more work."""
        self.store = store
        self._redact = redact
        self._home = home
        self._admit = admit
        self._room_at = -math.inf  # when to look for room again after a disk was full
        self.precedence = Precedence()
        self.news = News()
        self._kinds: dict[str, type[Job[Any]]] = {}  # by the name in the job table
        self._work: dict[type[Job[Any]], Work] = {}
        self._executor = executor(self.perform)
        self._dispatcher: threading.Thread | None = None
        self._wake = threading.Event()
        self._stop = threading.Event()

    def register(self, kind: type[AJob], work: Callable[[AJob, Progress], BaseModel]) -> None:
        """What a kind of job does. It ends in the `Done` of the kind."""
        self._kinds[kind.kind] = kind
        self._work[kind] = work

    # Here and now

    def run(self, job: Job[Done], listener: Listener | None = None) -> Done:
        """Runs one job and returns what came of it, or raises its error, `PlaceError` before it begins."""
        self._require_room(job.lane)
        return cast(Done, self.resume(self._add(job), listener))

    def resume(self, job_id: int, listener: Listener | None = None) -> BaseModel:
        """Runs a job that waits or was interrupted."""
        job = self.store.claim(job_id)
        if job is None:
            raise DiscernError("The same work is running already in another process. See the list of jobs.")
        return self.run_claimed(job, listener)

    # In the background

    def begin(self, job: Job[Done]) -> Started[Done]:
        """Queues work. Raises `PlaceError` where there is no room to begin it."""
        self._admit()
        self._require_room(job.lane)
        return Started(self, job, self.submit(job))

    def retry(self, job_id: int) -> Started[Any]:
        """Queues a failed or cancelled job again. It continues where it stopped."""
        stored = self.store.get(job_id)
        job = read_job(self._kind_of(stored), stored)
        self.store.retry(job_id)
        self.wake()
        return Started(self, job, job_id)

    def submit(self, job: Job[Any]) -> int:
        """Queues work and returns the job's id."""
        job_id = self._add(job)
        _Said(log, {"job": job_id}).info("%s queued", job.kind)
        self.wake()
        return job_id

    def wake(self) -> None:
        """Has the dispatcher look for work now."""
        self._wake.set()

    def start(self) -> None:
        """Begins with what waits, also what an earlier process left behind."""
        self._dispatcher = threading.Thread(target=self._dispatch, name="jobs", daemon=True)
        self._dispatcher.start()

    @property
    def is_started(self) -> bool:
        """Whether work that is submitted here is taken up here."""
        return self._dispatcher is not None

    def stop(self) -> None:
        """Leaves running jobs at their next step, to be taken up by the next process."""
        deadline = time.monotonic() + STOP_SECONDS
        self._stop.set()
        self.wake()
        if self._dispatcher:
            self._dispatcher.join(STOP_SECONDS)
        self._executor.close(max(deadline - time.monotonic(), 0))

    def perform(self, job: StoredJob) -> None:
        """Does a claimed job, for an executor. Its error is in its row, where the person sees it."""
        try:
            self.run_claimed(job, None)
        except (Exception, StoppedError):
            return

    # What came of it

    def newest_done(self, kind: type[Job[Done]], concept_id: int | None = None) -> Done | None:
        """What came of the newest job of this kind that is done, perhaps for a concept."""
        found = self.store.newest_first([kind.kind], concept_id, state="done", limit=1)
        return read_done(kind, found[0]) if found else None

    # Inside

    def _add(self, job: Job[Any]) -> int:
        return self.store.add(job.kind, *job.arguments())

    def _dispatch(self) -> None:
        going: dict[Lane, Future[None]] = {}
        unread = False
        while not self._stop.is_set():
            self._wake.clear()
            try:
                for lane in Lane:
                    if lane in going and not going[lane].done():
                        continue
                    kinds = [kind.kind for kind in self._work if kind.lane == lane]
                    if not self._has_room(lane) or time.monotonic() < self._room_at:
                        self.store.say_waiting(kinds, PAUSED)
                    elif not self._executor.has_room():
                        self.store.say_waiting(kinds, OTHERS_FIRST)
                    elif kinds and (job := self.store.claim(kinds=kinds, in_turn=True)):
                        going[lane] = self._executor.submit(job)
                        going[lane].add_done_callback(lambda _: self.wake())
                unread = False
            except Exception as error:  # such as a full disk or a busy database: the next look may go better
                if not unread:
                    log.warning("The job table can't be read.", exc_info=not isinstance(error, StorageError))
                unread = True
            self._wake.wait(HEARTBEAT_SECONDS)

    def run_claimed(self, stored: StoredJob, listener: Listener | None) -> BaseModel:
        """Does a claimed job and keeps what comes of it. Raises what the work raises."""
        lane = self._kinds[stored.kind].lane if stored.kind in self._kinds else Lane.SHORT
        require_room = partial(self._require_room, lane)
        progress = Progress(
            self.store,
            stored.id,
            listener,
            self._stop,
            require_room,
            stored.lease,
            stand_aside=self.precedence.stand_aside if lane is Lane.FOLLOWING else lambda: None,
            told=self.news.told,
        )
        said = _Said(log, {"job": stored.id, "concept": stored.concept_id})
        said.info("%s begun", stored.kind)
        try:
            with _heartbeat(progress):
                kind = self._kind_of(stored)
                done = self._work[kind](read_job(kind, stored), progress)
                if not isinstance(done, kind.done):
                    raise TypeError(f"{kind.__name__} ended in {type(done).__name__}.")
        except CancelledError:
            self._finish(progress, stored, "cancelled")
            said.info("%s cancelled", stored.kind)
            raise
        except (StoppedError, KeyboardInterrupt):
            progress.beat()
            with suppress(LostJobError):
                self.store.release(stored.id, lease=stored.lease)
            said.info("%s left to the next process", stored.kind)
            raise
        except BaseException as error:
            full = isinstance(error, OSError) and error.errno in FULL
            if full or (isinstance(error, PlaceError) and error.case == DISK_FULL):
                self._room_at = time.monotonic() + LOOK_FOR_ROOM_SECONDS
                with suppress(LostJobError, StorageError):  # what can't even be put back is lost in time
                    self.store.release(stored.id, PAUSED, lease=stored.lease)
                said.warning("%s paused: %s", stored.kind, error)
            else:
                reason, details = self._redact(reason_of(error)), self._redact(traceback.format_exc())
                self._finish(progress, stored, "failed", error=reason, details=details)
                said.error("%s failed: %s", stored.kind, reason, exc_info=True)
            raise
        self._finish(progress, stored, "done", done.model_dump(mode="json"))
        said.info("%s done", stored.kind)
        return done

    def _has_room(self, lane: Lane) -> bool:
        return self._home is None or free_bytes(self._home) >= NEEDED[lane]

    def _require_room(self, lane: Lane) -> None:
        if self._home is not None and not self._has_room(lane):
            raise DISK_FULL(place=self._home)

    def _kind_of(self, stored: StoredJob) -> type[Job[Any]]:
        if stored.kind not in self._kinds:
            raise DiscernError(f"This version of Discern doesn't know “{stored.kind}”. Update it.")
        return self._kinds[stored.kind]

    def _finish(
        self,
        progress: Progress,
        stored: StoredJob,
        state: str,
        result: dict[str, Any] | None = None,
        error: str = "",
        details: str = "",
    ) -> None:
        """Where another process has taken the job over, what comes of it is for that one to say."""
        progress.beat()
        try:
            self.store.finish(stored.id, state, result, error, details, lease=stored.lease)
        except LostJobError as lost:
            _Said(log, {"job": stored.id, "concept": stored.concept_id}).warning("%s", lost)
        self.news.told()


def reason_of(error: BaseException) -> str:
    """Why work failed, for the person who waits for it."""
    if isinstance(error, DiscernError):
        return str(error)
    if isinstance(error, MemoryError):
        return "This computer has too little memory for it. Close other programs, then try again."
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return f"Something went wrong that should not ({type(error).__name__}: {error})."


@contextmanager
def _heartbeat(progress: Progress) -> Iterator[None]:
    """Shows other processes that the job is alive, while it reports nothing."""
    finished = threading.Event()

    def keep_alive() -> None:
        while not finished.wait(HEARTBEAT_SECONDS):
            progress.beat()

    heart = threading.Thread(target=keep_alive, name=f"heartbeat {progress.job_id}", daemon=True)
    heart.start()
    try:
        yield
    finally:
        finished.set()
        heart.join()
