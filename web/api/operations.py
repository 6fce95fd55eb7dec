"""Routes made from the use cases (`concepts.use_cases.use_case`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, get_args

import fastapi
from anyio import to_thread
from fastapi import Depends, FastAPI, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, create_model

from concepts.errors import NotAllowedError
from concepts.installation.activity import JobView
from concepts.rooms import declared_use_cases
from concepts.use_cases import App, UseCase
from concepts.use_cases.parameters import IN_PATH, Given, Parameter, keyword
from storage.database import one_moment
from web.api.shared import LONG, MEDIA_TYPES, AuthorName, ConceptName, Reader, accepted
from web.http.media import READING
from web.http.repeated import HEADER
from web.http.roles import ACTIONS, why_not


def permits(request: Request) -> Callable[[str, str], None]:
    """By the rule of the button of this name, which also says what the request is kept as."""

    def permit(deed: str, about: str) -> None:
        rule, state = ACTIONS[deed], request.state
        if refusal := why_not(rule, state.role, state.demo, state.full):
            raise NotAllowedError(refusal)
        state.deed = (rule.deed, f"{state.deed[1]} {about[:200]}")

    return permit


GIVEN = {
    Given.AUTHOR: AuthorName,
    Given.READER: Reader,
    Given.KEY: Annotated[str | None, fastapi.Header(alias=HEADER, include_in_schema=False)],
    Given.CONFINED: Annotated[bool, Depends(lambda: True)],
    Given.PERMIT: Annotated[Callable[[str, str], None], Depends(permits)],
}
WITH_BODY = ("POST", "PUT", "PATCH")


class WebP(Response):
    media_type = "image/webp"


class Markdown(PlainTextResponse):
    media_type = "text/markdown"


def add_operations(api: FastAPI, app: App) -> None:
    """Adds a route for each that has one, under its room's name."""
    routed = [one for one in declared_use_cases() if one.route]
    rooms = {one.room: one.about for one in routed}
    tags = [{"name": name, "description": about} for name, about in rooms.items()]
    api.openapi_tags = [*tags, *(api.openapi_tags or [])]
    for declared in routed:
        api.add_api_route(
            declared.path,
            _endpoint(declared, app),
            methods=[declared.verb],
            name=declared.operation_id,
            description=declared.summary,
            tags=[declared.room],
            **_answer(declared),
        )


def _answer(declared: UseCase) -> dict[str, Any]:
    if declared.is_job:
        return {**LONG, "response_model": JobView}
    if declared.result is Path:
        return {"response_class": FileResponse}
    if declared.result is bytes:
        content = {"image/webp": {"schema": {"type": "string", "format": "binary"}}}
        return {"response_class": WebP, "responses": {200: {"content": content}}}
    if declared.result is str:
        return {"response_class": Markdown, "response_model": None}
    if declared.result is type(None):
        return {"status_code": 204, "response_model": None}
    # "POST /trash" makes something; "POST /trash/restore" and what names one thing act on what is there.
    makes = declared.verb == "POST" and declared.route.removeprefix("POST /concepts/{name}").count("/") == 1
    status = 201 if makes else 200
    return {"status_code": status, "response_model": declared.result}


def _endpoint(declared: UseCase, app: App) -> Callable[..., Any]:
    """What FastAPI calls. Its signature is made of the method's parameters: those of the path, a query, and
    one `body` with the fields of the JSON body."""
    body = _body(declared)
    fields = list(body.model_fields) if body else []

    def answer(response: Response, sent: dict[str, Any]) -> Any:
        name = sent.pop("name") if declared.is_of_concept else ""
        if body:
            asked = sent.pop("body")
            sent |= {field: getattr(asked, field) for field in fields}
        with one_moment():
            result = declared.on(app, name)(**sent)
        if declared.is_job:
            return accepted(app, result.id, response)
        if isinstance(result, bytes):
            return WebP(result)
        if isinstance(result, Path):
            return FileResponse(result, media_type=MEDIA_TYPES.get(result.suffix), filename=result.name)
        return result

    async def endpoint(response: Response, **sent: Any) -> Any:
        limiter = READING if declared.verb == "GET" else None
        return await to_thread.run_sync(answer, response, sent, limiter=limiter)

    parameters = [keyword("response", Response)]
    if declared.is_of_concept:
        parameters.append(keyword("name", ConceptName))
    parameters += [_http(one, declared) for one in declared.parameters if one.name not in fields]
    if body:
        has_default = all(not field.is_required() for field in body.model_fields.values())
        parameters.append(keyword("body", body, body() if has_default else inspect.Parameter.empty))
    endpoint.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # FastAPI reads it
    return endpoint


def _http(parameter: Parameter, declared: UseCase | UseCase) -> inspect.Parameter:
    if parameter.given:
        has_default = parameter.given is Given.KEY
        return keyword(parameter.name, GIVEN[parameter.given], *([None] if has_default else []))
    field, kind, default = parameter.field, parameter.type, parameter.default
    about: Any = fastapi.Query(description=field.description, alias=field.alias)
    if parameter.name in IN_PATH.findall(declared.path):  # where it can't be left out
        about = fastapi.Path(description=field.description, alias=field.alias)
        kind = next((one for one in get_args(kind) if kind == one | None), kind)
        default = inspect.Parameter.empty
    annotation: Any = Annotated[(kind, *field.metadata, about)]
    return keyword(parameter.name, annotation, default)


def _body(declared: UseCase | UseCase) -> type[BaseModel] | None:
    if declared.verb not in WITH_BODY:
        return None
    fields: dict[str, Any] = {}
    for one in declared.parameters:
        if one.given is None and one.name not in IN_PATH.findall(declared.path):
            kind: Any = one.type
            fields[one.name] = (Annotated[kind, one.field], ... if one.is_required else one.default)
    if not fields:
        return None
    name = declared.operation_id.title().replace("_", "")
    return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
