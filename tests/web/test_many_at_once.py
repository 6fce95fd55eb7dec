"""Pages that have nothing of others who opened them, and answers that wait for no reader."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import gradio as gr
import pytest
from fastapi import FastAPI
from patience import PATIENCE
from sqlalchemy import event
from starlette.requests import Request
from starlette.types import Receive, Scope, Send
from web_screens import PASSWORD, browser

from concepts.installation.users import Users
from concepts.labelling import labels
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.handlers import calls
from web.http import media
from web.http.media import READING
from web.http.turns import Turns
from web.server import create_app

NAME, READERS = "Round thing", 50
PAGE = {"accept": "text/html"}


@pytest.fixture(scope="module")
def bench(library: App) -> App:
    begin_concept(library, NAME, "A filled ellipse, not a rectangle.")
    for name in ("ana", "ben"):
        Users(library.settings).set(name, PASSWORD, Role.OWNER)
    return library


@pytest.fixture(scope="module")
def app(bench: App) -> FastAPI:
    return create_app(bench)


def test_a_page_has_nothing_of_whoever_opened_it_first_and_is_kept_from_strangers(app: FastAPI) -> None:
    address = "/?screen=settings-activity"
    strange = {"origin": "http://localhost:9999", "accept-language": "tlh"}
    first = browser(app, "ana").get(address, headers=strange | PAGE)
    second = browser(app, "ben").get(address, headers=PAGE)
    assert first.status_code == second.status_code == 200
    assert first.text.replace('"username":"ana"', '"username":"ben"') == second.text
    for told in ("ana", "localhost:9999", "tlh"):
        assert f'"{told}"' not in second.text
    assert "access-control-allow-origin" not in second.headers
    assert browser(app).get(address, headers=PAGE).status_code == 303


@pytest.mark.parametrize(
    ("kind", "reads", "address"),
    [
        (media, "thumbnail_of", "/media/thumbnail/{picture}"),
        (labels, "label_grid", f"/api/v1/concepts/{NAME}/tiles"),
    ],
)
def test_a_label_is_taken_while_every_thread_for_readers_waits(
    app: FastAPI,
    bench: App,
    monkeypatch: pytest.MonkeyPatch,
    kind: type,
    reads: str,
    address: str,
) -> None:
    picture = collection_of(bench).library.all_ids()[0]
    go_on, reading = threading.Event(), threading.Semaphore(0)
    read = getattr(kind, reads)

    def slow(*given: Any, **named: Any) -> Any:
        reading.release()
        go_on.wait()
        return read(*given, **named)

    monkeypatch.setattr(kind, reads, slow)
    with browser(app, "ana") as client, ThreadPoolExecutor(READERS + 1) as threads:
        try:
            looks = [threads.submit(client.get, address.format(picture=picture)) for _ in range(READERS)]
            for _ in range(READING.total_tokens):
                reading.acquire()
            given = {"answers": [{"picture": picture, "value": "yes"}]}
            label = threads.submit(client.post, f"/api/v1/concepts/{NAME}/labels", json=given)
            assert [kept["value"] for kept in label.result(PATIENCE).json()] == ["yes"]
            assert not any(look.done() for look in looks)
        finally:
            go_on.set()
        assert {look.result().status_code for look in looks} == {200}


def test_of_many_requests_for_the_page_one_is_answered_at_a_time_and_a_label_at_once() -> None:
    at_work: list[str] = []
    most = 0
    label_is_kept = asyncio.Event()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal most
        if scope["path"] == "/api/v1/labels":
            assert at_work
            label_is_kept.set()
            return
        at_work.append(scope["path"])
        most = max(most, len(at_work))
        await asyncio.wait_for(label_is_kept.wait(), PATIENCE)
        at_work.remove(scope["path"])

    ask_at_once(Turns(answer), "/", "/gradio_api/run/predict", "/", "/api/v1/labels")
    assert (most, at_work) == (1, [])


def test_who_waits_for_the_page_waits_for_no_request_that_takes_long() -> None:
    last_is_answered = asyncio.Event()

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/":
            last_is_answered.set()
        await asyncio.wait_for(last_is_answered.wait(), PATIENCE)

    ask_at_once(Turns(answer), "/gradio_api/run/1", "/gradio_api/run/2", "/")
    assert last_is_answered.is_set()


def ask_at_once(app: Turns, *paths: str) -> None:
    """Ask for all of them at once, in this order, and return when all are answered."""

    async def ask() -> None:
        async with asyncio.TaskGroup() as asked:
            for path in paths:
                asked.create_task(app({"type": "http", "path": path}, cast(Any, None), cast(Any, None)))

    with ThreadPoolExecutor(1) as threads:  # a browser's test leaves a running loop in this thread
        threads.submit(asyncio.run, ask()).result()


def test_an_event_keeps_no_connection_once_it_is_handled(bench: App) -> None:
    held: Counter[int] = Counter()  # by thread: what works behind has one at times
    pool = bench.database.engine.pool
    event.listen(pool, "checkout", lambda *_: held.update([threading.get_ident()]))
    event.listen(pool, "checkin", lambda *_: held.subtract([threading.get_ident()]))

    @calls()
    def look(request: gr.Request) -> int:
        return len(bench.store.all())

    scope = {"type": "http", "state": {"role": Role.OWNER, "demo": False, "full": "", "sandbox": None}}
    asked = gr.Request(Request(scope | {"query_string": b"", "headers": []}))
    assert look(asked)
    assert held[threading.get_ident()] == 0
    assert held
