"""Routes requests to Gradio's endpoints (`web/endpoints.py`).

The screens do not use Gradio, and it takes seconds to import, so it is imported on the first such request.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from contextvars import Context
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts.workbench import Workbench
from web.http.problems import problem

PATHS = re.compile(r"/(config|gradio_api)(/.*)?")
RUNS = re.compile(r"/gradio_api/(?:run|api|call/([^/]*)|queue/join)(?:/.*)?")
TAKES = {"concepts": 0, "classify": 2}  # endpoint → number of values; Gradio numbers them in this order
NOT_A_CALL = "This request does not call an endpoint. GET /gradio_api/info lists them."


class Endpoints:
    """Plain ASGI, behind the guard. Stops malformed calls, which Gradio answers with tracebacks."""

    def __init__(self, app: ASGIApp, workbench: Workbench) -> None:
        self.app = app
        self._workbench = workbench
        self._engine: FastAPI | None = None
        self._begins = asyncio.Lock()
        self._running = AsyncExitStack()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            async with self._running:
                await self.app(scope, receive, send)
            return
        if not PATHS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        if scope["method"] == "POST" and (run := RUNS.fullmatch(scope["path"])):
            request = Request(scope, receive)
            try:
                fits = _fits(run[1], await request.json())
            except HTTPException as error:
                await problem(error.status_code, error.detail)(scope, receive, send)
                return
            except ClientDisconnect:
                return
            except (ValueError, RecursionError):
                fits = False
            if not fits:
                await problem(422, NOT_A_CALL, kind="invalid-request")(scope, receive, send)
                return
            receive = _again(await request.body(), receive)
        async with self._begins:
            if self._engine is None:
                # Not in the context of a request: what is made for all must hold on to nothing of who asked.
                made = await run_in_threadpool(Context().run, _made, self._workbench)
                await self._running.enter_async_context(made.router.lifespan_context(made))  # its queue
                self._engine = made
        await self._engine(scope, receive, send)


def _again(body: bytes, receive: Receive) -> Receive:
    read: list[Message] = [{"type": "http.request", "body": body}]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return again


def _fits(name: str | None, sent: Any) -> bool:
    """Whether this calls an endpoint, by name or by number, with the right number of values."""
    if not isinstance(sent, dict) or not isinstance(data := sent.get("data"), list):
        return False
    if name is not None:
        return len(data) == TAKES.get(name)
    number = sent.get("fn_index")
    return type(number) is int and 0 <= number < len(TAKES) and len(data) == [*TAKES.values()][number]


def _made(workbench: Workbench) -> FastAPI:
    from web.endpoints import endpoints  # and with it Gradio

    return endpoints(workbench)
