"""Your pictures: where a score comes from, and a file that says something of them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool

from concepts.workbench import Workbench
from concepts.workbench.library import ColumnsReport
from concepts.workbench.operation import PictureId
from concepts.workbench.scores import Heat
from web.api.label_files import A_FILE, FileName, FormatName, received
from web.api.shared import AuthorName


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/library")

    @router.get("/pictures/{picture_id}/heat")
    def get_heat(
        picture_id: PictureId,
        concept: Annotated[str, Query(min_length=1, max_length=120, description="The concept's name.")],
        author: AuthorName,
        version: Annotated[
            int | None, Query(ge=1, le=2**31 - 1, description="Without it, the newest.")
        ] = None,
    ) -> Heat:
        """Where in a picture a version's score comes from. Refused for a picture that measures until whoever
        asks has answered it."""
        return workbench.concept(concept).scores.heat(picture_id, version=version, author=author)

    @router.post("/captions", openapi_extra={"requestBody": A_FILE})
    async def keep_captions(
        request: Request, format: FormatName = "", file: FileName = "captions.csv"
    ) -> ColumnsReport:
        """Keeps what a file says of pictures of the library: captions, which can be searched, and any other
        columns, such as those of img2dataset about safety. Values that are known change nothing."""
        async with received(request, file) as path:
            return await run_in_threadpool(workbench.library.keep_captions, path, format=format)

    return router
