"""That something about the jobs of this process has changed, for whoever looks again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict

MOST_LISTENERS = 1_000


class News:
    def __init__(self) -> None:
        self._change = threading.Condition()
        self._count = 0
        self._heard: OrderedDict[str, int] = OrderedDict()  # how much of it each has heard

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
            self._heard.move_to_end(who)
            if len(self._heard) > MOST_LISTENERS:
                self._heard.popitem(last=False)
