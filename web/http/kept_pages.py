"""The pages of the screens as Gradio makes them, which are the same for all who open them: made once.

What differs between people is filled in by `web.http.protected` and by events.
"""

from __future__ import annotations

from collections.abc import Collection

from cachetools import LRUCache
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST = 40  # pages, of some 100 kB: thirteen screens at the few addresses that one server has
# What Gradio takes its own address from, which is in the page.
ADDRESS = (b"host", b"x-forwarded-host", b"x-forwarded-proto", b"x-gradio-server")
ANYBODY = {"user": "me"}


class KeptPages:
    """Plain ASGI, behind what says who may come in. Gradio is told nothing of a request but the address, so
    that in a page there can be nothing of whoever was the first to open it."""

    def __init__(self, app: ASGIApp, screens: Collection[str]) -> None:
        """`screens`: their paths."""
        self.app = app
        self._screens = screens
        self._pages: LRUCache[tuple[object, ...], list[Message]] = LRUCache(MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self._screens:
            await self.app(scope, receive, send)
            return
        address = tuple(header for header in scope["headers"] if header[0] in ADDRESS)
        key = scope["scheme"], scope["path"], address
        messages = self._pages.get(key)
        if messages is None:
            messages = []

            async def held(message: Message) -> None:
                messages.append(message)

            only = {"headers": list(address), "query_string": b"", "state": dict(ANYBODY), "extensions": {}}
            await self.app(scope | only, receive, held)
            if messages[0]["status"] == 200:
                self._pages[key] = messages
        for message in messages:
            await send(dict(message))
