"""A page for who opens an address that isn't there. Programs get the problem as it is."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.render import render

OF_PROGRAMS = re.compile(r"/(api|gradio_api|web)(/.*)?")


class NotFoundPage:
    """Plain ASGI, around all that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _is_of_a_reader(scope):
            await self.app(scope, receive, send)
            return
        missing = False

        async def noted(message: Message) -> None:
            nonlocal missing
            missing = missing or (message["type"] == "http.response.start" and message["status"] == 404)
            if not missing:
                await send(message)

        await self.app(scope, receive, noted)
        if missing:
            headers = {"Cache-Control": "no-store", "Vary": "Accept"}
            await HTMLResponse(render("not_found.html"), 404, headers)(scope, receive, send)


def _is_of_a_reader(scope: Scope) -> bool:
    """Whether a browser opens it as a page: what loads pictures or calls routes doesn't ask for HTML."""
    accept = Headers(scope=scope).get("accept", "")
    opens = scope["method"] in ("GET", "HEAD") and "text/html" in accept
    return opens and not OF_PROGRAMS.fullmatch(scope["path"])
