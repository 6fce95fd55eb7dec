"""The app as it is served but for its screens, whose building takes most of a second."""

from __future__ import annotations

from unittest import mock

import gradio as gr
from fastapi import FastAPI

from concepts.visitors import Sandboxes
from concepts.workbench import Workbench
from web import server


def app_without_screens(workbench: Workbench, sandboxes: Sandboxes | None = None) -> FastAPI:
    nothing = gr.Blocks(analytics_enabled=False)
    with mock.patch.object(server, "build_screens", return_value=nothing):
        app = server.create_app(workbench, sandboxes)
    nothing._queue.sleep_when_free = 1  # seconds: nothing is ever asked of it, and looking takes time
    return app
