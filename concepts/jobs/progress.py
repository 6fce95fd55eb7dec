"""How running work says how far it is, and learns that it shall stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from concepts.errors import CancelledError, LostJobError
from storage.jobs import JobStore

REPORT_EVERY = 0.5  # seconds between writes of progress

Listener = Callable[[int, int | None, str], None]


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
        """`require_room` raises `DiskFullError` before the disk is so full that nothing can be kept; `lease`
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
            except LostJobError:
                self._lost = True
            else:
                self._cancelled = cancelled or self._cancelled
