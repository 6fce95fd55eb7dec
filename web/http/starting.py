"""What the address answers before there is an app: a page that waits for it.

The page says nothing of the library or of who may come in, so nobody is asked who they are.
"""

from __future__ import annotations

import threading
from pathlib import Path
from socket import socket
from urllib.parse import quote

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from web.http.policy import answer_headers, theme_of

PAGE = Path(__file__).parents[1] / "templates" / "starting.html"

AGAIN = 'content="1"'  # the page asks again after a second
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
