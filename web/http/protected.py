"""Pages say on their first element how pictures are protected, before any picture is there, and begin with
the script of the theme.

A script that did it later would let a picture, or a wrong theme, be seen first: Gradio adds what a page has
in its head only once it has started.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts.definition.names import LONGEST
from concepts.workbench import Workbench
from concepts.workbench.protection import OnPage
from web.render import render

PICTURE = re.compile(r"/media/(thumbnail|picture)/[0-9a-f]{64}")
OF_ALL = ("/", "/library", "/combine", "/several")  # show every concept's pictures, whichever is named
FIRST = b"<html"
HEAD = b"<head>"
THEME = b'<script src="/web/theme.js"></script>'


class Protected:
    """Plain ASGI, behind what says who asks."""

    def __init__(self, app: ASGIApp, workbench: Workbench, screens: Collection[str]) -> None:
        """`screens`: their paths."""
        self.app = app
        self._workbench = workbench
        self._screens = screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET":
            await self.app(scope, receive, send)
        elif (scope["path"].rstrip("/") or "/") in self._screens:
            page = await run_in_threadpool(self._on_page, scope)
            await self.app(scope, receive, _marked(send, page))
        elif PICTURE.fullmatch(scope["path"]) and _is_opened(scope):
            await self._alone(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _alone(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A picture in a tab of its own, on a page that protects it where the file itself couldn't."""
        page = await run_in_threadpool(self._on_page, scope)
        if not page.parts:
            await self.app(scope, receive, _not_kept(send))
            return
        headers = {"Cache-Control": "no-store", "Vary": "Sec-Fetch-Dest"}
        text = render("protection/picture.html", address=scope["path"])
        await HTMLResponse(marked(text.encode(), page), 200, headers)(scope, receive, send)

    def _on_page(self, scope: Scope) -> OnPage:
        query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1")))
        concept = "" if scope["path"] in OF_ALL else query.get("concept", "")
        person = scope["state"].get("user") or "me"
        return self._workbench.protection.on_page(person, concept if len(concept) <= LONGEST else None)


def _marked(send: Send, how: OnPage) -> Send:
    """The same, with what protects on a page's first element, and its theme chosen first."""
    start: Message | None = None
    body = b""

    async def sent(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start":
            headers = Headers(scope=message)
            if "text/html" in headers.get("content-type", "") and "content-encoding" not in headers:
                start = message  # how long it is isn't known yet
                return
        elif start is not None:
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            whole = marked(body, how).replace(HEAD, HEAD + THEME, 1)
            told = MutableHeaders(scope=start)
            told["content-length"] = str(len(whole))
            told["cache-control"] = "no-store"  # what Back shows must not be from before a choice
            await send(start)
            await send({"type": "http.response.body", "body": whole})
            return
        await send(message)

    return sent


def marked(page: bytes, how: OnPage) -> bytes:
    """A page with what protects on its first element, and the styles that do it before all others."""
    first = render("protection/first.html", how=how).encode()
    styles = render("protection/styles.html").encode()
    return page.replace(FIRST, FIRST + b" " + first, 1).replace(HEAD, HEAD + styles, 1)


def _not_kept(send: Send) -> Send:
    """A picture in a tab must be asked for again: it may be protected by then."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["cache-control"] = "no-store"
        await send(message)

    return sent


def _is_opened(scope: Scope) -> bool:
    """Whether a browser opens it as a page, in a tab or a frame."""
    opening = ("document", "iframe", "frame", "object", "embed")
    return Headers(scope=scope).get("sec-fetch-dest", "") in opening
