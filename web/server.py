"""The web app: FastAPI with the screens, media and REST, and Gradio's endpoints once a program asks."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from concepts import __version__
from concepts.visitors import Sandboxes
from concepts.workbench import Workbench
from web.api import create_api
from web.http.access import Access
from web.http.answers import answer_routes
from web.http.downloads import download_routes
from web.http.gradio import Endpoints
from web.http.guard import Guard
from web.http.later import Later
from web.http.login import login_routes
from web.http.map import map_routes
from web.http.media import media_routes
from web.http.not_found import NotFoundPage
from web.http.problems import handle_problems
from web.http.request_log import RequestLog
from web.http.screens import screen_routes
from web.http.uploads import upload_routes
from web.http.visitors import Visitors, each_visitors, visitor_routes
from web.screens import SCREENS

STATIC = Path(__file__).parent / "static"


def create_app(installed: Workbench, sandboxes: Sandboxes | None = None) -> FastAPI:
    """`sandboxes`: of a demo, where every request works on its visitor's Workbench instead."""
    access = Access(installed.context.settings, installed.context.database)
    visitors = Visitors(sandboxes, access) if sandboxes else None
    workbench = each_visitors() if visitors else installed
    app = FastAPI(title="Discern", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Endpoints, workbench=workbench)
    app.add_middleware(NotFoundPage)
    app.add_middleware(Guard, access=access, visitors=visitors)
    handle_problems(app)
    app.add_middleware(RequestLog)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Answers once the database can be read."""
        installed.library.count()
        return {"status": "ok", "version": __version__}

    app.include_router(login_routes(access))
    if visitors:
        app.include_router(visitor_routes(visitors, access))
    app.include_router(screen_routes(workbench, SCREENS))
    app.include_router(media_routes(workbench))
    app.include_router(map_routes(workbench))
    app.include_router(download_routes(workbench))
    app.include_router(upload_routes(workbench))
    app.include_router(answer_routes(workbench))
    app.mount("/api/v1", Later(lambda: create_api(workbench)))
    app.mount("/web", StaticFiles(directory=STATIC))
    return app
