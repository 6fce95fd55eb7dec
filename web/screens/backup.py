"""Backup: what is on the disk, a copy of it, how to restore one, and what a bug report needs."""

from __future__ import annotations

from fastapi import Request

from concepts.workbench import Workbench
from storage.backup import uploads_left_out
from web.http.roles import OWNER
from web.page import Shown, WebPage
from web.render import render


def build(workbench: Workbench, page: WebPage) -> None:
    area = page.area("backup")

    def show(request: Request) -> Shown:
        library = workbench.library.info()
        html = render(
            "settings/backup.html",
            about=workbench.installation.about(),
            restore=f"discern library reembed {library.encoder or 'auto'}",
            owner=request.state.role >= OWNER,
            uploads=uploads_left_out(workbench.context.settings.home),
        )
        return {area: html}

    page.opens = show
