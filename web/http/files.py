"""Files over HTTP: those from the browser, streamed to disk, and those to take away: bundles and scores, made
by use cases and named by version or job, never by path."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi import Path as PathParameter
from fastapi.responses import FileResponse

from concepts.library.uploads import uploads_of
from concepts.results.bundles import export_bundle, export_page
from concepts.results.rules import export_rule_bundle
from concepts.results.scores import score_file
from concepts.use_cases import App
from web.api.shared import MEDIA_TYPES

Number = Annotated[int, PathParameter(ge=1, le=2**31 - 1)]


def file_routes(app: App) -> APIRouter:
    router = APIRouter()

    def sent(path: Path) -> FileResponse:
        headers = {"Cache-Control": "private, no-cache"}
        return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], filename=path.name, headers=headers)

    @router.get("/app/bundles/{version}.zip")
    def bundle(
        version: Number,
        concept: str,
        also: Annotated[tuple[str, ...], Query(max_length=100)] = (),
        page: bool = False,
    ) -> FileResponse:
        """The bundle of a version, written when it is first asked for."""
        return sent(export_bundle(app.concept(concept), version, also, page=page))

    @router.get("/app/rule.zip")
    def rule(name: str, page: bool = False) -> FileResponse:
        """The bundle of a kept rule, written when it is first asked for."""
        return sent(export_rule_bundle(app, name, page=page))

    @router.get("/app/scores/{job}")
    def scores(job: Number) -> FileResponse:
        """What a finished job scored."""
        return sent(score_file(app, job))

    @router.get("/app/version.html")
    def version(
        concept: str, version: Annotated[int, Query(ge=1, le=2**31 - 1)], classifier: bool = False
    ) -> FileResponse:
        """A version as one file for whoever has no Discern."""
        return sent(export_page(app.concept(concept), version, classifier))

    @router.post("/uploads")
    def begin() -> dict[str, str]:
        """A batch, which files are put into and which is then added as a whole."""
        return {"batch": uploads_of(app).begin()}

    @router.put("/uploads/{batch}/{name:path}")
    async def put(batch: str, name: str, request: Request) -> dict[str, str]:
        """One picture or zip archive as the body. Where it isn't taken, the answer says why."""
        size = request.headers.get("content-length", "")
        if not size.isdigit():
            raise HTTPException(411, "Say with Content-Length how many bytes are coming.")
        return {"name": await uploads_of(app).save(batch, name, int(size), request.stream())}

    return router
