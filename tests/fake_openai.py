"""A SIMULATED chat model behind a real OpenAI-compatible HTTP server on an ephemeral loopback port.

It speaks the wire format of /v1/models and /v1/chat/completions (choices, finish_reason, usage, refusal,
error objects) and understands nothing: what it says is scripted, or comes from a function of the request.

With `manner` it behaves as one of the servers in `manners.py`, and it can fail in every way that a server
can. Whether it `sees` is tested by the product itself: such pictures are read by simulated eyes, and neither
scripts nor `requests` notice.

    with FakeOpenAI(answer=lambda request: {"rating": 4}) as server:
        server.script(status(429, retry_after=2), says("no JSON"), refuses())   # then `answer` again
        ... base_url=server.base_url ...
        assert len(server.requests) == 4
"""

from __future__ import annotations

import base64
import json
import math
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local_server import Handler, LocalServer
from manners import MODEL, Manner
from seeing import reads

__all__ = ["MODEL", "FakeOpenAI", "Reply", "Request", "cut_off", "refuses", "says", "status"]

SIGHT = "one large digit in one colour"  # what the product says when it tests eyes
NO_ROUTE = {"error": {"message": "no such route", "type": "simulated", "code": None}}


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
        """json_schema, json_object_schema (a schema beside json_object), json_object or text."""
        asked = self.body.get("response_format", {})
        return str(asked.get("type", "text")) + ("_schema" if "schema" in asked else "")

    @property
    def tests_eyes(self) -> bool:
        return SIGHT in self.text and bool(self.pictures)

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
    reasoning_content: str | None = None
    finish_reason: str = "stop"
    refusal: str | None = None
    error: dict[str, Any] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    usage: bool = True
    raw: bytes | None = None  # sent as text/html in place of a completion
    breaks: bool = False  # the connection, in the middle of the body
    others: dict[str, float] = field(default_factory=dict)  # token → chance, in place of each token
    wait: threading.Event | None = None  # the reply is held back until it is set


def says(content: Any, **more: Any) -> Reply:
    """An answer: text as it is, anything else as JSON."""
    return Reply(content=content if isinstance(content, str) else json.dumps(content), **more)


def refuses(reason: str = "I can't help with that.") -> Reply:
    return Reply(refusal=reason)


def cut_off(content: str = '{"rating": ', **more: Any) -> Reply:
    return Reply(content=content, finish_reason="length", **more)


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


class FakeOpenAI(LocalServer):
    """The server. Scripted replies come first, then `answer(request)` (a `Reply`, text, or JSON-able).

    `rejects` maps a response format (of `Request.format`) to the status it is rejected with.
    """

    def __init__(
        self,
        answer: Callable[[Request], Any] | None = None,
        *,
        rejects: dict[str, int] | None = None,
        manner: Manner | None = None,
        sees: bool = True,
    ) -> None:
        self.answer = answer
        self.rejects = rejects or {}
        self.tokens = (100, 20)  # of each question and answer
        self.manner = manner or Manner("any")
        self.sees = sees
        self.looks_itself = False  # whether `answer` is asked about the pictures that test eyes, too
        self.requests: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._script: list[Reply] = []
        self._lock = threading.Lock()
        super().__init__(type("Handler", (_Handler,), {"server_of": self}))

    @property
    def base_url(self) -> str:
        return f"{self.address}{self.manner.root}{self.manner.query}"

    def script(self, *replies: Reply) -> None:
        with self._lock:
            self._script += replies

    def unscript(self) -> None:
        """What is still scripted is not said any more."""
        with self._lock:
            self._script.clear()

    def reply_to(self, request: Request) -> Reply:
        looks = request.tests_eyes and self.sees and not self.looks_itself
        with self._lock:
            if not looks:
                self.requests.append(request)
            if code := self.rejects.get(request.format):
                return status(code, f"response_format of type {request.format} is not supported")
            if (rejected := self._rejected(request)) is not None:
                return rejected
            if self._script and not looks:
                return self._script.pop(0)
        if looks:
            return self._in_form(request, says(reads(request.pictures[-1])))
        if request.pictures and not self.sees:
            return says("")
        if self.answer is None:
            return status(500, "nothing is scripted")
        answer = self.answer(request)
        return self._in_form(request, answer if isinstance(answer, Reply) else says(answer))

    def _rejected(self, request: Request) -> Reply | None:
        """As this server's manner is."""
        manner = self.manner
        reasons = [manner.rejects.get(request.format)]
        reasons += [manner.parameters[name] for name in manner.parameters if name in request.body]
        if request.pictures and not self.sees:
            reasons.append(manner.blind)
        for reason in filter(None, reasons):
            return status(reason.status, reason.message, param=reason.param)
        return None

    def _in_form(self, request: Request, reply: Reply) -> Reply:
        """Prose, where a form was asked for that this server takes and doesn't keep."""
        if request.format in self.manner.ignores and reply.content:
            return replace(reply, content="Certainly! Here is what I think about it.")
        return reply

    def enter(self, step: int) -> None:
        with self._lock:
            self._at_once += step
            self.most_at_once = max(self.most_at_once, self._at_once)


class _Handler(Handler):
    server_of: FakeOpenAI
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # noqa: N802
        manner = self.server_of.manner
        if self.path == f"{manner.root}/models{manner.query}" and manner.lists:
            model = {"id": MODEL, "object": "model", "created": 0, "owned_by": "simulated"}
            self._send(200, {"object": "list", "data": [model | manner.listed]})
        elif self.path == "/props" and manner.props is not None:
            self._send(200, manner.props)
        else:
            self._send(404, NO_ROUTE)

    def do_POST(self) -> None:  # noqa: N802
        body = self.body()
        fake, manner = self.server_of, self.server_of.manner
        if self.path != f"{manner.root}/chat/completions{manner.query}":
            self._send(404, NO_ROUTE)
            return
        if manner.key_in == "api-key" and ("Authorization" in self.headers or not self.headers["api-key"]):
            self._send(401, {"error": {"code": "401", "message": "Access denied due to invalid key."}})
            return
        fake.enter(1)
        try:
            request = Request(json.loads(body), {k.lower(): v for k, v in self.headers.items()})
            reply = fake.reply_to(request)
            if reply.wait is not None:
                reply.wait.wait(30)
        finally:
            fake.enter(-1)
        if reply.breaks:
            self._break(self._completion(request, reply))
        elif reply.raw is not None:
            self.send(reply.status, reply.raw, "text/html", reply.headers)
        elif reply.error is not None:
            said = (reply.error[part] for part in ("message", "code", "param"))
            self._send(reply.status, manner.error(reply.status, *said), reply.headers)
        else:
            self._send(reply.status, self._completion(request, reply), reply.headers)

    def _completion(self, request: Request, reply: Reply) -> dict[str, Any]:
        prompt, answer = self.server_of.tokens
        message = {"role": "assistant", "content": reply.content, "refusal": reply.refusal}
        if reply.reasoning_content is not None:
            message["reasoning_content"] = reply.reasoning_content
        choice = {"index": 0, "message": message, "finish_reason": reply.finish_reason, "logprobs": None}
        if request.body.get("logprobs") and self.server_of.manner.chances == "told":
            choice["logprobs"] = {"content": _logprobs(reply), "refusal": None}
        completion = {
            "id": f"chatcmpl-simulated-{len(self.server_of.requests)}",
            "object": "chat.completion",
            "created": 0,
            "model": request.body["model"],
            "choices": [choice],
        }
        if reply.usage and self.server_of.manner.usage:
            used = {"prompt_tokens": prompt, "completion_tokens": answer}
            completion["usage"] = used | {"total_tokens": prompt + answer}
        return completion

    def _send(self, code: int, document: Any, headers: dict[str, str] | None = None) -> None:
        self.send(code, json.dumps(document).encode(), "application/json", headers or {})

    def send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        try:
            super().send(status, body, kind, headers)
        except ConnectionError:
            self.close_connection = True  # the client was killed or gave up

    def _break(self, document: Any) -> None:
        """Half of the body, then nobody is there any more."""
        body = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2])
        self.wfile.flush()
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


def _logprobs(reply: Reply) -> list[dict[str, Any]]:
    """Every token surely, except where `others` could have stood."""

    def told(text: str, chance: float) -> dict[str, Any]:
        return {"token": text, "logprob": math.log(chance), "bytes": list(text.encode())}

    tokens = []
    for text in re.findall(r"\w+|\s+|[^\w\s]", reply.content or ""):
        others = reply.others if text in reply.others else {text: 1.0}
        top = [told(other, chance) for other, chance in others.items()]
        tokens.append(told(text, others[text]) | {"top_logprobs": top})
    return tokens
