"""What can wait is begun once nobody waits for an answer, and is begun in any case."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import own_loop
import pytest
from patience import PATIENCE
from starlette.types import Receive, Scope, Send

from web.http import quiet
from web.http.quiet import Quiet

A_WHILE = 0.2  # seconds, many times the pause


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quiet, "PAUSE", 0.02)
    monkeypatch.setattr(quiet, "AT_LATEST", PATIENCE)


class Answering:
    """An app that answers when it is told to, asked from a thread."""

    def __init__(self, path: str) -> None:
        self._path = path
        self.asked, self._answer = threading.Event(), threading.Event()
        self.quiet = Quiet(self._app)
        self._thread = threading.Thread(target=lambda: own_loop.run(self._ask()))
        self._thread.start()
        assert self.asked.wait(PATIENCE)

    def answer(self) -> None:
        self._answer.set()
        self._thread.join(PATIENCE)

    async def _ask(self) -> None:
        async def nothing(*_: object) -> None: ...

        await self.quiet({"type": "http", "path": self._path, "headers": []}, nothing, nothing)  # type: ignore[arg-type]

    async def _app(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.set()
        await asyncio.to_thread(self._answer.wait, PATIENCE)


@pytest.fixture
def answering() -> Iterator[Answering]:
    app = Answering("/library")
    yield app
    app.answer()


def test_it_is_begun_where_nobody_asks_anything_else_after_the_answer(answering: Answering) -> None:
    at_once, begun = threading.Event(), threading.Event()
    Quiet(lambda *_: asyncio.sleep(0)).then(at_once.set)
    assert at_once.wait(PATIENCE)
    answering.quiet.then(begun.set)
    assert not begun.wait(A_WHILE)
    answering.answer()
    assert begun.wait(PATIENCE)


@pytest.mark.parametrize(("accept", "times"), [(b"text/html,*/*;q=0.8", 1), (b"*/*", 0), (b"image/webp", 0)])
def test_that_a_page_is_opened_is_told_before_it_is_made(accept: bytes, times: int) -> None:
    order = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        order.append("made")

    async def ask() -> None:
        scope = {"type": "http", "path": "/results", "headers": [(b"accept", accept)]}
        await Quiet(app, lambda: order.append("told"))(scope, None, None)  # type: ignore[arg-type]

    own_loop.run(ask())
    assert order == ["told"] * times + ["made"]


def test_it_is_begun_at_the_latest_while_somebody_still_asks(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet, "AT_LATEST", A_WHILE)
    begun = threading.Event()
    answering.quiet.then(begun.set)
    assert begun.wait(PATIENCE)
