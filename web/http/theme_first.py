"""The script of the theme, put where a browser runs it before it paints: Gradio adds what a page has in its
head only once it has started, when a wrong theme has been seen."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SCRIPT = b'<script src="/web/theme.js"></script>'


class ThemeFirst:
    """Plain ASGI, around Gradio's pages."""

    def __init__(self, app: ASGIApp, screens: frozenset[str]) -> None:
        """`screens`: their paths."""
        self.app = app
        self._screens = screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["path"] not in self._screens:
            await self.app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def sent(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start":
                if Headers(scope=message).get("content-type", "").startswith("text/html"):
                    start = message  # how long it is isn't known yet
                    return
            elif start is not None:
                body += message.get("body", b"")
                if message.get("more_body"):
                    return
                whole = body.replace(b"<head>", b"<head>" + SCRIPT, 1)
                MutableHeaders(scope=start)["content-length"] = str(len(whole))
                await send(start)
                await send({"type": "http.response.body", "body": whole})
                return
            await send(message)

        await self.app(scope, receive, sent)
