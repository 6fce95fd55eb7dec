"""Connections that never send a request, or never end one, keep nobody out: a real server, real sockets."""

from __future__ import annotations

import asyncio
import queue
import resource
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import own_loop
import pytest
from patience import PATIENCE
from running_app import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, StreamingResponse
from starlette.routing import Route

from app import configuration
from concepts.settings import Settings
from web.http import connections
from web.http.connections import LARGEST_HEAD, BoundedConnection

PARTIAL = b"GET / HTTP/1.1\r\nHost: x\r\n"


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"hello {len(await request.body())}")


async def slow(request: Request) -> StreamingResponse:
    async def pieces() -> Any:
        for _ in range(8):
            await asyncio.sleep(0.1)  # in all longer than a request may take to arrive
            yield b"."

    return StreamingResponse(pieces())


arrived: queue.Queue[int] = queue.Queue()  # bytes of bodies, as they come


async def counts(request: Request) -> PlainTextResponse:
    in_all = 0
    async for piece in request.stream():
        in_all += len(piece)
        arrived.put(len(piece))
    return PlainTextResponse(f"hello {in_all}")


async def endless(request: Request) -> StreamingResponse:
    async def pieces() -> Any:
        while True:
            yield b"." * 10_000
            await asyncio.sleep(0)  # nobody waits for the network where nobody is connected

    return StreamingResponse(pieces())


@pytest.fixture
def port(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    monkeypatch.setattr(connections, "HEADERS_SECONDS", 0.3)
    monkeypatch.setattr(connections, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(connections, "LOOK_EVERY", 0.02)
    routes = [Route("/", hello, methods=["GET", "POST"]), Route("/slow", slow), Route("/endless", endless)]
    app = Starlette(routes=[*routes, Route("/counts", counts, methods=["POST"])])
    with served(app, http=BoundedConnection) as url:
        yield port_of(url)


@pytest.fixture
def unhurried(port: int, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(connections, "HEADERS_SECONDS", PATIENCE)
    monkeypatch.setattr(connections, "BODY_SECONDS", PATIENCE)
    return port


def port_of(url: str) -> int:
    return int(url.rpartition(":")[2])


@pytest.mark.parametrize(
    ("trusted", "seen"),
    [("", "127.0.0.1"), ("10.0.0.0/8", "127.0.0.1"), ("127.0.0.1", "9.9.9.9"), ("127.0.0.0/8", "9.9.9.9")],
)
def test_an_address_is_believed_of_a_proxy_that_was_set_and_of_no_other(
    tmp_path: Path, trusted: str, seen: str
) -> None:
    async def who(request: Request) -> PlainTextResponse:
        return PlainTextResponse(f"from {request.client and request.client.host}.")

    settings = Settings(home=tmp_path, trusted_proxies=trusted)
    config = configuration(Starlette(routes=[Route("/", who)]), settings)
    with served(config) as url:
        headers = b"X-Forwarded-For: 1.2.3.4, 9.9.9.9\r\nConnection: close\r\n\r\n"
        assert f"from {seen}.".encode() in answer(connect(port_of(url), PARTIAL + headers))


def test_what_is_answered_in_parts_is_sent_part_by_part_at_once() -> None:
    """Else an answer on a connection that is kept waits up to 40 ms for the acknowledgement of its head."""
    at_once: list[int] = []

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        at_once.append(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    async def ask() -> None:
        with connections.listen("127.0.0.1", 0) as taken:
            async with await asyncio.start_server(answers, sock=taken):
                reader, writer = await asyncio.open_connection(*taken.getsockname())
                await reader.read()
                writer.close()

    own_loop.run(ask())
    assert at_once == [1]


def connect(port: int, *said: bytes, of: str = "127.0.0.1") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE, source_address=(of, 0))
    for part in said:
        connection.sendall(part)
    return connection


def answer(connection: socket.socket) -> bytes:
    """All that comes until the other end closes."""
    received = b""
    try:
        while piece := connection.recv(4096):
            received += piece
    except ConnectionResetError:
        pass
    connection.close()
    return received


def ask(port: int, path: str = "/", of: str = "127.0.0.1") -> bytes:
    asked = f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    return answer(connect(port, asked, of=of))


@pytest.mark.parametrize(
    "said",
    [
        [],
        [PARTIAL],
        [b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf"],
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", PARTIAL],
    ],
    ids=["nothing", "half of the headers", "half of a body", "half of a second request"],
)
def test_who_does_not_finish_a_request_is_hung_up_on(port: int, said: list[bytes]) -> None:
    answer(connect(port, *said))  # comes to an end


def test_a_body_has_to_bring_the_least_rate_and_may_then_take_as_long_as_it_likes(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)  # the time as it is said here
    monkeypatch.setattr(connections, "time", clock)
    monkeypatch.setattr(connections, "BODY_SECONDS", 30)
    steady_part = b"a" * (4 * connections.BODY_RATE)
    length = 1000 * len(steady_part)
    head = (
        f"POST /counts HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode()
    )
    slow, steady = connect(port, head), connect(port, head)
    for second in range(0, 4 * 7, 4):
        clock.now = second
        slow.sendall(b"a")
        steady.sendall(steady_part)
        coming = 1 + len(steady_part)
        while coming:
            coming -= arrived.get(timeout=PATIENCE)
        assert _is_open(slow)
    clock.now = 32
    slow.setblocking(True)
    assert answer(slow) == b""
    steady.sendall(steady_part * (1000 - 7))
    assert f"hello {length}".encode() in answer(steady)


BODY = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("before", "again_and_again"),
    [
        (b"GET /", b"a" * 1000),
        (PARTIAL + b"X: ", b"a" * 1000),
        (PARTIAL, b"X: " + b"a" * 1000 + b"\r\n"),
        (BODY + b"1;", b"a" * 1000),
        (BODY + b"1\r\nx\r\n0\r\nX: ", b"a" * 1000),
        (BODY + b"1\r\nx\r\n0\r\n", b"X: " + b"a" * 1000 + b"\r\n"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" + PARTIAL, b"X: " + b"a" * 1000 + b"\r\n"),
    ],
    ids=["path", "header", "headers", "extension", "trailer", "trailers", "headers of a second request"],
)
def test_who_sends_a_head_without_end_is_hung_up_on_before_it_takes_memory(
    unhurried: int, before: bytes, again_and_again: bytes
) -> None:
    connection = connect(unhurried, before)
    sent = 0
    try:
        while sent < 100 * LARGEST_HEAD:
            connection.sendall(again_and_again)
            sent += len(again_and_again)
    except (BrokenPipeError, ConnectionResetError):
        pass
    assert sent < 100 * LARGEST_HEAD
    connection.close()


def test_heads_are_taken_up_to_a_size_and_bodies_that_are_larger(unhurried: int) -> None:
    connection = connect(unhurried, PARTIAL + b"X: " + b"a" * (LARGEST_HEAD - len(PARTIAL) - 3))
    assert _is_open(connection)
    connection.setblocking(True)
    connection.sendall(b"a")
    assert answer(connection).startswith(b"HTTP/1.1 431 ")
    large = b"X: " + b"a" * (LARGEST_HEAD - 1000) + b"\r\nConnection: close\r\n"
    assert b"hello 0" in answer(connect(unhurried, PARTIAL + large + b"\r\n"))
    whole, piece = 3 * LARGEST_HEAD, b"1\r\na\r\n"
    length = f"Content-Length: {whole}\r\n\r\n".encode()
    assert f"hello {whole}".encode() in answer(
        connect(unhurried, PARTIAL.replace(b"GET", b"POST") + large + length, b"a" * whole)
    )
    chunked = BODY.replace(b"Host", b"Connection: close\r\nHost")
    assert b"hello 50000" in answer(connect(unhurried, chunked, piece * 50_000, b"0\r\n\r\n"))


def test_a_long_answer_is_not_cut_off(port: int) -> None:
    assert ask(port, "/slow").count(b".\r\n") == 8


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(connections, "MOST", 20)
    return 20


@pytest.mark.parametrize(
    ("count", "unfinished", "of"),
    [
        (300, PARTIAL, "127.0.0.1"),
        (40, BODY + b"1\r\na\r\n", "127.0.0.1"),
        (40, BODY + b"1\r\na\r\n", "127.0.0.2"),
    ],
    ids=["heads", "bodies of the same address", "bodies of another"],
)
def test_unfinished_requests_leave_room_for_whole_ones(
    unhurried: int, few: int, count: int, unfinished: bytes, of: str
) -> None:
    idle = [connect(unhurried, unfinished) for _ in range(count)]
    for _ in range(3):
        assert b"hello 0" in ask(unhurried, of=of)
    still = [_is_open(connection) for connection in idle]
    assert 0 < sum(still) <= few
    assert not any(still[: count // 4])  # the oldest go first
    for connection in idle:
        connection.close()


def test_an_address_with_more_than_its_share_makes_room_before_another(unhurried: int, few: int) -> None:
    one = connect(unhurried, BODY.replace(b"Host", b"Connection: close\r\nHost"), of="127.0.0.2")
    many = [connect(unhurried, BODY) for _ in range(40)]
    assert b"hello 0" in ask(unhurried)
    one.sendall(b"0\r\n\r\n")
    assert b"hello 0" in answer(one)
    for connection in many:
        connection.close()


def test_answers_that_nobody_reads_keep_no_other_address_out(unhurried: int, few: int) -> None:
    unread = [connect(unhurried, b"GET /endless HTTP/1.1\r\nHost: x\r\n\r\n") for _ in range(few)]
    assert all(connection.recv(1, socket.MSG_PEEK) for connection in unread)  # all are at work
    assert b"hello 0" in ask(unhurried, of="127.0.0.2")
    for connection in unread:
        connection.close()


def _is_open(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_there_are_never_more_than_half_the_files_a_process_may_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda which: (256, 4096))
    assert connections.most_connections() == 128
