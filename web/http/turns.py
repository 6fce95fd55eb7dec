"""Requests of the page are answered one after the other, so that a label, which is none of them, need not
wait until fifty readers have their screens.

Python runs one thread at a time. Forty requests at once take three times as long as in turns, all together,
and whatever else comes meanwhile gets a fortieth of the processor.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.types import ASGIApp, Receive, Scope, Send

TAKE_TURNS = re.compile(r"/|/gradio_api/run/.*")  # the page itself, and its events
A_TURN = 0.5  # seconds; what takes longer may wait for something else, and the next goes on beside it


class Turns:
    """Plain ASGI, in front of Gradio and behind what reads the body of a request."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._turn = asyncio.Semaphore(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and TAKE_TURNS.fullmatch(scope["path"]):
            async with self._in_turn():
                await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    @asynccontextmanager
    async def _in_turn(self) -> AsyncIterator[None]:
        await self._turn.acquire()
        has_turn = True

        def pass_on() -> None:
            nonlocal has_turn
            if has_turn:
                has_turn = False
                self._turn.release()

        over = asyncio.get_running_loop().call_later(A_TURN, pass_on)
        try:
            yield
        finally:
            over.cancel()
            pass_on()
