"""Long work outside web requests (rule 6): queued in SQL, resumable, cancellable, with progress."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from typing import Any

from concepts.errors import CancelledError, DiscernError
from storage.jobs import HEARTBEAT_SECONDS, JobStore, StoredJob

REPORT_EVERY = 0.5  # seconds between writes of progress
STOP_SECONDS = 8  # how long a stopping process waits for a job to come to its next step

Result = dict[str, Any]


class _StoppedError(BaseException):
    """The process ends; the job goes on when it starts again. No error that a handler might take as one."""


class Progress:
    """What running work reports to. `report` raises `CancelledError` once the person has cancelled."""

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        listener: Callable[[int, int | None, str], None] | None,
        stop: threading.Event,
    ):
        self._store, self.job_id, self._listener, self._stop = store, job_id, listener, stop
        self._lock = threading.Lock()
        self._cancelled = False
        self._written = 0.0
        self._state: tuple[int, int | None, str] = (0, None, "")

    def report(self, done: int, total: int | None = None, message: str = "") -> None:
        self._state = (done, total, message)
        if time.monotonic() - self._written >= REPORT_EVERY:
            self.beat()
        if self._listener:
            self._listener(done, total, message)
        if self._cancelled:
            raise CancelledError("Cancelled. What was done until here is kept.")
        if self._stop.is_set():
            raise _StoppedError

    def once(self, key: str, value: Any) -> Any:
        """`value`, or what the first run of this job gave where this is a resumed run."""
        return self._store.once(self.job_id, key, value)

    def beat(self) -> None:
        with self._lock:
            self._written = time.monotonic()
            self._cancelled = self._store.beat(self.job_id, *self._state) or self._cancelled


Handler = Callable[[dict[str, Any], Progress], Result]


class JobRunner:
    """Runs jobs in this process, one at a time in each lane, so that adding a million pictures doesn't
    keep a training waiting. Handlers are idempotent: a rerun goes on where it was."""

    def __init__(self, store: JobStore, short: Collection[str] = frozenset()) -> None:
        """`short` names the kinds that take seconds: they have a lane of their own."""
        self.store = store
        self._short = frozenset(short)
        self._handlers: dict[str, Handler] = {}
        self._lanes = {"long": threading.Event(), "short": threading.Event()}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def register(self, handlers: Mapping[str, Handler]) -> None:
        """What each of these kinds of job does."""
        self._handlers |= handlers

    def run(
        self,
        kind: str,
        arguments: dict[str, Any],
        listener: Callable[[int, int | None, str], None] | None = None,
    ) -> Result:
        """Runs one job here and now, and returns its result or raises its error."""
        return self.resume(self.store.add(kind, arguments), listener)

    def resume(self, job_id: int, listener: Callable[[int, int | None, str], None] | None = None) -> Result:
        """Runs a job that waits or was interrupted here and now."""
        job = self.store.claim(job_id)
        if job is None:
            raise DiscernError("The same work is running already in another process. See the list of jobs.")
        return self._run(job, listener)

    def submit(self, kind: str, arguments: dict[str, Any]) -> int:
        """Queues work for the background threads and returns the job's id."""
        job_id = self.store.add(kind, arguments)
        self.wake()
        return job_id

    def wake(self) -> None:
        """Has the background threads look for work now."""
        for event in self._lanes.values():
            event.set()

    def start(self) -> None:
        """Starts the background threads, which also take up what an earlier process left behind."""
        for lane, event in self._lanes.items():
            kinds = [kind for kind in self._handlers if (kind in self._short) == (lane == "short")]
            if not kinds:
                continue
            thread = threading.Thread(target=self._work, args=(event, kinds), name=f"{lane} jobs")
            thread.daemon = True  # a job between two reports must not keep a stopped process alive
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Leaves running jobs at their next step, to be taken up by the next process."""
        self._stop.set()
        self.wake()
        deadline = time.monotonic() + STOP_SECONDS
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0))

    def _work(self, wake: threading.Event, kinds: list[str]) -> None:
        while not self._stop.is_set():
            job = self.store.claim(kinds=kinds)
            if job is None:
                wake.wait(HEARTBEAT_SECONDS)
                wake.clear()
                continue
            try:
                self._run(job, None)
            except _StoppedError:
                return
            except Exception:
                # The error is in the job's row, where the person sees it; the thread goes on.
                continue

    def _run(self, job: StoredJob, listener: Callable[[int, int | None, str], None] | None) -> Result:
        progress = Progress(self.store, job.id, listener, self._stop)
        finished = threading.Event()

        def keep_alive() -> None:
            while not finished.wait(HEARTBEAT_SECONDS):
                progress.beat()

        heart = threading.Thread(target=keep_alive, name=f"heartbeat-{job.id}", daemon=True)
        heart.start()
        try:
            result = self._handlers[job.kind](job.arguments, progress)
        except CancelledError:
            self._finish(progress, finished, heart, "cancelled")
            raise
        except _StoppedError:
            finished.set()
            heart.join()
            self.store.release(job.id)
            raise
        except BaseException as error:
            reason = str(error) if isinstance(error, DiscernError) else f"{type(error).__name__}: {error}"
            self._finish(progress, finished, heart, "failed", error=reason)
            raise
        self._finish(progress, finished, heart, "done", result)
        return result

    def _finish(
        self,
        progress: Progress,
        finished: threading.Event,
        heart: threading.Thread,
        state: str,
        result: Result | None = None,
        error: str = "",
    ) -> None:
        finished.set()
        heart.join()
        progress.beat()
        self.store.finish(progress.job_id, state, result, error)
