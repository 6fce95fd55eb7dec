"""A reverse proxy without affinity: of the requests of one browser each goes to the next of its servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from http.client import HTTPConnection
from itertools import count

from local_server import Handler, LocalServer

PIECE = 65_536  # bytes passed on at a time
OF_THE_CONNECTION = ("connection", "keep-alive", "transfer-encoding")


class Alternating(LocalServer):
    """Over real sockets, one connection a request, event streams too. `answered` counts by server."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.answered: Counter[int] = Counter()
        turns, proxy = count(), self

        class PassOn(Handler):
            def do_GET(self) -> None:  # noqa: N802
                with suppress(ConnectionError), closing(proxy._connected(ports, turns)) as server:
                    headers = {k: v for k, v in self.headers.items() if k.lower() not in OF_THE_CONNECTION}
                    server.request(self.command, self.path, self.body(), headers)
                    answer = server.getresponse()
                    self.send_response_only(answer.status, answer.reason)
                    for name, value in answer.getheaders():
                        if name.lower() not in OF_THE_CONNECTION:
                            self.send_header(name, value)
                    self.end_headers()
                    while piece := answer.read1(PIECE):
                        self.wfile.write(piece)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_GET  # noqa: N815

        super().__init__(PassOn)

    def _connected(self, ports: Sequence[int], turns: Iterator[int]) -> HTTPConnection:
        """The next in turn that takes connections: a proxy leaves out one that is gone."""
        for _ in ports:
            server = HTTPConnection("127.0.0.1", ports[next(turns) % len(ports)])
            with suppress(ConnectionRefusedError):
                server.connect()
                self.answered[server.port] += 1
                return server
        raise ConnectionRefusedError
