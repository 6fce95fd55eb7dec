"""What versions say of pictures that are sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile
from starlette.concurrency import run_in_threadpool

from concepts.bundle.decisions import PicturesSaid
from concepts.workbench import Workbench

MOST_PICTURES = 32  # in one request; a folder is `scores`


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.post("/classify")
    async def classify(
        picture: Annotated[
            list[UploadFile],
            File(min_length=1, max_length=MOST_PICTURES, description="Picture files, at most 50 MB in all."),
        ],
        concept: Annotated[list[str], Form(description="Names; all that have a version if left out.")] = [],  # noqa: B006
        version: Annotated[
            int | None, Form(ge=1, le=2**31 - 1, description="An older version, of one concept alone.")
        ] = None,
    ) -> PicturesSaid:
        """What versions of concepts say of pictures that are sent: how probable, yes or no, and which to look
        at yourself. Nothing of them is kept."""
        sent = [(file.filename or "", await file.read()) for file in picture]
        return await run_in_threadpool(workbench.scoring.classify, sent, concept, version=version)

    return router
