"""Where claimed jobs run: in threads of this process, or in another engine behind the same two methods."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Protocol

from storage.jobs import StoredJob

Perform = Callable[[StoredJob], None]  # does a claimed job and writes what came of it; raises nothing


class Executor(Protocol):
    """Performs jobs that the runner claimed; the runner sees to it that few come at a time.

    What crosses over is a row of the job table and no code. An engine on other machines opens the same
    data folder there and calls `JobRunner.perform` of that Workbench.
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
