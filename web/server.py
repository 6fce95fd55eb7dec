"""The web app: FastAPI with the screens, media and REST, and Gradio's endpoints once a program asks."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from contextvars import Context
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from concepts import __version__
from concepts.results.library import picture_count
from concepts.use_cases import App
from concepts.visitors import Sandboxes
from web.api.app import create_api
from web.blocks import Page, into_the_page
from web.http.access import Access
from web.http.calls import Calls
from web.http.files import file_routes
from web.http.guard import Guard
from web.http.login import login_routes
from web.http.media import map_routes, media_routes
from web.http.problems import handle_problems
from web.http.request_log import RequestLog
from web.http.static import FromMemory, Scripts
from web.http.turns import Turns
from web.http.visitors import Visitors, each_visitors, visitor_routes
from web.render import render

STATIC = Path(__file__).parent / "static"
HERE = Path(__file__).parent
ASSETS = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
FOR_GOOD = "public, max-age=31536000, immutable"  # their names change with what is in them
OF_PROGRAMS = re.compile(r"/(api|gradio_api|web)(/.*)?")


def create_app(installed: App, sandboxes: Sandboxes | None = None) -> FastAPI:
    """The application that `python app.py` serves: REST, media and, behind them, the page.

    `sandboxes`: of a demo, where every request works on its visitor's `App` instead.
    """
    page = create_page(installed, sandboxes)
    page.mount()
    assert page.around is not None
    return page.around


def create_page(installed: App, sandboxes: Sandboxes | None = None) -> Page:
    """The page, for whoever launches it as Gradio does; `around` has the rest."""
    page = Page(each_visitors() if sandboxes else installed, installed.settings)
    page.around = create_service(installed, sandboxes)
    page.around.user_middleware += [Middleware(Calls, config=page.config), Middleware(Turns)]  # the innermost
    return page


def create_service(installed: App, sandboxes: Sandboxes | None = None) -> FastAPI:
    """REST, media and the guard without the page, which takes half a second to make."""
    access = Access(installed.settings, installed.database)
    visitors = Visitors(sandboxes, access) if sandboxes else None
    app = each_visitors() if visitors else installed
    served = FastAPI(title="Discern", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    served.add_middleware(
        CORSMiddleware
    )  # allows no origin; without it Gradio allows every one on other hosts
    served.add_middleware(
        GZipMiddleware, minimum_size=1000, compresslevel=5
    )  # 9 takes twice as long for the page
    served.add_middleware(NotFoundPage)
    served.add_middleware(Guard, access=access, visitors=visitors)
    handle_problems(served)
    served.add_middleware(RequestLog)

    @served.get("/healthz")
    def healthz() -> dict[str, str]:
        """Answers once the database can be read."""
        picture_count(installed)
        return {"status": "ok", "version": __version__}

    served.include_router(login_routes(access))
    if visitors:
        served.include_router(visitor_routes(visitors, access))
    served.include_router(media_routes(app))
    served.include_router(map_routes(app))
    served.include_router(file_routes(app))
    served.mount("/api/v1", Later(lambda: create_api(app)))
    for folder in ("components", "screens"):
        served.mount(f"/web/{folder}", Scripts(HERE / folder))
    served.mount("/web", FromMemory(STATIC))
    served.mount("/assets", FromMemory(ASSETS, cache_control=FOR_GOOD))  # before Gradio's own route
    into_the_page(served)
    return served


class NotFoundPage:
    """A page for who opens an address that isn't there. Programs, and what loads pictures or calls routes,
    which asks for no HTML, get the problem as it is. Plain ASGI, around all that answers."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        opens = scope["type"] == "http" and scope["method"] in ("GET", "HEAD")
        opens = opens and "text/html" in Headers(scope=scope).get("accept", "")
        if not opens or OF_PROGRAMS.fullmatch(scope["path"]):
            await self.app(scope, receive, send)
            return
        missing = False

        async def noted(message: Message) -> None:
            nonlocal missing
            missing = missing or (message["type"] == "http.response.start" and message["status"] == 404)
            if not missing:
                await send(message)

        await self.app(scope, receive, noted)
        if missing:
            headers = {"Cache-Control": "no-store", "Vary": "Accept"}
            await HTMLResponse(render("not_found.html"), 404, headers)(scope, receive, send)


class Later:
    """An application that is made when it is first asked: no start waits for what its first screen lacks.
    ASGI. Whoever asks first, or at the same time, waits until it is made."""

    def __init__(self, make: Callable[[], Starlette]) -> None:
        self._make = make
        self._made: Starlette | None = None
        self._lock = threading.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._made
        if app is None:
            app = await run_in_threadpool(self.made)
        await app(scope, receive, send)

    def made(self) -> Starlette:
        with self._lock:
            # Not in the context of a request: what is made for all must hold on to nothing of whoever asked.
            if self._made is None:
                self._made = Context().run(self._make)
            return self._made

    @property
    def routes(self) -> list[BaseRoute]:
        return self.made().routes
