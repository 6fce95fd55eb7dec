"""The start: what the address answers before there is an app, and what is loaded once nobody waits for it.

The page that waits says nothing of the library or of who may come in, so nobody is asked who they are.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from socket import socket
from urllib.parse import quote

import uvicorn
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web.http.screening import answer_headers, theme_of

PAGE = Path(__file__).parents[1] / "templates" / "starting.html"

AGAIN = 'content="1"'  # the page asks again after a second
PAUSE = 1.5  # seconds without a request; a browser that puts up a page takes up to one between two of them
AT_LATEST = 15.0  # seconds; somebody may always be asking
ANY_THEME = "light dark"  # wherever the page names a `color-scheme`


def starting(framed_by: str) -> ASGIApp:
    """Every answer is 503 until the app takes over; `framed_by` as in the settings."""
    page = PAGE.read_text(encoding="utf-8")
    headers = answer_headers(framed_by) | {"Retry-After": "1", "Cache-Control": "no-store"}

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await answer(Request(scope))(scope, receive, send)

    def answer(request: Request) -> Response:
        if "text/html" in request.headers.get("accept", ""):
            theme = theme_of(request.headers)
            shown = page.replace(ANY_THEME, theme) if theme else page
            # A browser that is to go where it is, and has a #fragment there, stays without asking.
            address = quote(request.url.query, safe="=&%+")
            shown = shown.replace(AGAIN, f'content="1; url=?{address}"')
            return Response(shown, 503, headers, "text/html")
        return JSONResponse({"status": "starting", "detail": "Discern is starting."}, 503, headers)

    return app


class Stopgap:
    """A server on the socket in a thread of its own, until another one is there for the same socket."""

    def __init__(self, configuration: uvicorn.Config, listening: socket) -> None:
        self._server = uvicorn.Server(configuration)
        # A copy, as the server closes what it is given: who comes in between waits for the other one.
        sockets = [listening.dup()]
        self._thread = threading.Thread(
            target=self._server.run, args=(sockets,), name="starting", daemon=True
        )
        self._thread.start()

    def end(self) -> None:
        self._server.should_exit = True
        self._thread.join()


class Quiet:
    """Plain ASGI, around everything else: calls what loads the rest once nobody has asked for a while.

    Importing the learning libraries and an encoder takes seconds of a processor, most of them with Python's
    lock held: whoever asked for the first screen in the meantime waited for all of it.
    """

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
        while True:
            left = PAUSE if self._asking else self._since + PAUSE - time.monotonic()
            if (left := min(left, end - time.monotonic())) <= 0:
                break
            time.sleep(left)
        begin()
