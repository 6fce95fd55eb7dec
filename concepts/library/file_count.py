"""How many picture files there are to add: counted while other work goes on, and said meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeVar

from concepts.jobs import Listener
from storage.pictures import sources
from storage.pictures.files import Within

SAY_EVERY = 0.25  # seconds

Result = TypeVar("Result")


class Counting:
    """Counts in the background. `total` is None until the count is done, `found` what it came to so far."""

    def __init__(self, paths: Sequence[Path], within: Within | None) -> None:
        """Raises `DiscernError` for a path that isn't there."""
        self.total: int | None = None
        self.found = 0
        files = sources.walk(paths, within)

        def count() -> None:
            for _ in files:
                self.found += 1
            self.total = self.found

        threading.Thread(target=count, name="counting", daemon=True).start()

    @property
    def said(self) -> str:
        """While there is no total."""
        return "" if self.total is not None else f"looking for pictures: {self.found:,} found so far"

    def during(self, work: Callable[[], Result], listener: Listener) -> Result:
        """What `work` gives, which may take seconds in which there is nothing else to say."""
        with ThreadPoolExecutor(1, "while-counting") as pool:
            working = pool.submit(work)
            listener(0, self.total, self.said)
            while not wait([working], SAY_EVERY).done:
                listener(0, self.total, self.said or "loading the encoder")
            return working.result()
