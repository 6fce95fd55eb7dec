"""How many pictures strangers may have looked at: in all as many as a visitor of a demo may add."""

from __future__ import annotations

import threading
import time
from collections import defaultdict, deque
from collections.abc import Hashable

from concepts.sandboxes.limits import LIMITS

OF_A_LINK = (LIMITS.pictures, LIMITS.seconds)  # so many within so many seconds, whoever has it
OF_AN_ADDRESS = (10, 60.0)


class Allowance:
    """Counts what was taken by a key, within a time that goes along with it. One that was refused took
    nothing."""

    def __init__(self) -> None:
        self._taken: defaultdict[Hashable, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def take(self, *limits: tuple[Hashable, tuple[int, float]]) -> float:
        """Takes one of each (key, (most, within so many seconds)); or says how many seconds until it can."""
        now = time.monotonic()
        longest = max(within for _, (_, within) in limits)
        with self._lock:
            for key in [k for k, times in self._taken.items() if not times or now - times[-1] > longest]:
                del self._taken[key]
            for key, (most, within) in limits:
                times = self._taken[key]
                while times and now - times[0] > within:
                    times.popleft()
                if len(times) >= most:
                    return within - (now - times[0])
            for key, _ in limits:
                self._taken[key].append(now)
        return 0.0
