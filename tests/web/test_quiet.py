"""What can wait is begun once nobody waits for an answer, and is begun in any case."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import own_loop
import pytest
from patience import PATIENCE
from starlette.types import Receive, Scope, Send

from web.http import starting
from web.http.starting import Quiet

A_WHILE = 0.2  # seconds, many times the pause


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(starting, "PAUSE", 0.02)
    monkeypatch.setattr(starting, "AT_LATEST", PATIENCE)


@pytest.fixture
def asked() -> Iterator[tuple[Quiet, threading.Event]]:
    """In front of an app that has been asked something, and what lets it answer."""
    arrived, answers = threading.Event(), threading.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        arrived.set()
        await asyncio.to_thread(answers.wait, PATIENCE)

    quiet, scope = Quiet(app), {"type": "http", "path": "/library", "headers": []}
    thread = threading.Thread(target=lambda: own_loop.run(quiet(scope, None, None)))  # type: ignore[arg-type]
    thread.start()
    assert arrived.wait(PATIENCE)
    yield quiet, answers
    answers.set()
    thread.join(PATIENCE)


def test_it_is_begun_where_nobody_asks_anything_else_after_the_answer(
    asked: tuple[Quiet, threading.Event],
) -> None:
    at_once, begun = threading.Event(), threading.Event()
    Quiet(lambda *_: asyncio.sleep(0)).then(at_once.set)
    assert at_once.wait(PATIENCE)
    asked[0].then(begun.set)
    assert not begun.wait(A_WHILE)
    asked[1].set()
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
    asked: tuple[Quiet, threading.Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(starting, "AT_LATEST", A_WHILE)
    begun = threading.Event()
    asked[0].then(begun.set)
    assert begun.wait(PATIENCE)
