"""The pages of the screens as Gradio makes them, which are the same for all who open them: made once.

What differs between people is put into them on their way (the rail, and what protects pictures) or comes by
events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import gradio as gr
from anyio import CapacityLimiter, to_thread
from cachetools import LRUCache
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storage.database import one_moment
from web.shell import with_rail

MOST = 40  # pages, of some 100 kB: thirteen screens at the few addresses that one server has
# What Gradio takes its own address from, which is in the page.
ADDRESS = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")
RAILS = CapacityLimiter(4)  # that are made at once, however long what the pages show takes
ANYBODY = {"user": "me"}


class KeptPages:
    """Plain ASGI, behind what says who may come in. Gradio is told nothing of a request but the address, so
    that in a page there can be nothing of whoever was the first to open it."""

    def __init__(self, app: ASGIApp, rails: Mapping[str, Callable[[gr.Request], str]]) -> None:
        """`rails`: of each screen, by its path."""
        self.app = app
        self._rails = rails
        self._pages: LRUCache[tuple[object, ...], tuple[Message, bytes]] = LRUCache(MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self._rails:
            await self.app(scope, receive, send)
            return
        start, page = await self._page(scope, receive)
        if start["status"] == 200:
            page = with_rail(page, await to_thread.run_sync(self._rail, scope, limiter=RAILS))
            MutableHeaders(scope=start)["content-length"] = str(len(page))
        await send(start)
        await send({"type": "http.response.body", "body": page})

    async def _page(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """How an answer begins, and the whole page."""
        address = tuple(header for header in scope["headers"] if header[0] in ADDRESS)
        key = scope["scheme"], scope["path"], address
        if key not in self._pages:
            messages: list[Message] = []

            async def held(message: Message) -> None:
                messages.append(message)

            only: Scope = {
                "headers": list(address),
                "query_string": b"",
                "state": dict(ANYBODY),
                "extensions": {},
            }
            await self.app({**scope, **only}, receive, held)
            start, *bodies = messages
            page = b"".join(body.get("body", b"") for body in bodies)
            if start["status"] != 200:
                return start, page
            self._pages[key] = start, page
        start, page = self._pages[key]
        return dict(start), page

    def _rail(self, scope: Scope) -> str:
        with one_moment():
            return self._rails[scope["path"]](gr.Request(Request(scope), scope["state"].get("user")))
