"""The long work of all visitors, a few at a time: two processors serve pages and train for everybody."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress

from concepts.jobs.runner import Perform, Threads
from storage.jobs import StoredJob

NICE = 10  # of 19: what is left of a processor goes to training, not what an answer needs


class JobSlots:
    """At most `at_once` jobs of all who share it. `freed` is called when another may begin."""

    def __init__(self, at_once: int, freed: Callable[[], None]) -> None:
        self._free = at_once
        self._freed = freed
        self._lock = threading.Lock()

    def executor(self, perform: Perform) -> SlotThreads:
        """For the runner of one of them."""

        def behind_requests(job: StoredJob) -> None:
            with suppress(OSError, AttributeError):  # threads have a priority of their own on Linux
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
            perform(job)

        return SlotThreads(self, behind_requests)

    def has_room(self) -> bool:
        return self._free > 0

    def take(self) -> None:
        """Of two who saw the last place free both get in: neither has anything to lose by it."""
        with self._lock:
            self._free -= 1

    def give_back(self) -> None:
        with self._lock:
            self._free += 1
        self._freed()


class SlotThreads(Threads):
    """Threads of one, in the turns of all."""

    def __init__(self, turns: JobSlots, perform: Perform) -> None:
        super().__init__(perform)
        self._turns = turns

    def has_room(self) -> bool:
        return self._turns.has_room()

    def submit(self, job: StoredJob) -> Future[None]:
        self._turns.take()
        future = super().submit(job)
        future.add_done_callback(lambda _: self._turns.give_back())
        return future
