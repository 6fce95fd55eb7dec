"""What somebody waits for goes first: what merely follows stands aside meanwhile, at its next step."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 30.0  # after which what stands aside goes on: something that never ends shall not hold it up
PAUSE = 1.5  # seconds after an answer or a new page: whoever does the next thing later has paused


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
            while (left := min(self._left(), latest - time.monotonic())) > 0:
                self._change.wait(left)

    def _left(self) -> float:
        return math.inf if self._first else self._pause - time.monotonic()
