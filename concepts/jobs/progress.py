"""How running work says how far it is, learns that it shall stop, and stands aside for what is waited for."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from cachetools import LRUCache

from concepts.errors import CancelledError, LostJobError
from storage.jobs import JobStore

MOST_LISTENERS = 1_000
MOST_SECONDS = 30.0  # after which what stands aside goes on: something that never ends shall not hold it up
PAUSE = 1.5  # seconds after an answer or a new page: whoever does the next thing later has paused
REPORT_EVERY = 0.5  # seconds between writes of progress
COUNTED = "counted"  # in a job's memory: the first count, and the second of the clock it was written at
Listener = Callable[[int, int | None, str], None]
log = logging.getLogger(__name__)


class News:
    def __init__(self) -> None:
        self._change = threading.Condition()
        self._count = 0
        self._heard: LRUCache[str, int] = LRUCache(MOST_LISTENERS)  # how much of it each has heard

    def told(self) -> None:
        with self._change:
            self._count += 1
            self._change.notify_all()

    def wait(self, who: str, seconds: float) -> None:
        """Returns once something has changed that `who` has not heard of yet, after so many seconds at the
        latest, and at once where they never asked before."""
        with self._change:
            self._change.wait_for(lambda: self._heard.get(who) != self._count, seconds)
            self._heard[who] = self._count


class Precedence:
    """Threads of one process share its processors and one lock of the interpreter, so two works at once take
    each as long as both. Nothing is interrupted: what stands aside says itself when it can."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._first = 0  # works that somebody waits for
        self._pause = -math.inf  # when whoever did something last has paused

    @contextmanager
    def first(self) -> Iterator[None]:
        """Around work that somebody waits for. Several may be going on."""
        with self._change:
            self._first += 1
        try:
            yield
        finally:
            with self._change:
                self._first -= 1
                self._change.notify_all()

    def pressed(self) -> None:
        """Somebody answers one picture after the other, or opens a page, and goes first until they pause."""
        with self._change:
            self._pause = time.monotonic() + PAUSE

    def stand_aside(self) -> None:
        """Waits until nobody goes first any more; returns at once where nobody does."""
        latest = time.monotonic() + MOST_SECONDS
        with self._change:
            while True:
                end = latest if self._first else min(self._pause, latest)
                if (left := end - time.monotonic()) <= 0:
                    return
                self._change.wait(left)


class StoppedError(BaseException):
    """The process ends, or another one has taken the job over, and goes on with it. No error that a handler
    might take as one."""


class Progress:
    """What running work reports to. `report` raises `CancelledError` once the person has cancelled."""

    def __init__(
        self,
        store: JobStore,
        job_id: int,
        listener: Listener | None,
        stop: threading.Event,
        require_room: Callable[[], None],
        lease: int | None = None,
        stand_aside: Callable[[], None] = lambda: None,
        told: Callable[[], None] = lambda: None,
    ) -> None:
        """`require_room` raises `PlaceError` before the disk is so full that nothing can be kept; `lease`
        is the run's own; `stand_aside` returns when it is the work's turn to go on; `told` hears of each
        `beat`."""
        self._store, self.job_id, self._listener, self._stop = store, job_id, listener, stop
        self._require_room = require_room
        self._stand_aside = stand_aside
        self._told = told
        self._lock = threading.Lock()
        self._lease = lease
        self._cancelled = False
        self._lost = False
        self._unwritten = False
        self._counted = False
        self._written = 0.0
        self._state: tuple[int, int | None, str] = (0, None, "")

    def report(self, done: int, total: int | None = None, message: str = "") -> None:
        self._state = (done, total, message)
        if time.monotonic() - self._written >= REPORT_EVERY:
            self._require_room()
            self._write()
        if self._listener:
            self._listener(done, total, message)
        self._stand_aside()
        if self._cancelled:
            raise CancelledError("Cancelled. What was done until here is kept.")
        if self._lost or self._stop.is_set():
            raise StoppedError

    def once(self, key: str, value: Any) -> Any:
        """`value`, or what the first run of this job gave where this is a resumed run."""
        return self._store.once(self.job_id, key, value)

    def made_once(self, key: str, make: Callable[[], Any]) -> Any:
        """As `once`, of a value that costs something to make: a resumed run doesn't make it again."""
        memory = self._store.memory(self.job_id)
        return memory[key] if key in memory else self.once(key, make())

    def beat(self) -> None:
        """Writes now how far the work is, for whoever waits for just that."""
        self._write()
        self._told()

    def _write(self) -> None:
        with self._lock:
            self._written = time.monotonic()
            try:
                cancelled = self._store.beat(self.job_id, *self._state, lease=self._lease)
                if self._state[0] and not self._counted:
                    self._counted = bool(self.once(COUNTED, [self._state[0], time.time()]))
            except LostJobError:
                self._lost = True
            except Exception as error:  # such as a full disk: the work itself may need none of it
                if not self._unwritten:
                    log.warning("Progress of job %s can't be saved: %s", self.job_id, error)
                self._unwritten = True
            else:
                self._cancelled = cancelled or self._cancelled
                self._unwritten = False
