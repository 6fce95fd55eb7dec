"""A request goes to the address that was checked, and its key nowhere else."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from fake_openai import MODEL, FakeOpenAI, Reply
from openai import APIConnectionError, APIStatusError
from patience import PATIENCE

from concepts.errors import ModelCallError
from concepts.language.connection import list_models, openai_client
from concepts.language.failures import read_failure


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with FakeOpenAI(answer=lambda request: {"n": 1}) as server:
        yield server


def ask(url: str, key: str = "sk-secret") -> Any:
    client = openai_client(url, key, timeout=PATIENCE)
    return client.chat.completions.create(model=MODEL, messages=[{"role": "user", "content": "?"}])


def resolving(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> list[str]:
    """Has names stand for these addresses, or for several with spaces, one after the other; returns the names
    that were asked for."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *more: Any, **named: Any) -> list[Any]:
        if not host[0].isdigit() and ":" not in host:
            asked.append(host)
            host = addresses[min(len(asked), len(addresses)) - 1]
        return [place for one in host.split() for place in real(one, *more, **named)]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return asked


def test_a_name_is_resolved_once_and_that_address_is_connected_to(
    server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = resolving(monkeypatch, ["127.0.0.1", "169.254.169.254"])
    port = server.base_url.rpartition(":")[2]
    ask(f"http://models.example:{port}")
    assert asked == ["models.example"]
    assert server.requests[0].headers["host"] == f"models.example:{port.partition('/')[0]}"


def test_a_server_on_the_second_address_of_a_name_is_found(
    server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As localhost is ::1 and then 127.0.0.1, where most local servers listen."""
    resolving(monkeypatch, ["127.0.0.2 127.0.0.1"])
    ask(server.base_url.replace("127.0.0.1", "localhost"))
    assert len(server.requests) == 1


NO_MODELS = ["169.254.169.254", "0.0.0.0", "::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "fe80::1"]


@pytest.mark.parametrize(
    "address", [*NO_MODELS, "127.0.0.1 169.254.169.254", "127.0.0.1 ::ffff:169.254.169.254"]
)
def test_a_name_that_stands_for_an_address_without_models_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setattr(socket, "create_connection", pytest.fail)
    resolving(monkeypatch, [address])
    with pytest.raises(APIConnectionError) as caught:
        ask("http://models.example/v1")
    assert "no model is served" in read_failure(caught.value, MODEL, "http://models.example/v1").message


def test_a_redirect_is_not_followed_and_the_key_stays_here(server: FakeOpenAI) -> None:
    with FakeOpenAI(answer=lambda request: {"n": 1}) as other:
        server.script(Reply(status=307, headers={"Location": f"{other.base_url}/chat/completions"}, raw=b""))
        with pytest.raises(APIStatusError) as caught:
            ask(server.base_url)
        assert other.requests == []
    failure = read_failure(caught.value, MODEL, server.base_url)
    assert "not followed" in failure.message
    assert failure.final


def test_a_key_that_is_a_login_is_sent_as_one(server: FakeOpenAI) -> None:
    ask(server.base_url, "Basic ana:pa/ss")
    login = base64.b64encode(b"ana:pa/ss").decode()
    assert server.requests[0].headers["authorization"] == f"Basic {login}"


def test_what_a_server_of_another_protocol_says_is_not_passed_on() -> None:
    def greet() -> None:
        for _ in range(2):
            with contextlib.suppress(OSError), listening.accept()[0] as connection:
                connection.sendall(b"SSH-2.0-OpenSSH_9.2p1 of the inner network\r\n")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=greet, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        with pytest.raises(APIConnectionError) as caught:
            ask(url)
        with pytest.raises(ModelCallError) as listed:
            list_models(url, None)
    for said in (read_failure(caught.value, MODEL, url).message, str(listed.value)):
        assert "doesn't speak HTTP" in said
        assert "OpenSSH" not in said


def test_an_endpoint_is_asked_through_the_proxy_of_the_environment(
    server: FakeOpenAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proxy does the connecting: no name is resolved here."""
    monkeypatch.setenv("http_proxy", server.base_url.removesuffix("/v1"))
    asked = resolving(monkeypatch, ["127.0.0.1"])
    with contextlib.suppress(APIStatusError):  # the SIMULATED endpoint is no proxy
        ask("http://models.example/v1")
    assert asked == []
