"""Errors as problem details (RFC 9457): every error of the domain has a status and a type of its own.

REST and the small routes of the screens answer alike: routes raise, and this turns it into an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, get_args

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts import errors
from storage.disk import is_refusal, refused
from web.advice import in_words

MEDIA_TYPE = "application/problem+json"
FIRST = 10  # problems of a request that an answer names
LONGEST = 300  # characters of one


class Problem(BaseModel):
    """What went wrong. `detail` is for people and says what to do; `type` is for programs."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] = []  # of a request that isn't valid: where, and what is wrong, the first
    wrong: int = 0  # how many there are in all


RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, description in {
        400: "The request can't be read",
        401: "Log in first",
        403: "Not permitted here",
        404: "There is no such thing",
        409: "It doesn't go with how things stand",
        413: "Too large",
        415: "Not a kind of content that is taken",
        422: "The request isn't valid",
        429: "Too many tries to log in",
        502: "The model endpoint failed",
        503: "The data folder or the encoder can't be used now",
        507: "The disk is full",
    }.items()
}


def handle_problems(app: FastAPI) -> None:
    """Has an application answer every error with a problem, also of the middleware that it has by then."""
    app.add_middleware(_Around)

    @app.exception_handler(errors.DiscernError)
    def of_the_domain(request: Request, error: errors.DiscernError) -> Response:
        return _of_the_domain(error)

    @app.exception_handler(OSError)
    def of_the_disk(request: Request, error: OSError) -> Response:
        """What the disk refuses; any other is a mistake in the code."""
        if not is_refusal(error):
            raise error
        return _of_the_domain(refused(error, Path(error.filename or "the data folder")))

    @app.exception_handler(RequestValidationError)
    def of_the_request(request: Request, error: RequestValidationError) -> Response:
        found = error.errors()
        wrong = [
            {"where": ".".join(map(str, e["loc"]))[:LONGEST], "what": str(e["msg"])[:LONGEST]}
            for e in found[:FIRST]
        ]
        said = "; ".join(f"{item['where']}: {item['what']}" for item in wrong)
        if len(found) > FIRST:
            said += f"; and {len(found) - FIRST:,} more"
        unreadable = any(e["type"] == "json_invalid" for e in found[:FIRST])
        return problem(
            400 if unreadable else 422, said, kind="invalid-request", errors=wrong, wrong=len(found)
        )

    @app.exception_handler(HTTPException)
    def of_http(request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(UnicodeError)
    def of_encodings(request: Request, error: UnicodeError) -> Response:
        """Half of a surrogate pair: valid in JSON, but no text that could be kept."""
        return problem(422, f"The text can't be encoded as UTF-8: {error}", kind="invalid-request")


class _Around:
    """Plain ASGI: what stands around the routes reads the database, too, and fails as they do."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        has_begun = False

        async def sent(message: Message) -> None:
            nonlocal has_begun
            has_begun = True
            await send(message)

        try:
            await self.app(scope, receive, sent)
        except errors.DiscernError as error:
            if has_begun or scope["type"] != "http":
                raise
            await _of_the_domain(error)(scope, receive, send)


def _of_the_domain(error: errors.DiscernError) -> Response:
    wrong = _parts(error)
    return problem(
        error.http_status, in_words(error), kind=kind_of(error), errors=wrong[:FIRST], wrong=len(wrong)
    )


def _parts(error: errors.DiscernError) -> list[dict[str, Any]]:
    """Where in a file something is wrong, and what."""
    if isinstance(error, errors.NoUsableRowsError):
        return [{"where": f"row {number}", "what": reason} for number, reason in error.rows]
    if isinstance(error, errors.UnknownColumnsError):
        said = ((name, ", ".join(filter(None, values))) for name, values in error.columns)
        return [{"where": name[:LONGEST], "what": what[:LONGEST]} for name, what in said]
    if isinstance(error, errors.UnknownWordsError):
        return [{"where": word[:LONGEST], "what": f"{count:,} rows"} for word, count in error.words]
    return []


def describe_problems(api: FastAPI) -> None:
    """Puts `Problem` among the schemas, takes FastAPI's own errors out, which are never sent, and says how
    one logs in."""
    plain = api.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        schemas = document.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema()
        schemas.pop("HTTPValidationError", None)
        schemas.pop("ValidationError", None)
        document["components"]["securitySchemes"] = {"basic": {"type": "http", "scheme": "basic"}}
        document["security"] = [{}, {"basic": []}]
        return document

    api.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def problem(
    status: int,
    detail: str,
    *,
    kind: str = "about:blank",
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """`kind` is the end of the type's address; without one the status says it all."""
    title = RESPONSES[status]["description"] if status in RESPONSES else HTTPStatus(status).phrase
    address = kind if ":" in kind else f"/api/v1/docs#{kind}"
    body = {"type": address, "title": title, "status": status, "detail": detail} | more
    return JSONResponse(body, status, {"Cache-Control": "no-store"} | dict(headers or {}), MEDIA_TYPE)


def kind_of(error: errors.DiscernError | type[errors.DiscernError]) -> str:
    """BadPictureError → bad-picture: what the error says, or the most special class that has a status of its
    own."""
    if error.kind:
        return error.kind
    kind = error if isinstance(error, type) else type(error)
    name = next(one.__name__ for one in kind.__mro__ if "http_status" in vars(one)).removesuffix("Error")
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


def kinds() -> Iterator[tuple[str, int, str]]:
    """Every problem of its own, with its status and what it is, in words."""
    for error in _with_status(errors.DiscernError):
        yield kind_of(error), error.http_status, (error.__doc__ or "").split("\n\n")[0]
    for thing in get_args(errors.Thing):
        yield f"unknown-{thing}", errors.UnknownError.http_status, f"There is no such {thing}."
    cases = {case.kind: case for case in vars(errors).values() if isinstance(case, errors.Case) and case.kind}
    for kind, case in cases.items():
        if not kind.startswith("unknown-"):
            yield kind, case.status or case.error.http_status, re.sub(r"\{.*?\}", "…", case.said)


def _with_status(above: type[errors.DiscernError]) -> Iterator[type[errors.DiscernError]]:
    if "http_status" in vars(above):
        yield above
    for below in above.__subclasses__():
        yield from _with_status(below)
