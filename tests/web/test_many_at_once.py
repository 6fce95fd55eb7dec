"""Pages that have nothing of others who opened them, and answers that wait for no reader."""

from __future__ import annotations

import asyncio
import io
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import own_loop
import pytest
from drawing import draw_folder
from fastapi import FastAPI, UploadFile
from fastapi.testclient import TestClient
from sqlalchemy import event
from starlette.exceptions import HTTPException
from starlette.requests import Request

from concepts.installation.users import Role, Users
from concepts.labelling.contact_sheet import GridPage
from concepts.settings import Settings
from concepts.workbench import Workbench
from concepts.workbench.labels import Labels
from web.http.pictures import AT_ONCE, PictureThreads
from web.page import _noted
from web.server import create_app

PASSWORD = "correct horse battery"
NAME = "Round thing"
PAGE = {"accept": "text/html"}
READERS = 50
PATIENCE = 60  # seconds until a test gives up


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Any) -> Iterator[Workbench]:
    root = tmp_path_factory.mktemp("many")
    settings = Settings(home=root / "home")
    bench = Workbench(settings)
    bench.library.add([draw_folder(root / "pictures", 12)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    for name in ("ana", "ben"):
        Users(settings).set(name, PASSWORD, Role.OWNER)
    yield bench
    bench.close()


@pytest.fixture(scope="module")
def app(bench: Workbench) -> FastAPI:
    return create_app(bench)


def logged_in(app: FastAPI, name: str) -> TestClient:
    client = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)
    assert client.post("/login", data={"name": name, "password": PASSWORD}).status_code == 303
    return client


def test_a_page_has_nothing_of_whoever_opened_it_first(app: FastAPI) -> None:
    ana, ben = logged_in(app, "ana"), logged_in(app, "ben")
    strange = {"origin": "http://localhost:9999", "accept-language": "tlh", **PAGE}
    first = ana.get("/settings/activity", headers=strange)
    second = ben.get("/settings/activity", headers=PAGE)
    assert first.status_code == second.status_code == 200
    assert first.text == second.text
    for told in ("ana", "localhost:9999", "tlh"):
        assert f'"{told}"' not in second.text
    assert "access-control-allow-origin" not in second.headers


def test_a_page_is_kept_from_who_is_not_logged_in(app: FastAPI) -> None:
    logged_in(app, "ana").get("/settings/activity", headers=PAGE)
    stranger = TestClient(app, base_url="http://127.0.0.1:7860", follow_redirects=False)
    assert stranger.get("/settings/activity", headers=PAGE).status_code == 303


def test_an_answer_is_taken_while_every_thread_for_readers_waits(
    app: FastAPI, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = bench.context.collection.library.all_ids()[0]
    go_on, reading = threading.Event(), threading.Semaphore(0)

    def slow(picture_id: str) -> bytes:
        reading.release()
        go_on.wait()
        return b""

    monkeypatch.setattr(bench.library, "thumbnail", slow)
    with logged_in(app, "ana") as client, ThreadPoolExecutor(READERS) as readers:
        try:
            looks = [readers.submit(client.get, f"/media/thumbnail/{picture}") for _ in range(READERS)]
            for _ in range(40):  # all threads that there are for them
                reading.acquire()
            given = {"concept": NAME, "key": "while-they-read", "picture": picture, "value": "yes"}
            assert client.post("/app/answers", json=given).json()["advice"]["count"]["yes"] == 1
            assert not any(look.done() for look in looks)
        finally:
            go_on.set()
        assert {look.result().status_code for look in looks} == {200}


def test_a_label_is_taken_while_grids_are_slow(
    app: FastAPI, bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = bench.context.collection.library.all_ids()[1]
    go_on, reading = threading.Event(), threading.Semaphore(0)
    grid = Labels.grid

    def slow(*given: Any, **named: Any) -> GridPage:
        reading.release()
        go_on.wait()
        return grid(*given, **named)

    monkeypatch.setattr(Labels, "grid", slow)
    with logged_in(app, "ana") as client, ThreadPoolExecutor(9) as readers:
        try:
            grids = [readers.submit(client.get, f"/app/answers/grid?concept={NAME}") for _ in range(8)]
            for _ in range(4):  # at once
                reading.acquire()
            given = {"concept": NAME, "key": "while-grids-come", "picture": picture, "value": "no"}
            label = readers.submit(client.post, "/app/answers", json=given)
            assert label.result(30).status_code == 200
            assert not any(one.done() for one in grids)
        finally:
            go_on.set()
        assert {one.result().status_code for one in grids} == {200}


def test_an_action_keeps_no_connection_between_its_reads(bench: Workbench) -> None:
    held: Counter[int] = Counter()  # by thread: what works behind has one at times
    pool = bench.context.database.engine.pool
    event.listen(pool, "checkout", lambda *_: held.update([threading.get_ident()]))
    event.listen(pool, "checkin", lambda *_: held.subtract([threading.get_ident()]))

    def look(request: Request) -> dict[Any, Any]:
        bench.context.store.all()
        return {"kept": held[threading.get_ident()]}

    assert _noted(look, Request({"type": "http"})) == {"kept": 0}
    assert held


def test_a_picture_that_waits_for_its_turn_leaves_the_queue_with_whoever_sent_it() -> None:
    threads, go_on, begun = PictureThreads(), threading.Event(), list[str]()

    async def leave() -> int:
        left = asyncio.Event()

        async def receive() -> dict[str, str]:
            await left.wait()
            return {"type": "http.disconnect"}

        busy = [asyncio.create_task(threads.turn(go_on.wait)) for _ in range(AT_ONCE)]
        sent = [UploadFile(io.BytesIO(b"no picture"), filename="a.png")]
        asked = threads.each(Request({"type": "http"}, receive), sent, lambda one: begun.append(one.name))
        waiting = asyncio.create_task(asked)
        left.set()
        await asyncio.wait([waiting], timeout=PATIENCE)
        go_on.set()
        await asyncio.gather(*busy)
        await threads.turn(lambda: None)  # whatever was in the queue is done
        error = waiting.exception()
        assert isinstance(error, HTTPException)
        return error.status_code

    assert (own_loop.run(leave()), begun) == (400, [])
