"""The page: one `gr.Blocks` with a tab for each screen, which is made when somebody first goes there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from concepts.settings import Settings
from concepts.use_cases import App
from web.components import early
from web.components.rail import Rail
from web.endpoints import endpoints
from web.handlers import NEWEST, progress_on
from web.http.sign_in import check_exposure
from web.look import theme
from web.one_picture import OnePicture
from web.tabs import TABS
from web.way import Way

STYLE = Path(__file__).parent / "static" / "gradio.css"
RAIL = {"script": "/web/components/rail/rail.js", "style": "/web/style.css"}
# What every page asks for, told while its components are made.
EARLY = (
    *("rail/rail", "view/view", "viewer/viewer", "viewer/heat", "viewer/open", "theme", "protection"),
    *("comments", "elsewhere", "elements", "outbox", "scale"),
)
BESIDE = (
    "() => { for (const name of ['theme', 'protection'])"
    " import(new URL(`/web/components/${name}.js`, document.baseURI)); }"
)
VIEWS = {"trash": "trash", "collections": "albums", "map": "map"}  # of Library, in earlier addresses
SESSIONS = 300  # that Gradio keeps; each costs half a megabyte


class Page(gr.Blocks):
    """Gradio's page, served within an application that has REST, media and the guard: mounted in it, or
    launched by Gradio with all of its routes and middleware."""

    def __init__(self, app: App, settings: Settings) -> None:
        super().__init__(title="Discern", analytics_enabled=False, fill_width=True)
        with self:
            with gr.Row(elem_id="workbench"):
                with gr.Column(elem_id="rail-column", min_width=0, scale=0):
                    side = Rail({tab.path: tab.name for tab in TABS}, **RAIL, elem_id="rail")
                with gr.Column(elem_id="page"), gr.Tabs(elem_id="screens"), progress_on(side):
                    for tab in TABS:
                        with gr.Tab(tab.title, id=tab.name, elem_id=f"screen-{tab.name}"):
                            tab.build(app, _opened(side, tab.name))
            with progress_on(side):
                viewer = OnePicture(app)
                side.moved(Way(app).shown, None, side, **NEWEST)
                side.moved(viewer.page, None, viewer.view, **NEWEST)
            endpoints(app)
        self.state_session_capacity = SESSIONS
        self.settings = settings
        self.around: FastAPI | None = None

    def mount(self) -> None:
        """Puts it behind the routes that `around` has by now."""
        assert self.around is not None
        gr.mount_gradio_app(self.around, self, path="/", **_how())

    def launch(self, *where: Any, **how: Any) -> Any:
        """As Gradio's `launch`, wherever it is called: with the same guard and the same routes. Raises
        `SettingsError` where strangers could reach it and nothing asks who they are."""
        assert self.around is not None
        host = (
            "0.0.0.0" if how.get("share") else how.get("server_name") or os.environ.get("GRADIO_SERVER_NAME")
        )
        check_exposure(self.settings.model_copy(update={"host": host} if host else {}))
        around = {
            "middleware": self.around.user_middleware,
            "routes": self.around.routes,
            "exception_handlers": self.around.exception_handlers,
        }
        how = _how() | {"state_session_capacity": SESSIONS} | how
        return super().launch(*where, **how | {"app_kwargs": around | (how.get("app_kwargs") or {})})


def _opened(side: Rail, name: str) -> Callable[..., Any]:
    """Returns what `tab.build` calls to listen to the event that somebody opened the screen. The first
    listener's answer resets the screen, so the rail lets nobody press anything before it has come.

    By default Gradio drops an event while the same one is pending. `always_last` keeps the newest."""
    first = True

    def listen(*what: Any, **how: Any) -> Any:
        nonlocal first
        answered = getattr(side, f"to_{name}")(*what, trigger_mode="always_last", **how)
        if first:
            answered.then(
                None, js=f"() => {{ dispatchEvent(new CustomEvent('filled', {{detail: '{name}'}})); }}"
            )
        first = False
        return answered

    return listen


def _how() -> dict[str, Any]:
    return {
        "auth_dependency": lambda request: request.state.user,
        "run_history": False,
        "ssr_mode": False,
        "footer_links": [],
        "allowed_paths": [],
        "show_error": False,
        "theme": theme(),
        "css_paths": STYLE,
        "js": BESIDE,
        "head": early([f"/web/components/{name}.js" for name in EARLY]),
    }


def into_the_page(app: FastAPI) -> None:
    """The addresses of screens lead into the page, which shows them again."""
    for tab in TABS:
        if tab.path != "/":
            app.add_api_route(tab.path, _leads_to(tab.name), include_in_schema=False)


def _leads_to(name: str) -> Callable[[Request], RedirectResponse]:
    def lead(request: Request) -> RedirectResponse:
        view = VIEWS.get(request.query_params.get("view", ""), name) if name == "library" else name
        query = [("screen", view), *request.query_params.multi_items()]
        return RedirectResponse(f"/?{urlencode(query)}", status_code=307)

    return lead
