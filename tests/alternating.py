"""A reverse proxy without affinity: of the requests of one browser each goes to the next of its servers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count

PIECE = 65_536  # bytes passed on at a time
LARGEST_HEAD = 65_536


class Alternating:
    """Over real sockets, one connection a request, event streams too. `answered` counts by server."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        self.answered: Counter[int] = Counter()
        self._turns = count()
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def serve(self) -> None:
        with contextlib.suppress(OSError):  # it was closed
            while True:
                browser, _ = self._listening.accept()
                threading.Thread(target=self._pass_on, args=(browser,), daemon=True).start()

    def close(self) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _pass_on(self, browser: socket.socket) -> None:
        with contextlib.suppress(OSError), browser:
            head, body = _request(browser)
            if not head:
                return
            first, *lines = head.split(b"\r\n")
            lines = [line for line in lines if not line.lower().startswith((b"connection:", b"keep-alive:"))]
            with self._server() as server:
                server.sendall(b"\r\n".join([first, *lines, b"Connection: close", b"", b""]) + body)
                while piece := server.recv(PIECE):
                    browser.sendall(piece)

    def _server(self) -> socket.socket:
        """The next in turn that takes connections: a proxy leaves out one that is gone."""
        for _ in self.ports:
            port = self.ports[next(self._turns) % len(self.ports)]
            with contextlib.suppress(ConnectionRefusedError):
                server = socket.create_connection(("127.0.0.1", port))
                self.answered[port] += 1
                return server
        raise ConnectionRefusedError


def _request(browser: socket.socket) -> tuple[bytes, bytes]:
    """Head without its end, and body; both empty where the browser only opened a connection ahead."""
    said = b""
    while b"\r\n\r\n" not in said and len(said) < LARGEST_HEAD:
        piece = browser.recv(PIECE)
        if not piece:
            return b"", b""
        said += piece
    head, _, body = said.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    wanted = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < wanted:
        body += browser.recv(PIECE)
    return head, body


@contextmanager
def alternating(ports: Sequence[int]) -> Iterator[Alternating]:
    proxy = Alternating(ports)
    threading.Thread(target=proxy.serve, name="proxy", daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.close()
