"""Backup: what is on the disk, a copy of it, how to restore one, and what a bug report needs."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.installation.jobs import about_installation
from concepts.results.library import library_info
from concepts.use_cases import App
from storage.backup import uploads_left_out
from web.handlers import PLAIN, calls
from web.http.roles import OWNER
from web.parts import data_view
from web.screens.settings.head import HERE, head_view, headed
from web.words import size

PATH = "/settings/backup"


class Backup:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        head, backup = head_view("backup"), data_view(HERE / "backup.html", "backup")
        opened(self.open, None, [head, backup], **PLAIN)

    @calls(about_installation)
    def open(self, request: gr.Request) -> list[Any]:
        about, library = about_installation(self._app), library_info(self._app)
        packages = {"Python": about.python, **about.packages}
        return [
            headed(PATH, request),
            {
                "disk": f"Database {size(about.database_bytes)}, disk {size(about.free_bytes)} free.",
                "home": about.home,
                "owner": request.state.role >= OWNER,
                "uploads": uploads_left_out(self._app.settings.home),
                "restore": f"discern library reembed {library.encoder or 'auto'}",
                "version": f"Discern {about.version}",
                "packages": [{"name": name, "version": version} for name, version in packages.items()],
            },
        ]
