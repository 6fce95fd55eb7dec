"""What the address answers before there is an app, and that the app takes over on the same socket."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request

import pytest
import uvicorn
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from web.http.starting import Stopgap, starting


def test_a_page_that_waits_is_no_app_yet_and_keeps_the_policy() -> None:
    client = TestClient(starting(""))
    page = client.get("/label?concept=x", headers={"accept": "text/html"})
    assert page.status_code == 503
    assert "Starting" in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert client.get("/healthz").json()["status"] == "starting"
    assert client.post("/api/v1/concepts").status_code == 503


def test_who_comes_while_one_server_follows_the_other_is_answered_by_the_second() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/healthz"
        first = Stopgap(uvicorn.Config(starting(""), log_level="warning"), listening)
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.urlopen(address, timeout=30)
        assert answer.value.code == 503
        first.end()
        second = Stopgap(uvicorn.Config(PlainTextResponse("here"), log_level="warning"), listening)
        with urllib.request.urlopen(address, timeout=30) as found:
            assert found.read() == b"here"
        second.end()
