"""An application that is made when it is first asked: no start waits for what its first screen lacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import Context

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute
from starlette.types import Receive, Scope, Send


class Later:
    """ASGI. Whoever asks first, or at the same time, waits until it is made."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._made: Starlette | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._made
        if app is None:
            app = await run_in_threadpool(self.made)
        await app(scope, receive, send)

    def made(self) -> Starlette:
        with self._lock:
            # Not in the context of a request: what is made for all must hold on to nothing of whoever asked.
            if self._made is None:
                self._made = Context().run(self._make)
            return self._made

    @property
    def routes(self) -> list[BaseRoute]:
        return self.made().routes
