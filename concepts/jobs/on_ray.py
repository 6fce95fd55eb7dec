"""Batches worked on by Ray, in processes of this machine or of a cluster; a thread here waits for each.

Ray ships Python objects to its workers, so whoever can reach a cluster's ports with its token can run code on
it: a cluster is trusted as this machine is. Nothing is read from files this way.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
import threading
import warnings
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from concepts.errors import CancelledError, DiscernError, EngineError
from concepts.jobs.engines import LOOK_EVERY, Item, Result, Task, Waiting, in_order, nothing

TRIES = (
    3  # of a batch whose worker died: a file that ends every process that reads it must not go on for ever
)
CONNECTIONS = 3  # tries to connect to a cluster
OBJECT_STORE = 128 * 1024**2  # bytes of shared memory of a local Ray: results are small
AHEAD = 2  # batches a worker: one under way and one that waits, so that none waits for this process

log = logging.getLogger(__name__)

_connecting = threading.Lock()
_connected: list[str] = []  # the address of each engine that uses this process's one connection
# A thread that stays. Ray has its processes killed with whoever began them, which to Linux is the thread
# (prctl(2), PR_SET_PDEATHSIG), and a job's ends with the job; a minute later Ray ends this process, too.
_beginner = ThreadPoolExecutor(1, "ray")


@dataclass(frozen=True)
class _Failed:
    """An error on its way here. Most of ours are made from facts and not from a message, which is all that
    pickling knows of an exception."""

    kind: type[Exception]
    arguments: tuple[Any, ...]
    facts: dict[str, Any]

    def error(self) -> Exception:
        error = self.kind.__new__(self.kind)
        error.args = self.arguments
        vars(error).update(self.facts)
        return error


def _perform(task: Task[Item, Result], batch: list[Item]) -> Result | _Failed:
    """What a worker does. What fails is carried home: Ray would begin it again."""
    try:
        return task(batch)
    except Exception as error:
        return _Failed(type(error), error.args, vars(error))


class RayEngine:
    """`address`: `local`, which begins a Ray of this process's own, or `ray://host:port`."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._is_connected = False

    def map(
        self, task: Task[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        """Whatever Ray raises is an `EngineError`."""
        feed = iter(batches)
        first = list(islice(feed, 1))
        if not first:
            return
        waiting()
        stopped = threading.Event()
        with ExitStack() as stack:
            with _told():
                ahead, remote = self._workers()
                import ray

                sent = ray.put(task)  # where workers get the task from, once each
            threads = stack.enter_context(ThreadPoolExecutor(ahead))
            stack.callback(stopped.set)  # before the threads are waited for
            yield from in_order(
                threads, partial(_performed, remote, sent, stopped), chain(first, feed), ahead, waiting
            )

    def close(self) -> None:
        with _connecting:
            if not self._is_connected:
                return
            self._is_connected = False
            _connected.remove(self._address)
            if not _connected:
                import ray

                ray.shutdown()

    # Inside

    def _workers(self) -> tuple[int, Any]:
        """How many batches to send ahead, and `_perform` as a worker does it: with a processor of its own and
        its share of the GPUs."""
        # What Ray reads when it is imported.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else it reports to its makers
        if self._address == "local":
            # It listens on every interface. By a token of this process alone nobody else can use it.
            os.environ.setdefault("RAY_AUTH_MODE", "token")
            os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        with _connecting:
            if any(address != self._address for address in _connected):
                raise EngineError(f"this process is connected to {_connected[0]} already")
            import ray

            has: dict[str, float] | None = None
            if ray.is_initialized():
                try:
                    has = dict(ray.cluster_resources())
                except Exception as error:  # of many kinds, by what it is that is gone
                    log.warning("Ray (%s) is gone: %s", self._address, _said(error))
            if has is None:  # nobody connected yet, or a cluster was begun anew
                ray.shutdown()  # what is left of a connection stands in the way of the next
                _connect(self._address)
                has = dict(ray.cluster_resources())
            if not self._is_connected:
                _connected.append(self._address)
                self._is_connected = True
        workers = max(int(has.get("CPU", 1)), 1)
        gpus = min(has.get("GPU", 0.0) / workers, 1.0)
        # `max_calls`: else a worker that has a GPU ends with each batch, and its encoder with it.
        options = {"num_cpus": 1, "num_gpus": gpus, "max_retries": TRIES, "max_calls": 0}
        return AHEAD * workers, ray.remote(**options)(_perform)


def _performed(remote: Any, task: Any, stopped: threading.Event, batch: list[Item]) -> Any:
    """What a worker makes of the batch. Waited for in steps, because a worker that nobody wants any more is
    ended, and one that never answers shall hold nothing up."""
    import ray

    with _told():
        coming = remote.remote(task, batch)
        while not ray.wait([coming], timeout=LOOK_EVERY)[0]:
            if stopped.is_set():
                ray.cancel(coming, force=True)
                raise CancelledError("Nobody waits for this any more.")
        found = ray.get(coming)
    if isinstance(found, _Failed):
        raise found.error()
    return found


def _connect(address: str) -> None:
    import ray

    log.info("connecting to Ray (%s)", address)
    if address != "local":
        # A cluster begins a server for each client, and one of three failed to begin on a busy machine.
        for tries_left in reversed(range(CONNECTIONS)):
            try:
                ray.init(address, log_to_driver=False)
                return
            except (ConnectionError, RuntimeError) as error:
                if not tries_left:
                    raise
                log.warning("Ray at %s did not answer, so it is asked again: %s", address, error)
                ray.shutdown()
    with _found_by_workers(), warnings.catch_warnings():
        # What is forked becomes another program at once.
        warnings.filterwarnings("ignore", "lancedb fork support", RuntimeWarning)
        begun = _beginner.submit(
            ray.init,
            address="local",
            include_dashboard=False,
            object_store_memory=OBJECT_STORE,
            _node_ip_address="127.0.0.1",
            log_to_driver=False,
            configure_logging=False,
        )
        begun.result()


@contextmanager
def _found_by_workers() -> Iterator[None]:
    """Workers of a Ray that begins meanwhile find what this process runs, also where that is not installed.
    As Ray's own `runtime_env` it would take a process anew for each worker."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(dict.fromkeys(path or str(Path.cwd()) for path in sys.path))
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


@contextmanager
def _told() -> Iterator[None]:
    """What Ray raises is an `EngineError` outside of here."""
    try:
        yield
    except DiscernError:
        raise
    except Exception as error:
        raise EngineError(_said(error)) from error


def _said(error: Exception) -> str:
    """Its last line that says something: Ray's errors end with the traceback of a worker, or a frame around
    it."""
    lines = [line.strip() for line in str(error).splitlines() if any(map(str.isalnum, line))]
    return lines[-1][:300] if lines else type(error).__name__
