"""A SIMULATED chat model behind a real OpenAI-compatible HTTP server on an ephemeral loopback port.

It speaks the wire format of /v1/models and /v1/chat/completions (choices, finish_reason, usage, refusal,
error objects) and understands nothing: what it says is scripted, or comes from a function of the request.

    with FakeOpenAI(answer=lambda request: {"rating": 4}) as server:
        server.script(status(429, retry_after=2), says("no JSON"), refuses())   # then `answer` again
        ... base_url=server.base_url ...
        assert len(server.requests) == 4
"""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "simulated-model"


@dataclass(frozen=True)
class Request:
    """What the server was asked, taken apart for a test or a simulated labeller."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def text(self) -> str:
        """All text of the conversation."""
        return "\n".join(part for part, _ in self._parts() if part)

    @property
    def pictures(self) -> list[bytes]:
        return [picture for _, picture in self._parts() if picture]

    @property
    def format(self) -> str:
        return str(self.body.get("response_format", {}).get("type", "text"))

    @property
    def schema_name(self) -> str | None:
        return self.body.get("response_format", {}).get("json_schema", {}).get("name")

    def _parts(self) -> list[tuple[str, bytes]]:
        parts: list[tuple[str, bytes]] = []
        for message in self.body["messages"]:
            content = message["content"]
            for part in content if isinstance(content, list) else [{"type": "text", "text": content}]:
                if part["type"] == "text":
                    parts.append((part["text"], b""))
                else:
                    parts.append(("", base64.b64decode(part["image_url"]["url"].split(",", 1)[1])))
        return parts


@dataclass(frozen=True)
class Reply:
    """One scripted reply: a completion (status 200) or an error."""

    status: int = 200
    content: str | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    usage: bool = True
    raw: bytes | None = None  # sent as text/html in place of a completion
    wait: threading.Event | None = None  # the reply is held back until it is set


def says(content: Any, **more: Any) -> Reply:
    """An answer: text as it is, anything else as JSON."""
    return Reply(content=content if isinstance(content, str) else json.dumps(content), **more)


def refuses(reason: str = "I can't help with that.") -> Reply:
    return Reply(refusal=reason)


def cut_off(content: str = '{"rating": ') -> Reply:
    return Reply(content=content, finish_reason="length")


def status(
    code: int,
    message: str = "simulated error",
    *,
    retry_after: str | None = None,
    error_code: str | None = None,
    param: str | None = None,
) -> Reply:
    headers = {"Retry-After": retry_after} if retry_after is not None else {}
    error = {"message": message, "type": "simulated", "code": error_code, "param": param}
    return Reply(status=code, error=error, headers=headers)


class FakeOpenAI:
    """The server. Scripted replies come first, then `answer(request)` (a `Reply`, text, or JSON-able).

    `rejects` maps a response format ("json_schema", "json_object") to the status it is rejected with.
    """

    def __init__(
        self,
        answer: Callable[[Request], Any] | None = None,
        *,
        rejects: dict[str, int] | None = None,
        tokens: tuple[int, int] = (100, 20),
    ) -> None:
        self.answer = answer
        self.rejects = rejects or {}
        self.tokens = tokens
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._script: list[Reply] = []
        self._lock = threading.Lock()
        fake = self

        class Handler(_Handler):
            server_of = fake

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def script(self, *replies: Reply) -> None:
        with self._lock:
            self._script += replies

    def __enter__(self) -> FakeOpenAI:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def reply_to(self, request: Request) -> Reply:
        with self._lock:
            self.requests.append(request)
            if code := self.rejects.get(request.format):
                return status(code, f"response_format of type {request.format} is not supported")
            if self._script:
                return self._script.pop(0)
        if self.answer is None:
            return status(500, "nothing is scripted")
        answer = self.answer(request)
        return answer if isinstance(answer, Reply) else says(answer)

    def enter(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)


class _Handler(BaseHTTPRequestHandler):
    server_of: FakeOpenAI
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/v1/models":
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "simulated"}
            self._send(200, {"object": "list", "data": [model]})
        else:
            self._send(
                404, {"error": {"message": f"no route {self.path}", "type": "simulated", "code": None}}
            )

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path != "/v1/chat/completions":
            self._send(
                404, {"error": {"message": f"no route {self.path}", "type": "simulated", "code": None}}
            )
            return
        fake = self.server_of
        fake.enter(1)
        try:
            request = Request(json.loads(body), {k.lower(): v for k, v in self.headers.items()})
            reply = fake.reply_to(request)
            if reply.wait is not None:
                reply.wait.wait(30)
        finally:
            fake.enter(-1)
        if reply.raw is not None:
            self._send_bytes(reply.status, reply.raw, "text/html", reply.headers)
        elif reply.error is not None:
            self._send(reply.status, {"error": reply.error}, reply.headers)
        else:
            self._send(reply.status, self._completion(request, reply), reply.headers)

    def _completion(self, request: Request, reply: Reply) -> dict[str, Any]:
        prompt, answer = self.server_of.tokens
        message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}
        completion = {
            "id": f"chatcmpl-simulated-{len(self.server_of.requests)}",
            "object": "chat.completion",
            "created": 0,
            "model": request.body["model"],
            "choices": [choice],
        }
        if reply.usage:
            completion["usage"] = {
                "prompt_tokens": prompt,
                "completion_tokens": answer,
                "total_tokens": prompt + answer,
            }
        return completion

    def _send(self, code: int, document: Any, headers: dict[str, str] | None = None) -> None:
        self._send_bytes(code, json.dumps(document).encode(), "application/json", headers or {})

    def _send_bytes(self, code: int, body: bytes, kind: str, headers: dict[str, str]) -> None:
        try:
            self.send_response(code)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except ConnectionError:
            self.close_connection = True  # the client was killed or gave up
