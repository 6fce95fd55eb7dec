"""A real HTTP server that takes webhooks, checks their signatures and answers as it is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any

from local_server import Handler, LocalServer


class Receiver(LocalServer):
    """`answers` are statuses, the last of which stays; `before` is called with each message before it is
    answered. `messages` holds (headers, body) of every request, also of those that were refused."""

    def __init__(self, answers: Sequence[int] = (204,), before: Callable[[Any], None] | None = None) -> None:
        self.messages: list[tuple[dict[str, str], bytes]] = []
        answering, lock = list(answers), threading.Lock()
        outer = self

        class Takes(Handler):
            def do_POST(self) -> None:  # noqa: N802
                body = self.body()
                with lock:
                    outer.messages.append(({k.lower(): v for k, v in self.headers.items()}, body))
                    status = answering.pop(0) if len(answering) > 1 else answering[0]
                if before:
                    before(json.loads(body))
                moved = status in (301, 302, 307, 308)
                self.send(status, b"", "text/plain", {"Location": outer.url + "/elsewhere"} if moved else {})

        super().__init__(Takes)
        self.url = f"{self.address}/hook"

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
