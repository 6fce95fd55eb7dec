"""Events of the screens, before Gradio reads them: it answers what no page of ours sends with tracebacks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.http.problems import problem

OLD_PAGE = "This page is out of date. Reload it."
RUNS = re.compile(r"/gradio_api/(run|api|call|queue/join)(/.*)?")

BY_NAME = "/gradio_api/call"  # none of ours has one


class Event(Protocol):
    @property
    def inputs(self) -> Sequence[object]: ...


class Events:
    """Plain ASGI. `known`: the events there are, by their numbers."""

    def __init__(self, app: ASGIApp, known: Mapping[int, Event]) -> None:
        self.app = app
        self._known = known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or not RUNS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            fits = not scope["path"].startswith(BY_NAME) and self._fits(await request.json())
        except HTTPException as error:
            await problem(error.status_code, error.detail)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        except (ValueError, RecursionError):
            fits = False
        if not fits:
            await problem(422, OLD_PAGE, kind="invalid-request")(scope, receive, send)
            return
        read: list[Message] = [{"type": "http.request", "body": await request.body()}]

        async def again() -> Message:
            return read.pop() if read else await receive()

        await self.app(scope, again, send)

    def _fits(self, sent: Any) -> bool:
        if not isinstance(sent, dict) or not isinstance(number := sent.get("fn_index"), int):
            return False
        known, data = self._known.get(number), sent.get("data")
        return known is not None and isinstance(data, list) and len(data) == len(known.inputs)
