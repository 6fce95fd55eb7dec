"""Batches worked on by Ray: a Ray Data pipeline whose workers are processes of this machine or of a cluster.

The pipeline is driven by an actor on the side of the workers, and this process only asks it for the next
result: so one way serves a local Ray and `ray://`, whose client can't drive Ray Data itself, and to stop is
to end that actor, with which its workers end.

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
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Generic

from concepts.errors import DiscernError, EngineError
from concepts.jobs.engines import LOOK_EVERY, EngineTask, Item, Result, Waiting, nothing

ROUND = 128  # batches a processor in one pipeline: some minutes of work, a few seconds to begin
TRIES = (
    3  # of a batch whose worker died: a file that ends every process that reads it must not go on for ever
)
CONNECTIONS = 3  # tries to connect to a cluster
OBJECT_STORE = 128 * 1024**2  # bytes of shared memory of a local Ray: results are small or staged
LOOK_AT_BATCHES = 64  # read between two calls of `waiting`

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


class _Worker(Generic[Item, Result]):
    """One process's share of a pipeline. What fails is carried home: Ray would begin it again."""

    def __init__(self, work: EngineTask[Item, Result]) -> None:
        self._work = work
        self._do: Callable[[list[Item]], Result] | None = None

    def __call__(self, rows: dict[str, Any]) -> dict[str, list[Any]]:
        """One row: the number of a batch, and the batch."""
        result: Result | _Failed
        try:
            self._do = self._do or self._work.begin()
            result = self._do(rows["batch"][0].items)
        except Exception as error:
            result = _Failed(type(error), error.args, vars(error))
        return {"number": [int(rows["number"][0])], "result": [_Parcel(result)]}


@dataclass(frozen=True)
class _Parcel:
    """Around what Arrow would otherwise take apart."""

    items: Any


class _Pipeline:
    """Runs where the workers are."""

    def begin(
        self, work: EngineTask[Any, Any], batches: Sequence[list[Any]], workers: int, gpus: float
    ) -> None:
        import ray.data  # beside the workers alone

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        rows = [{"number": number, "batch": _Parcel(batch)} for number, batch in enumerate(batches)]
        pool = ray.data.ActorPoolStrategy(min_size=1, max_size=workers, initial_size=workers)
        shipped = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            _Worker,
            fn_constructor_args=(work,),
            batch_size=1,
            compute=pool,
            num_cpus=1,
            **({"num_gpus": gpus} if gpus else {}),
            max_restarts=-1,  # a long run on machines that come and go
            max_task_retries=TRIES,
        )
        self._rows: Iterator[dict[str, Any]] = iter(shipped.iter_rows())

    def next(self) -> tuple[int, Any] | None:
        """(number of the batch, its result); None behind the last."""
        row = next(self._rows, None)
        return None if row is None else (row["number"], row["result"].items)


class RayEngine:
    """`address`: `local`, which begins a Ray of this process's own, or `ray://host:port`."""

    is_elsewhere = True

    def __init__(self, address: str) -> None:
        self._address = address
        self._is_connected = False
        self._idle: list[Any] = []  # actors that drive pipelines

    def map(
        self, work: EngineTask[Item, Result], batches: Iterable[list[Item]], waiting: Waiting = nothing
    ) -> Generator[Result, None, None]:
        """Ray Data works on what is known when a pipeline begins, so endless batches come in rounds."""
        feed = iter(batches)
        first = list(islice(feed, 1))
        if not first:
            return
        waiting()
        with _told():
            workers, gpus = self._room()
        while some := first + _read(feed, ROUND * workers - len(first), waiting):
            first = []
            yield from self._round(work, some, min(workers, len(some)), gpus, waiting)

    def close(self) -> None:
        with _connecting:
            if not self._is_connected:
                return
            self._is_connected = False
            self._idle.clear()
            _connected.remove(self._address)
            if not _connected:
                import ray

                ray.shutdown()

    # Inside

    def _round(
        self,
        work: EngineTask[Item, Result],
        batches: Sequence[list[Item]],
        workers: int,
        gpus: float,
        waiting: Waiting,
    ) -> Iterator[Result]:
        pipeline = self._begun((work, batches, workers, gpus), waiting)
        try:
            for number in range(len(batches)):
                found = _waited_for(pipeline.next.remote, waiting)
                if found is None or found[0] != number:
                    raise EngineError(f"batch {number} is missing from what came back")
                if isinstance(found[1], _Failed):
                    raise found[1].error()
                yield found[1]
            if _waited_for(pipeline.next.remote, waiting) is not None:
                raise EngineError("more came back than was sent")
        except BaseException:
            _end(pipeline)
            raise
        self._idle.append(pipeline)  # to begin one takes seconds

    def _begun(self, task: tuple[Any, ...], waiting: Waiting) -> Any:
        """An actor that has begun with these arguments of `_Pipeline.begin`."""
        import ray

        while True:
            with _told():
                try:
                    pipeline, has_idled = self._idle.pop(), True
                except IndexError:
                    pipeline, has_idled = ray.remote(num_cpus=0)(_Pipeline).remote(), False
            try:
                _waited_for(partial(pipeline.begin.remote, *task), waiting)
                return pipeline
            except BaseException as error:
                _end(pipeline)
                if not (has_idled and isinstance(error, EngineError)):  # its machine may be gone since
                    raise

    def _room(self) -> tuple[int, float]:
        """How many workers at a time, and the share of a GPU of each."""
        _set_up(self._address)
        with _connecting:
            if any(address != self._address for address in _connected):
                raise EngineError(f"this process is connected to {_connected[0]} already")
            has = self._resources()
            if not self._is_connected:
                _connected.append(self._address)
                self._is_connected = True
        workers = max(int(has.get("CPU", 1)), 1)
        return workers, min(has.get("GPU", 0.0) / workers, 1.0)

    def _resources(self) -> dict[str, float]:
        """What Ray has. Connects to it; and again where it is gone, as when a cluster was begun anew."""
        import ray

        if ray.is_initialized():
            try:
                return dict(ray.cluster_resources())
            except Exception as error:  # of many kinds, by what it is that is gone
                log.warning("Ray (%s) is gone: %s", self._address, _said(error))
        self._idle.clear()
        ray.shutdown()  # what is left of a connection stands in the way of the next
        _connect(self._address)
        return dict(ray.cluster_resources())


def _set_up(address: str) -> None:
    """What Ray reads when it is imported."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else it reports to its makers
    if address == "local":
        # It listens on every interface. By a token of this process alone nobody else can use it.
        os.environ.setdefault("RAY_AUTH_MODE", "token")
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))


def _connect(address: str) -> None:
    import ray

    log.info("connecting to Ray (%s)", address)
    if address != "local":
        _connect_to_cluster(address)
        return
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


def _connect_to_cluster(address: str) -> None:
    """A cluster begins a server for each client, and one of three failed to begin on a busy machine."""
    import ray

    for tries_left in reversed(range(CONNECTIONS)):
        try:
            ray.init(address, log_to_driver=False)
            return
        except (ConnectionError, RuntimeError) as error:
            if not tries_left:
                raise
            log.warning("Ray at %s did not answer, so it is asked again: %s", address, error)
            ray.shutdown()


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


def _read(feed: Iterator[list[Item]], count: int, waiting: Waiting) -> list[list[Item]]:
    read: list[list[Item]] = []
    while len(read) < count and (some := list(islice(feed, min(LOOK_AT_BATCHES, count - len(read))))):
        read += some
        waiting()
    return read


def _waited_for(ask: Callable[[], Any], waiting: Waiting) -> Any:
    """What an actor answers, or raises; `waiting` is called meanwhile."""
    import ray

    with _told():
        coming = ask()
    while True:
        with _told():
            there, _ = ray.wait([coming], timeout=LOOK_EVERY)
            if there:
                return ray.get(coming)
        waiting()


def _end(pipeline: Any) -> None:
    import ray

    with suppress(Exception):  # a cluster that is gone has ended it
        ray.kill(pipeline)


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
