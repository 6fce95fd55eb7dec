"""Files to take away: bundles and scores. Made by the Workbench, named by version or job, never by path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from concepts.workbench import Workbench
from web.api.shared import MEDIA_TYPES

Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]
FRESH = {"Cache-Control": "private, no-cache"}


def download_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/app", include_in_schema=False)

    @router.get("/bundles/{version}.zip")
    def bundle(
        version: Number,
        concept: str,
        also: Annotated[tuple[str, ...], Query(max_length=100)] = (),
        page: bool = False,
    ) -> FileResponse:
        """The bundle of a version, written when it is first asked for."""
        return _file(workbench.concept(concept).exports.bundle(version, also, page=page))

    @router.get("/rule.zip")
    def rule(name: str, page: bool = False) -> FileResponse:
        """The bundle of a kept rule, written when it is first asked for."""
        return _file(workbench.rules.archive(name, page=page))

    @router.get("/scores/{job}")
    def scores(job: Number) -> FileResponse:
        """What a finished job scored."""
        return _file(workbench.scoring.file(job))

    @router.get("/version.html")
    def version(
        concept: str, version: Annotated[int, Query(ge=1, le=2**31 - 1)], classifier: bool = False
    ) -> FileResponse:
        """A version as one file for whoever has no Discern."""
        return _file(workbench.concept(concept).exports.page(version, classifier))

    return router


def _file(path: Path) -> FileResponse:
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], filename=path.name, headers=FRESH)
