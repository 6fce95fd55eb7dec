"""Looks at watched folders again and again while the app runs, and sends what is due.

A look at what is there takes no job: only where something is new one is begun, so that the list of jobs says
what came, and not that nothing did.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from concepts.errors import DiscernError
from concepts.workbench.context import Context
from concepts.workbench.jobs import LookAtFolder
from concepts.workbench.watching import Watching
from storage.tables import now
from storage.watches import Watch

LOOK_SECONDS = 5.0  # from one look at a folder to the next
SEND_SECONDS = 2.0
SHARE_OF_TIME = 0.1  # that may go into looking at one folder: a large one is looked at less often
AFTER_FAILURE_SECONDS = 300  # until a look that failed is tried again
STOP_SECONDS = 2

log = logging.getLogger(__name__)


class Watcher:
    """Two threads: one looks, one sends, so that a slow receiver holds up no look."""

    def __init__(self, context: Context, watching: Watching) -> None:
        self._context = context
        self._watching = watching
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._next: dict[int, float] = {}  # watch → when to look again

    def start(self) -> None:
        """Needs jobs to run here."""
        for name, deed, seconds in (
            ("watching", self.look, LOOK_SECONDS),
            ("sending", self._send, SEND_SECONDS),
        ):
            thread = threading.Thread(target=self._again, args=(deed, seconds), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """What is being sent is left to the next process."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def look(self) -> None:
        """Begins a job for every folder that has something new."""
        for watch in self._context.watches.going():
            if time.monotonic() < self._next.get(watch.id, -math.inf):
                continue
            begun = time.monotonic()
            if not self._is_busy(watch) and self._has_new(watch):
                self._context.jobs.submit(LookAtFolder(watch.concept_id, watch.id))
            taken = time.monotonic() - begun
            self._next[watch.id] = begun + max(LOOK_SECONDS, taken / SHARE_OF_TIME)

    def _has_new(self, watch: Watch) -> bool:
        try:
            return bool(self._watching.new_files(watch))
        except DiscernError:  # the folder is gone: the job says so, where a person sees it
            return True

    def _is_busy(self, watch: Watch) -> bool:
        """Whether a look is going on, or has failed a moment ago."""
        last = self._watching.last_look(watch)
        if last is None:
            return False
        if last.finished is None:
            return True
        recent = (now() - last.finished).total_seconds() < AFTER_FAILURE_SECONDS
        return last.state == "failed" and recent

    def _send(self) -> None:
        self._watching.sender.send_due(lambda: not self._stop.is_set())

    def _again(self, deed: Callable[[], None], seconds: float) -> None:
        while not self._stop.wait(seconds):
            try:
                deed()
            except Exception:  # such as a database that is busy for long: the next time may go better
                log.exception("A watched folder could not be looked at, or a webhook not be sent.")
