"""The API as an application of its own, so that its errors and its OpenAPI document are its own."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response
from fastapi.routing import APIRoute

from concepts import __version__
from concepts.workbench import Workbench
from web.api import examples, label_files, library, review, scoring, settings, watches
from web.api.operations import add_operations
from web.api.reference import STYLE_HEADERS, reference_page
from web.http.problems import RESPONSES, describe_problems, handle_problems
from web.http.repeated import CHANGING, PARAMETER, Repeated

PREFIX = "/api/v1"
ABOUT = """Everything Discern can do, for programs. A small program is in `docs/rest.md`.

**Work that takes long** answers 202 with a job; ask `GET /jobs/{job_id}` until its `state` is `done`,
`failed` or `cancelled`. **Errors** are `application/problem+json` (RFC 9457). **Lists** that can be long come
in pages of at most 200. **Whatever changes something** takes an `Idempotency-Key`: a request that is sent
again with it counts once. Where Discern has users, send a name and password (HTTP Basic)."""
TAGS = (
    library,
    examples,
    label_files,
    review,
    scoring,
    watches,
    settings,
)


def create_api(workbench: Workbench) -> FastAPI:
    api = FastAPI(
        title="Discern",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        responses=RESPONSES,
        generate_unique_id_function=_operation_id,
        openapi_tags=[
            {"name": module.__name__.rpartition(".")[2], "description": module.__doc__} for module in TAGS
        ],
    )
    handle_problems(api)
    describe_problems(api)
    api.add_middleware(Repeated, workbench=workbench)
    for module in TAGS:
        api.include_router(module.routes(workbench), tags=[module.__name__.rpartition(".")[2]])

    add_operations(api, workbench)
    for route in api.routes:
        if isinstance(route, APIRoute) and CHANGING & (route.methods or set()):
            route.openapi_extra = (route.openapi_extra or {}) | {"parameters": [PARAMETER]}

    @api.get("/docs", include_in_schema=False)
    def reference() -> Response:
        """The OpenAPI document as a page that is read, made here: nothing comes from elsewhere."""
        return HTMLResponse(reference_page(api.openapi(), PREFIX), headers=STYLE_HEADERS)

    return api


def _operation_id(route: APIRoute) -> str:
    return route.name
