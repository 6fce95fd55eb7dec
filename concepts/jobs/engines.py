"""Where batches are worked on: in threads of this process, or on machines that Ray (ray.io) looks after.

A job stays where the database is and hands out only what is a pure function of its input. Workers get that
input and nothing else: no database, no keys, no budget.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from typing import Protocol, TypeVar

WORKERS = os.cpu_count() or 2
AHEAD = WORKERS + 1  # batches under way or done and not yet taken; bounds memory
LOOK_EVERY = 0.25  # seconds between two calls of `waiting`

RAY = "ray"  # the package, its extra, and the setting for a Ray of this machine alone

Item = TypeVar("Item")
Result = TypeVar("Result")

Task = Callable[[list[Item]], Result]
Waiting = Callable[[], None]  # called now and then while there is nothing to give


def nothing() -> None:
    """What most do while they wait."""


class Engine(Protocol):
    """Does a task on batches. The setting `engine` names it."""

    def map(
        self, task: Task[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        """The result of each batch, in order; a bounded number of batches is read ahead.

        The `task` may cross to other machines: a function of a module with plain values, which gives the same
        for the same batch wherever and however often. `waiting` is called before each result and while there
        is none. What it raises ends the work, as does closing the generator: no further batch is begun. What
        a batch raises is raised here. A worker that dies costs time and nothing else: its batches are done
        again.
        """

    def close(self) -> None:
        """Lets go of the workers. It can be used again after that."""


class InProcess:
    """A batch a thread, as many threads as there are processors."""

    def map(
        self, task: Task[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        with ThreadPoolExecutor(WORKERS) as threads:
            yield from in_order(threads, task, batches, AHEAD, waiting)

    def close(self) -> None:
        """There is nothing to let go of: threads end with the work."""


def in_order(
    threads: Executor,
    task: Task[Item, Result],
    batches: Iterable[list[Item]],
    ahead: int,
    waiting: Waiting,
) -> Generator[Result, None, None]:
    """The result of each batch; so many are `ahead` of the one that is waited for."""
    under_way: deque[Future[Result]] = deque()

    def first() -> Result:
        waiting()
        while not wait_for([under_way[0]], LOOK_EVERY).done:
            waiting()
        return under_way.popleft().result()

    try:
        for batch in batches:
            under_way.append(threads.submit(task, batch))
            if len(under_way) > ahead:
                yield first()
        while under_way:
            yield first()
    finally:
        for future in under_way:
            future.cancel()
