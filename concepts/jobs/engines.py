"""Where batches are worked on: in threads of this process, or on machines that Ray (ray.io) looks after.

A job stays where the database is and hands out only what is a pure function of its input. Workers get that
input and nothing else: no database, no keys, no budget.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from importlib.util import find_spec
from typing import Protocol, TypeVar

from concepts.errors import MissingPackageError

WORKERS = os.cpu_count() or 2
AHEAD = WORKERS + 1  # batches under way or done and not yet taken; bounds memory
LOOK_EVERY = 0.25  # seconds between two calls of `waiting`

RAY = "ray"  # the package, its extra, and the setting for a Ray of this machine alone

Item = TypeVar("Item")
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

Waiting = Callable[[], None]  # called now and then while there is nothing to give


def nothing() -> None:
    """What most do while they wait."""


class EngineTask(Protocol[Item, Result_co]):
    """What is done with a batch: a frozen dataclass of plain values, because it may cross to other machines.

    What is loaded already can go along within this process, and stays behind when the work is sent.
    """

    def begin(self) -> Callable[[list[Item]], Result_co]:
        """What to call for each batch. Called once in every process that does the work, so whatever takes
        long to load is loaded here. The same batch gives the same result wherever and however often."""


class Engine(Protocol):
    """Does work on batches. Registered by how the setting `engine` names it, in `engine_of`."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is done outside this process, so that large results had better be staged."""

    def map(
        self, work: EngineTask[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        """The result of each batch, in order; a bounded number of batches is read ahead.

        `waiting` is called now and then while there is nothing to give. What it raises ends the work, as does
        closing the generator: no further batch is begun. What a batch raises is raised here. A worker that
        dies costs time and nothing else: its batches are done again.
        """

    def close(self) -> None:
        """Lets go of the workers. It can be used again after that."""


class InProcess:
    """A batch a thread, as many threads as there are processors."""

    is_elsewhere = False

    def map(
        self, work: EngineTask[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        do = work.begin()
        under_way: deque[Future[Result]] = deque()

        def first() -> Result:
            while not wait_for([under_way[0]], LOOK_EVERY).done:
                waiting()
            return under_way.popleft().result()

        with ThreadPoolExecutor(WORKERS) as pool:
            try:
                for batch in batches:
                    under_way.append(pool.submit(do, batch))
                    if len(under_way) > AHEAD:
                        yield first()
                while under_way:
                    yield first()
            finally:
                for future in under_way:
                    future.cancel()

    def close(self) -> None:
        """There is nothing to let go of: threads end with the work."""


def engine_of(setting: str) -> Engine:
    """Threads of this process without a word, `ray` for a Ray of this machine, `ray://host:port` for others.
    Nothing is begun and no library loaded before there is work. Raises `MissingPackageError`."""
    if not setting:
        return InProcess()
    if find_spec(RAY) is None:
        raise MissingPackageError(RAY, RAY)
    from concepts.jobs.on_ray import RayEngine  # its packages are optional

    return RayEngine("local" if setting == RAY else setting)
