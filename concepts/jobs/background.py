"""Work that a screen shall not wait for and nobody would miss: it is not kept, only begun again."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import partial
from typing import Any, ParamSpec, TypeVar

log = logging.getLogger(__name__)

Given = ParamSpec("Given")
Value = TypeVar("Value")


class Background(Executor):
    """One thing after the other, in a thread that never keeps a stopped process alive.

    The standard library's pool waits at the end of the process for what runs, and loading an encoder, say,
    takes many seconds.
    """

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="background", daemon=True)
        self._thread.start()

    def submit(
        self, fn: Callable[Given, Value], /, *args: Given.args, **kwargs: Given.kwargs
    ) -> Future[Value]:
        """Nothing is begun any more once it is shut down."""
        future: Future[Value] = Future()
        self._waiting.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = False, *, cancel_futures: bool = True) -> None:
        """What runs is left behind, whatever is asked for."""
        self._closed.set()
        self.submit(lambda: None)  # wakes the thread

    def _work(self) -> None:
        while True:
            future, work = self._waiting.get()
            if self._closed.is_set():
                return
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except Exception as error:
                log.exception("Work in the background failed.")
                future.set_exception(error)
