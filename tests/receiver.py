"""A real HTTP server that takes webhooks, checks their signatures and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Receiver:
    """`answers` are statuses, the last of which stays; `before` is called with each message before it is
    answered. `messages` holds (headers, body) of every request, also of those that were refused."""

    def __init__(self, answers: Sequence[int] = (204,), before: Callable[[Any], None] | None = None) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        answering, lock = list(answers), threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # as the server calls it
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    outer.messages.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    status = answering.pop(0) if len(answering) > 1 else answering[0]
                if before:
                    before(json.loads(body))
                self.send_response(status)
                if status in (301, 302, 307, 308):
                    self.send_header("Location", outer.url + "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.messages]

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for headers, _ in self.messages]

    def all_signed_with(self, secret: str) -> bool:
        """Written from the standard's text, not from what sends."""
        key = base64.b64decode(secret[len("whsec_") :])
        return all(
            hmac.compare_digest(headers["webhook-signature"], _signed(key, headers, body))
            for headers, body in self.messages
        )


def _signed(key: bytes, headers: dict[str, str], body: bytes) -> str:
    content = b".".join([headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body])
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
