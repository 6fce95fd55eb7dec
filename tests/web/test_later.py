"""What is made when it is first asked is made once, for all, and answers as if it had always been there."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.testclient import TestClient

from web.http.later import Later

WHO: ContextVar[str] = ContextVar("who", default="nobody")


def made_for(names: list[str]) -> Later:
    """Notes for whom it was made."""

    def make() -> Starlette:
        names.append(WHO.get())

        async def hello(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"hello {WHO.get()}")

        return Starlette(routes=[Route("/hello", hello)])

    return Later(make)


def test_it_is_made_once_when_it_is_asked_first_however_many_ask() -> None:
    names: list[str] = []
    later = made_for(names)
    client = TestClient(Starlette(routes=[Mount("/api", later)]))
    assert names == []
    together = threading.Barrier(4)

    def ask(_: int) -> str:
        together.wait()
        return client.get("/api/hello").text

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, range(4))) == ["hello nobody"] * 4
    assert names == ["nobody"]


def test_it_is_made_for_nobody_in_particular_and_answers_each() -> None:
    names: list[str] = []
    client = TestClient(made_for(names))
    token = WHO.set("ada")
    assert client.get("/hello").text == "hello ada"
    WHO.reset(token)
    assert names == ["nobody"]


def test_its_routes_can_be_listed() -> None:
    assert [getattr(route, "path", "") for route in made_for([]).routes] == ["/hello"]
