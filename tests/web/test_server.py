"""The app around its screens: before it is there, at rest, made late, and asked for what isn't there."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from contextvars import ContextVar
from pathlib import Path

import pytest
import uvicorn
from at_once import at_once
from fastapi.testclient import TestClient
from patience import PATIENCE
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from web_screens import browser

from concepts.rooms import open_app
from concepts.settings import Settings
from web.http.starting import Stopgap, starting
from web.server import Later, create_service


def test_a_page_that_waits_is_no_app_yet_and_keeps_the_policy() -> None:
    client = TestClient(starting(""))
    page = client.get("/label?concept=x", headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "Starting" in page.text
    # With an address of its own: one with a #fragment would be no new one, and the page would stay for good.
    assert 'content="1; url=?concept=x"' in page.text
    quoted = client.get('/?a="><script>', headers={"accept": "text/html"}).text
    assert "<script" not in quoted
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert client.get("/healthz").json()["status"] == "starting"
    assert client.post("/api/v1/concepts").status_code == 503


def test_who_comes_while_one_server_follows_the_other_is_answered_by_the_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/healthz"
        first = Stopgap(uvicorn.Config(starting(""), log_level="warning"), listening)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(address, timeout=PATIENCE)
        assert answer.value.code == 503
        first.end()
        second = Stopgap(uvicorn.Config(PlainTextResponse("here"), log_level="warning"), listening)
        with urllib.request.urlopen(address, timeout=PATIENCE) as found:
            assert found.read() == b"here"
        second.end()


WHO: ContextVar[str] = ContextVar("who", default="nobody")


def test_it_is_made_once_for_nobody_in_particular_however_many_ask_and_answers_each() -> None:
    names: list[str] = []

    def make() -> Starlette:
        names.append(WHO.get())

        async def hello(request: Request) -> PlainTextResponse:
            return PlainTextResponse(f"hello {WHO.get()}")

        return Starlette(routes=[Route("/hello", hello)])

    client = TestClient(Starlette(routes=[Mount("/api", Later(make))]))
    assert names == []

    def ask(number: int) -> str:
        WHO.set(f"reader {number}")
        return client.get("/api/hello").text

    assert at_once(4, ask) == [f"hello reader {number}" for number in range(4)]
    assert names == ["nobody"]


BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_a_browser_is_shown_a_page_with_ways_on_and_a_program_gets_json(tmp_path: Path) -> None:
    client = browser(create_service(open_app(Settings(home=tmp_path))))
    for address in ("/no-such-screen", "/label/deeper", f"/media/picture/{'0' * 64}"):
        answer = client.get(address, headers=BROWSER)
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("text/html")
        assert "There is nothing at this address" in answer.text
        assert 'href="/"' in answer.text
    for accept in ("application/json", "image/*,*/*;q=0.8", "*/*"):
        answer = client.get("/no-such-screen", headers={"accept": accept})
        assert answer.status_code == 404
        assert answer.headers["content-type"].startswith("application/")
    answer = client.get("/api/v1/concepts/nothing", headers=BROWSER)  # a problem whatever is accepted
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
