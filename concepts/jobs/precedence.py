"""What somebody waits for goes first: what merely follows stands aside meanwhile, at its next step."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

MOST_SECONDS = 30.0  # after which what stands aside goes on: something that never ends shall not hold it up


class Precedence:
    """Threads of one process share its processors and one lock of the interpreter, so two works at once take
    each as long as both. Nothing is interrupted: what stands aside says itself when it can."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._first = 0  # works that somebody waits for

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

    def stand_aside(self) -> None:
        """Waits until nobody goes first any more; returns at once where nobody does."""
        with self._change:
            self._change.wait_for(lambda: not self._first, MOST_SECONDS)
