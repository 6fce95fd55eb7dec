"""The web app: FastAPI with the media routes, and the Gradio screens mounted on it."""

from __future__ import annotations

from pathlib import Path

import gradio as gr
from fastapi import FastAPI

from concepts import __version__
from concepts.workbench import Workbench
from web.media import media_routes
from web.screens import library

STYLE = (Path(__file__).parent / "style.css").read_text(encoding="utf-8")


def create_app(workbench: Workbench) -> FastAPI:
    app = FastAPI(title="Discern", version=__version__, docs_url=None, redoc_url=None)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Answers once the database can be read."""
        workbench.library_info()
        return {"status": "ok", "version": __version__}

    app.include_router(media_routes(workbench))
    with gr.Blocks(title="Discern", analytics_enabled=False) as screens:
        library.build(workbench)
    return gr.mount_gradio_app(
        app, screens, path="/", css=STYLE, ssr_mode=False, footer_links=["settings"], allowed_paths=[]
    )
