"""Work that a screen shall not wait for and nobody would miss: it is not kept, only begun again."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Background(Executor):
    """One thing after the other, in a thread that never keeps a stopped process alive and ends when it has
    nothing to do, so that what it worked on isn't held.

    The standard library's pool waits at the end of the process for what runs, and loading an encoder, say,
    takes many seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._working = False
        self._closed = False

    def submit(
        self, fn: Callable[Given, Value], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Value]:
        """Nothing is begun any more once it is shut down."""
        future: Future[Value] = Future()
        with self._lock:
            self._waiting.append((future, partial(fn, *args, **kwargs)))
            if not self._working and not self._closed:
                self._working = True
                threading.Thread(target=self._work, name="discern background", daemon=True).start()
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """What runs is left behind, whatever is asked for."""
        with self._lock:
            self._closed = True
            self._waiting.clear()

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working = False
                    return
                future, work = self._waiting.popleft()
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except Exception as error:
                log.exception("Work in the background failed.")
                future.set_exception(error)
            del future, work  # so that what it worked on isn't held
