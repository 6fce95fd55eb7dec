"""How many questions an endpoint is asked at the same time: as many as it bears.

Additive increase, multiplicative decrease, as in TCP (Chiu & Jain, 1989). All threads and jobs of the process
that ask one model at one endpoint share a pace.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

DEFAULT_AT_ONCE = 4


class Pace:
    """Lets at most `most` questions out at a time, and fewer while the endpoint says that it is too much."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._bearable = float(most)
        self._out = 0
        self._cut = 0.0
        self._changed = threading.Condition()

    @property
    def at_once(self) -> int:
        """How many may be out now."""
        return int(self._bearable)

    def at_most(self, most: int) -> None:
        """What the settings allow by now."""
        with self._changed:
            grown = most > self._most
            self._most = most
            self._bearable = float(most) if grown else min(self._bearable, most)
            self._changed.notify_all()

    @contextmanager
    def turn(self) -> Iterator[float]:
        """Waits until one more may be out. Gives when it went out, for `was_too_much`."""
        with self._changed:
            while self._out >= self.at_once:
                self._changed.wait()
            self._out += 1
        try:
            yield time.monotonic()
        finally:
            with self._changed:
                self._out -= 1
                self._changed.notify()

    def went_well(self) -> None:
        """One more at a time for each round of answers."""
        with self._changed:
            self._bearable = min(self._bearable + 1 / self._bearable, self._most)
            self._changed.notify()

    def was_too_much(self, sent: float) -> None:
        """Half as many; once for all that were out together."""
        with self._changed:
            if sent >= self._cut:
                self._bearable = max(self._bearable / 2, 1.0)
                self._cut = time.monotonic()


_paces: dict[tuple[str, str], Pace] = {}
_lock = threading.Lock()


def pace_of(endpoint: str, model: str, most: int) -> Pace:
    """The one that everybody in this process keeps."""
    with _lock:
        pace = _paces.setdefault((endpoint, model), Pace(most))
    pace.at_most(most)
    return pace
