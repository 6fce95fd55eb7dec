"""Running the same thing in several threads that begin together."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Result = TypeVar("Result")


def at_once(n: int, work: Callable[[int], Result]) -> list[Result]:
    """What `work(0)` … `work(n - 1)` return; raises what one of them raised."""
    begin = threading.Barrier(n)

    def run(index: int) -> Result:
        begin.wait()
        return work(index)

    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(run, range(n)))
