"""The web app: FastAPI with media and static routes, and the Gradio screens mounted on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import gradio as gr
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from gradio.routes import App
from starlette.middleware.cors import CORSMiddleware

from concepts import __version__
from concepts.visitors import Sandboxes
from concepts.workbench import Workbench
from web.api import create_api
from web.gradio_sessions import keep_no_sessions
from web.http.access import Access
from web.http.answers import answer_routes
from web.http.downloads import download_routes
from web.http.events import Events
from web.http.guard import Guard
from web.http.kept_pages import KeptPages
from web.http.later import Later
from web.http.login import login_routes
from web.http.media import media_routes
from web.http.not_found import NotFoundPage
from web.http.problems import handle_problems
from web.http.protected import Protected
from web.http.renamed import Renamed
from web.http.request_log import RequestLog
from web.http.uploads import upload_routes
from web.http.visitors import Visitors, each_visitors, visitor_routes
from web.render import render
from web.screens import SCREENS
from web.shell import Screen, frame, rail

STATIC = Path(__file__).parent / "static"
LOOK_FOR_WORK = 0.01  # seconds
THEME = gr.themes.Base(
    primary_hue="stone", neutral_hue="stone", font=["Inter", "ui-sans-serif", "system-ui", "sans-serif"]
)


def create_app(installed: Workbench, sandboxes: Sandboxes | None = None) -> FastAPI:
    """`sandboxes`: of a demo, where every request works on its visitor's Workbench instead."""
    access = Access(installed.context.settings, installed.context.database)
    visitors = Visitors(sandboxes, access) if sandboxes else None
    workbench = each_visitors() if visitors else installed
    app = FastAPI(title="Discern", version=__version__, docs_url=None, redoc_url=None, openapi_url=None)
    screens = frozenset(screen.path for screen in SCREENS)
    blocks = _at_rest(build_screens(workbench, SCREENS))
    app.add_middleware(Events, known=blocks.fns)
    app.add_middleware(CORSMiddleware)  # no origin: without it Gradio lets pages of any port of this computer
    rails = {screen.path: partial(rail, workbench, SCREENS, screen) for screen in SCREENS}
    app.add_middleware(KeptPages, rails=rails)
    app.add_middleware(Protected, workbench=workbench, screens=screens)
    app.add_middleware(NotFoundPage)
    app.add_middleware(Renamed, workbench=workbench, screens=screens)
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
    app.include_router(media_routes(workbench))
    app.include_router(download_routes(workbench))
    app.include_router(upload_routes(workbench))
    app.include_router(answer_routes(workbench))
    app.mount("/api/v1", Later(lambda: create_api(workbench)))
    app.mount("/web", StaticFiles(directory=STATIC))
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=lambda request: request.state.user,
        run_history=False,
        theme=THEME,
        css_paths=[STATIC / "style.css"],
        head=render("scripts.html"),
        ssr_mode=False,
        footer_links=[],
        max_file_size="20mb",  # of what Gradio itself takes; pictures and zips go through our own route
        allowed_paths=[],
    )
    keep_no_sessions(blocks, app)
    return app


def _at_rest(blocks: gr.Blocks) -> gr.Blocks:
    """Its queue looks for work every 10 ms. By itself it does a thousand times a second, which takes three
    hundredths of a processor, and of a battery, while nobody does anything."""
    blocks._queue.sleep_when_free = LOOK_FOR_WORK
    blocks._queue.progress_update_sleep_when_free = 10 * LOOK_FOR_WORK
    return blocks


def build_screens(workbench: Workbench, screens: Sequence[Screen]) -> gr.Blocks:
    """Every screen as a page of one Blocks app, each in the same frame.

    Gradio's own `route` makes an app of all pages so far at the end of each: seven times the work, in which
    the last alone is used. So pages are told to the Blocks while it is open, as `route` tells them.
    """
    first, *others = screens
    blocks: gr.Blocks
    with _made_into_no_app(), gr.Blocks(title="Discern", analytics_enabled=False, fill_width=True) as blocks:
        gr.components.Navbar(visible=False)
        with frame():
            first.build(workbench, blocks)
        for screen in others:
            blocks.current_page = screen.path.strip("/")
            blocks.pages.append((blocks.current_page, screen.title, False))  # not in Gradio's own navigation
            with frame():
                screen.build(workbench, blocks)
    return blocks


@contextmanager
def _made_into_no_app() -> Iterator[None]:
    """A Blocks makes an app of itself when it begins and when it ends; who mounts it makes one more and uses
    that. An app of Gradio is sixty routes, which take a tenth of a second or more."""
    made = vars(App)["create_app"]
    App.create_app = lambda *_, **__: None  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        App.create_app = made  # type: ignore[method-assign]
