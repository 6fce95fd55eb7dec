"""Connections that say nothing, or next to nothing, are closed, and there are never more of them than the
process can have open.

uvicorn waits for a request without end: some hundred connections that never finish one, before any login,
take all files a process may open, and then nobody else gets in. Its quicker parser, httptools, which takes a
third off what a thumbnail costs, keeps headers of any length, so that one connection could take all memory.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_SECONDS = 15.0  # from the connection, or from the answer before, to the end of a request's headers
BODY_SECONDS = 30.0  # that a body may be behind the least rate: without a byte of it, this long
BODY_RATE = 500  # bytes a second; the slowest of telephone lines brings some times as much
LOOK_EVERY = 1.0  # seconds
LARGEST_HEAD = 64 * 1024  # bytes of a request's line and headers, or of what comes between parts of its body
MOST = 1000
SHARE = 0.5  # of the files that the process may have open
ADDRESS_SHARE = 0.5  # of the connections; an address that has more is the first to make room


TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's own protocol with a clock and a measure. A response may take as long as it likes."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._waits_since = time.monotonic()  # for the other end; a body's every byte moves it on
        self._held = 0  # bytes that came since the parser last had something whole to pass on
        self._make_room()
        self._look_later()

    def data_received(self, data: bytes) -> None:
        waiting = self._is_waiting()
        if not waiting:
            self._waits_since = min(time.monotonic(), self._waits_since + len(data) / BODY_RATE)
        self._held += len(data)
        super().data_received(data)
        if self._held > LARGEST_HEAD and not self.transport.is_closing():
            if waiting:
                self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._held = 0
        self._waits_since = time.monotonic()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._held = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._waits_since = time.monotonic()
        super().on_response_complete()

    def _is_waiting(self) -> bool:
        """Whether a request, or the rest of its headers, is still to come."""
        return self.cycle is None or self.cycle.response_complete

    def _is_unfinished(self) -> bool:
        """Whether a request or the rest of it is still to come, and would be read."""
        return self._is_waiting() or (self.cycle.more_body and not self.flow.read_paused)

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        if not self._is_unfinished():
            self._waits_since = time.monotonic()
        allowed = HEADERS_SECONDS if self._is_waiting() else BODY_SECONDS
        if time.monotonic() - self._waits_since > allowed:
            self.transport.close()
        else:
            self._look_later()

    @property
    def _address(self) -> str:
        return self.client[0] if self.client else ""

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def _make_room(self) -> None:
        """Where there are too many, closes the one whose request has been longest in coming, first of an
        address that has more than its share. Where all are at work, one of that address makes room for
        another address, and else this one goes.

        Behind a proxy all have one address: then the share changes nothing.
        """
        if len(self.connections) <= most_connections():
            return
        ours = [other for other in self.connections if isinstance(other, BoundedConnection)]
        still_open = [other for other in ours if not other.transport.is_closing()]
        if len(still_open) <= most_connections():
            return
        of_address = Counter(other._address for other in still_open)
        share = most_connections() * ADDRESS_SHARE
        greedy = [other for other in still_open if of_address[other._address] > share and other is not self]
        unfinished = [other for other in still_open if other is not self and other._is_unfinished()]
        candidates = [other for other in greedy if other._is_unfinished()] or unfinished
        if not candidates and of_address[self._address] <= share:
            candidates = greedy
        min(candidates, key=lambda other: other._waits_since, default=self).transport.abort()


def listen(host: str, port: int) -> socket.socket:
    """Takes a port. Raises `OSError` where it can't be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With its protocol named: asyncio sends at once only where that is TCP, and else what follows the head of
    # an answer waits up to 40 ms for the browser to have acknowledged the head.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host.strip("[]"), port))
    except OSError:
        taken.close()
        raise
    return taken


def most_connections() -> int:
    try:
        import resource  # no Windows has it
    except ImportError:
        return MOST
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if allowed == resource.RLIM_INFINITY else max(min(MOST, int(allowed * SHARE)), 1)
