"""That something about the jobs of this process has changed, for whoever looks again and again."""

from __future__ import annotations

import threading

from cachetools import LRUCache

MOST_LISTENERS = 1_000


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
