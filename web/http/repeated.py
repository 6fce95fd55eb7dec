"""Requests that are sent again because their answer was lost: what they changed is changed once."""

from __future__ import annotations

import hashlib
import logging
import re
from typing import Any

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts.results.webhooks import PREFIX
from concepts.use_cases import App
from storage.errors import StorageError
from storage.people import AnsweredRequests
from web.http.problems import problem

HEADER = "Idempotency-Key"
LONGEST = 200  # characters of a key
CONCEPT = re.compile(r"/concepts/([^/]+)")
LABELS = re.compile(r".*/concepts/[^/]+/labels")  # the log of labels keeps their keys for good
SIGNING = re.compile(rf"{PREFIX}[\w+/=]+")  # shown once, and kept in no database
CHANGING = ("POST", "PUT", "PATCH", "DELETE")
PARAMETER = {
    "name": HEADER,
    "in": "header",
    "schema": {"type": "string", "maxLength": LONGEST},
    "description": "Any text that is new for each request. The same again changes nothing and is answered "
    "like the first time.",
}

log = logging.getLogger(__name__)


def describe_keys(api: FastAPI) -> None:
    """Says in the document that whatever changes something takes a key."""
    plain = api.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        for methods in document["paths"].values():
            for method, route in methods.items():
                if method.upper() in CHANGING and PARAMETER not in route.setdefault("parameters", []):
                    route["parameters"].append(PARAMETER)
        return document

    api.openapi = openapi  # type: ignore[method-assign]  # as for problems


class Repeated:
    """Plain ASGI, around the API. A request with the key of one that was answered gets that answer again,
    for a day; where another request has the key, it is refused. What failed has changed nothing, and may be
    sent anew."""

    def __init__(self, app: ASGIApp, installed: App) -> None:
        self.app = app
        self._installed = installed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = Headers(scope=scope).get(HEADER, "") if scope["type"] == "http" else ""
        if not key or scope["method"] not in CHANGING:
            await self.app(scope, receive, send)
        elif len(key) > LONGEST:
            said = f"The {HEADER} is too long: at most {LONGEST} characters."
            await problem(422, said, kind="invalid-request")(scope, receive, send)
        elif LABELS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
        else:
            await self._answer(key, HashedRequest(scope, receive), send)

    async def _answer(self, key: str, asked: HashedRequest, send: Send) -> None:
        answered = AnsweredRequests(self._installed.database)
        user, path = asked.scope["state"]["user"] or "me", asked.scope["path"]
        name = hashlib.sha256(f"{user}\n{key}".encode()).hexdigest()
        if not await run_in_threadpool(answered.begin, name):
            said = "The first request with this key is not answered yet. Send it again in a moment."
            await problem(409, said, headers={"Retry-After": "1"})(asked.scope, asked.receive, send)
            return
        try:
            concept = await run_in_threadpool(self._concept, path)
            before = await run_in_threadpool(answered.find, name)
            # A concept may have left its name to another since: then this is about that one.
            if before and (before["path"] != path or concept is None or before["concept"] == concept):
                asked.scope["state"]["deed"] = ("", "")  # which was kept the first time
                again = Response(before["body"], before["status"], before["headers"])
                if before["request"] != await asked.whole():
                    said = f"Another request had this {HEADER}. Use a new one."
                    again = problem(422, said, kind="invalid-request")
                await again(asked.scope, asked.receive, send)
                return
            messages: list[Message] = []

            async def held(message: Message) -> None:
                messages.append(message)

            await self.app(asked.scope, asked.receive, held)
            if messages[0]["status"] < 400:
                try:
                    about = {"request": await asked.whole(), "path": path, "concept": concept}
                    await run_in_threadpool(answered.keep, name, about | _kept(messages))
                except StorageError:  # what was done is done, and whoever asked for it is told so
                    log.warning("an answer could not be kept for its key", exc_info=True)
            for message in messages:  # not before: whoever has the answer may rely on its being kept
                await send(message)
        finally:
            await run_in_threadpool(answered.end, name)

    def _concept(self, path: str) -> int | None:
        """The id of the one in an address."""
        named = CONCEPT.search(path)
        found = self._installed.store.find(named[1]) if named else None
        return found.id if found else None


class HashedRequest:
    """A request whose body is hashed while it comes."""

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self._receive = receive
        query = scope.get("query_string", b"").decode("latin-1")
        self._hash = hashlib.sha256(f"{scope['method']} {scope['path']}?{query}\n".encode())
        self._has_more = True

    async def receive(self) -> Message:
        message = await self._receive()
        self._hash.update(message.get("body", b""))
        self._has_more = message.get("more_body", False)
        return message

    async def whole(self) -> str:
        """What tells it from others, once all of it is here. A body that is too large is none of ours."""
        try:
            while self._has_more:
                await self.receive()
        except HTTPException:
            return ""
        return self._hash.hexdigest()


def _kept(messages: list[Message]) -> dict[str, Any]:
    start, *rest = messages
    told = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    headers = {name: value for name, value in told if name != "content-length"}  # the body may be shorter
    body = b"".join(message.get("body", b"") for message in rest).decode()
    return {"status": start["status"], "headers": headers, "body": SIGNING.sub("", body)}
