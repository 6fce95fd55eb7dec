"""The page: one `gr.Blocks` with a tab for each screen, which is made when somebody first goes there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlencode

import gradio as gr
from fastapi import FastAPI, Request
from fastapi.responses import RedirectResponse

from concepts.workbench import Workbench
from web.components.rail import Rail
from web.handlers import PLAIN
from web.look import theme
from web.way import Way
from web.tabs import TABS

STYLE = Path(__file__).parent / "static" / "gradio.css"
RAIL = {"script": "/web/components/rail/rail.js", "style": "/web/style.css"}


VIEWS = {"trash": "trash", "collections": "albums", "map": "map"}  # of Library, in earlier addresses


def build(workbench: Workbench) -> gr.Blocks:
    with gr.Blocks(title="Discern", analytics_enabled=False, fill_width=True) as blocks:
        with gr.Row(elem_id="workbench"):
            with gr.Column(elem_id="rail-column", min_width=0, scale=0):
                side = Rail({tab.path: tab.name for tab in TABS}, **RAIL, elem_id="rail")
            with gr.Column(elem_id="page"), gr.Tabs(elem_id="screens"):
                for tab in TABS:
                    with gr.Tab(tab.title, id=tab.name, elem_id=f"screen-{tab.name}"):
                        tab.build(workbench, getattr(side, f"to_{tab.name}"))
        side.moved(Way(workbench).shown, None, side, **PLAIN)
    return blocks


def mount(app: FastAPI, workbench: Workbench) -> None:
    for tab in TABS:
        if tab.path != "/":
            app.add_api_route(tab.path, _into_the_page(tab.name), include_in_schema=False)
    blocks = build(workbench)
    blocks.state_session_capacity = 300  # each costs half a megabyte
    gr.mount_gradio_app(
        app,
        blocks,
        path="/",
        auth_dependency=lambda request: request.state.user,
        run_history=False,
        ssr_mode=False,
        footer_links=[],
        allowed_paths=[],
        show_error=False,
        theme=theme(),
        js="() => { for (const name of ['theme', 'protection']) import(`/web/components/${name}.js`); }",
        css_paths=STYLE,
    )


def _into_the_page(name: str) -> Callable[[Request], RedirectResponse]:
    """An address of a screen, as a link or a bookmark has it, leads into the page, which shows it again."""

    def lead(request: Request) -> RedirectResponse:
        view = VIEWS.get(request.query_params.get("view", ""), name) if name == "library" else name
        query = [("screen", view), *request.query_params.multi_items()]
        return RedirectResponse(f"/?{urlencode(query)}", status_code=307)

    return lead
