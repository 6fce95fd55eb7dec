"""Connections that say nothing are closed, and there are never more of them than the process can have open.

uvicorn waits for a request without end: some hundred connections that never send one, before any login, take
all files a process may open, and then nobody else gets in. Its quicker parser, httptools, which takes a third
off what a thumbnail costs, keeps headers of any length, so that one connection could take all memory.
"""

from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_SECONDS = 15.0  # from the connection, or from the answer before, to the end of a request's headers
BODY_SECONDS = 30.0  # without a byte of a body that was announced
LOOK_EVERY = 1.0  # seconds
LARGEST_HEAD = 64 * 1024  # bytes of a request's line and headers, or of what comes between parts of its body
MOST = 1000
SHARE = 0.5  # of the files that the process may have open


TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-type: text/plain; charset=utf-8\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
)


class BoundedConnection(HttpToolsProtocol):
    """uvicorn's own protocol with a clock and a measure. A response may take as long as it likes."""

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._quiet_since = time.monotonic()
        self._held = 0  # bytes that came since the parser last had something whole to pass on
        self._make_room()
        self._look_later()

    def data_received(self, data: bytes) -> None:
        waiting = self._is_waiting()
        if not waiting:
            self._quiet_since = time.monotonic()
        self._held += len(data)
        super().data_received(data)
        if self._held > LARGEST_HEAD and not self.transport.is_closing():
            if waiting:
                self.transport.write(TOO_LARGE)
            self.transport.close()

    def on_headers_complete(self) -> None:
        self._held = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._held = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._held = 0
        super().on_message_complete()

    def on_response_complete(self) -> None:
        self._quiet_since = time.monotonic()
        super().on_response_complete()

    def _is_waiting(self) -> bool:
        """For a request, or for the rest of its headers."""
        return self.cycle is None or self.cycle.response_complete

    def _look(self) -> None:
        if self.transport.is_closing():
            return
        quiet = time.monotonic() - self._quiet_since
        if self._is_waiting():
            too_long = quiet > HEADERS_SECONDS
        else:
            too_long = self.cycle.more_body and quiet > BODY_SECONDS
        if too_long:
            self.transport.close()
        else:
            self._look_later()

    def _look_later(self) -> None:
        asyncio.get_running_loop().call_later(LOOK_EVERY, self._look)

    def _make_room(self) -> None:
        """Where there are too many, closes whoever has waited longest without a request: this one where all
        others are at work."""
        if len(self.connections) <= most_connections():
            return
        ours = [other for other in self.connections if isinstance(other, BoundedConnection)]
        still_open = [other for other in ours if not other.transport.is_closing()]
        if len(still_open) > most_connections():
            waiting = [other for other in still_open if other._is_waiting()]
            min(waiting, key=lambda other: other._quiet_since).transport.abort()


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
