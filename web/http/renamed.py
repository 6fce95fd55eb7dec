"""Addresses of screens under a name that a concept had lead to the one it has, so that links stay."""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from concepts.definition.names import LONGEST
from concepts.workbench import Workbench
from storage.names import key_of


class Renamed:
    """Plain ASGI, behind what says who may come in."""

    def __init__(self, app: ASGIApp, workbench: Workbench, screens: Collection[str]) -> None:
        """`screens`: their paths."""
        self.app = app
        self._workbench = workbench
        self._screens = screens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"] in self._screens:
            query = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
            asked = next((value for name, value in query if name == "concept"), "")
            if 0 < len(asked) <= LONGEST and (now := await run_in_threadpool(self._other_name, asked)):
                told = urlencode([(name, now if name == "concept" else value) for name, value in query])
                # Not for good: the name may be another concept's tomorrow.
                answer = RedirectResponse(f"{scope['path']}?{told}", status_code=303)
                await answer(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _other_name(self, asked: str) -> str | None:
        """What the concept is called now, where that is another name."""
        now = self._workbench.concepts.name_now(asked)
        return now if now and key_of(now) != key_of(asked) else None
