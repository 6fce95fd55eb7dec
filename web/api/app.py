"""The API as an application of its own, so that its errors and its OpenAPI document are its own."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

from concepts import __version__
from concepts.use_cases import App
from web.api import by_hand
from web.api.operations import add_operations
from web.api.shared import BoundedRoute
from web.http.problems import RESPONSES, describe_problems, handle_problems, kinds
from web.http.repeated import Repeated, describe_keys
from web.http.screening import STRICT_POLICY
from web.render import render

PREFIX = "/api/v1"
ABOUT = """Everything Discern can do, for programs. A small program is in `docs/rest.md`.

**Work that takes long** answers 202 with a job; ask `GET /jobs/{job_id}` until its `state` is `done`,
`failed` or `cancelled`. **Errors** are `application/problem+json` (RFC 9457). **Lists** that can be long come
in pages of at most 200. **Whatever changes something** takes an `Idempotency-Key`: a request that is sent
again with it counts once. Where Discern has users, send a name and password (HTTP Basic)."""
TAGS = {
    "settings": "Changing settings, and files to take away.",
}  # which no declaration has


def create_api(app: App) -> FastAPI:
    api = FastAPI(
        title="Discern",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
        responses=RESPONSES,
        generate_unique_id_function=lambda route: route.name,
        openapi_tags=[{"name": name, "description": about} for name, about in TAGS.items()],
    )
    api.router.route_class = BoundedRoute
    describe_problems(api)
    describe_keys(api)
    api.add_middleware(Repeated, installed=app)
    handle_problems(api)
    api.include_router(by_hand.routes(app))
    api.include_router(by_hand.label_file_routes(app), tags=["labelling"])
    add_operations(api, app)

    @api.get("/docs", include_in_schema=False)
    def reference() -> Response:
        """The OpenAPI document as a page that is read, made here: nothing comes from elsewhere."""
        page = render("reference.html", document=api.openapi(), prefix=PREFIX, problems=list(kinds()))
        return HTMLResponse(page, headers={"Content-Security-Policy": STRICT_POLICY})

    return api
