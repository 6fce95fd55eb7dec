"""What is sent to an event of the page or to a named endpoint, looked at before Gradio does.

Gradio takes any value for any field, answers some with a traceback, loads what an address in a `FileData`
points to, and keeps the results of calls that nobody collects. So values have the types of their fields here,
and nobody has many calls waiting.
"""

from __future__ import annotations

import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.http.problems import problem

RUNS = re.compile(r"/gradio_api/(?:run|api|call/(?:v2/)?([^/]*)|queue/join)(?:/.*)?")
COLLECTS = re.compile(r"/gradio_api/(?:queue/data|call/(?:v2/)?[^/]+/([^/]+))/?")
NOT_A_CALL = "This request does not call an endpoint. GET /gradio_api/info lists them."
TOO_MANY = "Too many of your calls wait to be collected. Collect their results first, or ask again later."
WAITING = 20  # calls of one person whose results nobody has collected yet,
FORGOTTEN = 600  # seconds after which one counts no more

# What a browser sends of a component, by its type. Of others it sends nothing to any handler.
TEXT, NUMBER, MANY = (str, type(None)), (int, float, type(None)), (list, type(None))
FITS: dict[str, Callable[[Any], bool]] = {
    "textbox": lambda value: isinstance(value, TEXT),
    "datetime": lambda value: isinstance(value, TEXT),
    "radio": lambda value: isinstance(value, (str, int, float, type(None))),
    "dropdown": lambda value: isinstance(value, (str, int, float, type(None))) or _are_plain(value),
    "checkbox": lambda value: isinstance(value, (bool, type(None))),
    "checkboxgroup": lambda value: value is None or _are_plain(value),
    "slider": lambda value: isinstance(value, NUMBER) and not isinstance(value, bool),
    "number": lambda value: isinstance(value, NUMBER) and not isinstance(value, bool),
    "state": lambda value: value is None,
    "html": lambda value: not _names_a_file(value),  # of a view: what it shows now
    "api": lambda value: isinstance(value, (str, int, float, bool, type(None))),
}


class Calls:
    """Plain ASGI, behind the guard and in front of Gradio."""

    def __init__(self, app: ASGIApp, config: Mapping[str, Any]) -> None:
        """`config`: of the `gr.Blocks`."""
        self.app = app
        types = {one["id"]: one["type"] for one in config["components"]}
        events = config["dependencies"]
        self._inputs = {one["id"]: [types[i] for i in one["inputs"]] for one in events}
        self._named = {one["api_name"]: one["id"] for one in events if one["api_visibility"] == "public"}
        self._waiting: dict[str, dict[str, float]] = defaultdict(dict)  # person → call → since when

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
        elif scope["method"] == "POST" and (run := RUNS.fullmatch(scope["path"])):
            await self._run(run[1], Request(scope, receive), receive, send)
        else:
            if scope["method"] == "GET" and (collects := COLLECTS.fullmatch(scope["path"])):
                self._collect(_person(scope), collects[1] or _session(scope))
            await self.app(scope, receive, send)

    async def _run(self, name: str | None, request: Request, receive: Receive, send: Send) -> None:
        scope = request.scope
        try:
            sent = await request.json()
            fits = self._fits(name, sent)
        except HTTPException as error:
            await problem(error.status_code, error.detail)(scope, receive, send)
            return
        except ClientDisconnect:
            return
        except (ValueError, RecursionError):
            fits = False
        if not fits:
            await problem(422, NOT_A_CALL, kind="invalid-request")(scope, receive, send)
            return
        waits = "/run/" not in scope["path"] and "/api/" not in scope["path"].removeprefix("/gradio_api")
        person = _person(scope)
        if waits and self._count(person) >= WAITING:
            await problem(429, TOO_MANY, headers={"Retry-After": "60"})(scope, receive, send)
            return
        body = bytearray()

        async def noted(message: Message) -> None:
            body.extend(message.get("body", b""))
            if waits and message["type"] == "http.response.body" and not message.get("more_body"):
                self._waits(person, bytes(body), str(sent.get("session_hash") or ""))
            await send(message)

        await self.app(scope, _again(await request.body(), receive), noted)

    def _fits(self, name: str | None, sent: Any) -> bool:
        """Whether this calls an event with values that its fields may have."""
        if not isinstance(sent, dict) or not isinstance(data := sent.get("data"), list):
            return False
        if not isinstance(sent.get("session_hash", ""), TEXT):
            return False
        number = self._named.get(name) if name is not None else sent.get("fn_index")
        if type(number) is not int or (types := self._inputs.get(number)) is None:
            return False
        return len(data) == len(types) and all(
            kind in FITS and FITS[kind](value) for kind, value in zip(types, data, strict=True)
        )

    # Who waits for what

    def _count(self, person: str) -> int:
        old = time.monotonic() - FORGOTTEN
        waiting = {call: since for call, since in self._waiting.pop(person, {}).items() if since > old}
        if waiting:
            self._waiting[person] = waiting
        return len(waiting)

    def _waits(self, person: str, answer: bytes, session: str) -> None:
        try:
            event = str(json.loads(answer)["event_id"])
        except (ValueError, KeyError, TypeError):  # refused
            return
        self._waiting[person][f"{session or event} {event}"] = time.monotonic()

    def _collect(self, person: str, what: str) -> None:
        for call in [one for one in self._waiting.get(person, ()) if what in one.split()]:
            del self._waiting[person][call]


def _are_plain(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, (str, int, float, bool)) for one in value)


def _names_a_file(value: Any) -> bool:
    """Whether Gradio would take any of it for a file, and load what its address leads to."""
    if isinstance(value, dict):
        return bool({"path", "url", "meta"} & value.keys()) or any(map(_names_a_file, value.values()))
    return isinstance(value, list) and any(map(_names_a_file, value))


def _person(scope: Scope) -> str:
    """The login, and the address where strangers share one."""
    address = scope["client"][0] if scope.get("client") else ""
    return f"{scope['state'].get('user')} {address}"


def _session(scope: Scope) -> str:
    query = parse_qs(str(scope["query_string"], "latin-1"))
    return query.get("session_hash", [""])[0]


def _again(body: bytes, receive: Receive) -> Receive:
    read: list[Message] = [{"type": "http.request", "body": body}]

    async def again() -> Message:
        return read.pop() if read else await receive()

    return again
