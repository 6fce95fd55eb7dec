"""What can wait until nobody waits for an answer: at the start, loading what the first screen has no use for.

Importing the learning libraries and an encoder takes seconds of a processor, most of them with Python's lock
held: whoever asked for the first screen in the meantime waited for all of it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

PAUSE = 1.5  # seconds without a request; a browser that puts up a page takes up to one between two of them
AT_LATEST = 15.0  # seconds; somebody may always be asking


class Quiet:
    """Plain ASGI, around everything else."""

    def __init__(self, app: ASGIApp, page_opened: Callable[[], None] = lambda: None) -> None:
        """`page_opened`: called whenever somebody opens a page, before it is made."""
        self.app = app
        self._page_opened = page_opened
        self._asking = 0
        self._since = time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "text/html" in Headers(scope=scope).get("accept", ""):
            self._page_opened()
        self._asking += 1
        try:
            await self.app(scope, receive, send)
        finally:
            self._asking -= 1
            self._since = time.monotonic()

    def then(self, begin: Callable[[], None]) -> None:
        """Calls it once, in a thread of its own."""
        threading.Thread(target=self._wait, args=(begin,), name="quiet", daemon=True).start()

    def _wait(self, begin: Callable[[], None]) -> None:
        end = time.monotonic() + AT_LATEST
        while (left := min(self._left(), end - time.monotonic())) > 0:
            time.sleep(left)
        begin()

    def _left(self) -> float:
        return PAUSE if self._asking else self._since + PAUSE - time.monotonic()
