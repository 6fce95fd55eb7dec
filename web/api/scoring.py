"""How sure a version is of every picture: the library, or new files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, File, Form, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from concepts.bundle.decisions import PicturesSaid
from concepts.classifier.library_scores import ScoreOrder
from concepts.classifier.versions import ScoredPage
from concepts.errors import ConflictError
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.api.shared import LONG, Accepted, Body, ConceptName, Limit, Offset, VersionNumber

MOST_PICTURES = 32  # in one request; a folder is `scores`
Pictures = Annotated[
    list[UploadFile],
    File(min_length=1, max_length=MOST_PICTURES, description="Picture files, at most 50 MB in all."),
]


class Score(Body):
    """A folder, file or archive of the computer Discern runs on, as a full path; empty for the library."""

    path: str = Field("", max_length=4096)
    format: Literal["csv", "parquet"] = "csv"


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()
    accepted = Accepted(workbench)

    @router.get("/concepts/{name}/versions/{version}/scores")
    def list_scores(
        name: ConceptName,
        version: VersionNumber,
        order: ScoreOrder = "top",
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> ScoredPage:
        """The library from the top, from the bottom, or around the threshold. The newest version's top and
        bottom also use the answers to pictures that look alike, which says nothing of the exported file."""
        page = workbench.versions.scored_pictures(name, order, version=version, start=offset, size=limit)
        if page is None:
            raise ConflictError(
                "This version has not looked at the library yet. POST to library-scores first."
            )
        return page

    @router.post("/classify")
    async def classify(
        picture: Pictures,
        concept: Annotated[list[str], Form(description="Names; all that have a version if left out.")] = [],  # noqa: B006
    ) -> PicturesSaid:
        """What the newest versions of concepts say of pictures that are sent: how probable, yes or no, and
        which to look at yourself. Nothing of them is kept."""
        return await _classified(picture, concept, None)

    @router.post("/concepts/{name}/versions/{version}/classify")
    async def classify_with(name: ConceptName, version: VersionNumber, picture: Pictures) -> PicturesSaid:
        """The same of one version."""
        return await _classified(picture, [name], version)

    async def _classified(
        files: Sequence[UploadFile], names: Sequence[str], version: int | None
    ) -> PicturesSaid:
        sent = [(file.filename or "", await file.read()) for file in files]
        return await run_in_threadpool(workbench.exports.classify, sent, names, version=version)

    @router.post("/concepts/{name}/versions/{version}/library-scores", **LONG)
    def score_library(name: ConceptName, version: VersionNumber, response: Response) -> JobView:
        """Has a version look at every picture of the library."""
        return accepted(workbench.versions.submit_score_library(name, version), response)

    @router.post("/concepts/{name}/versions/{version}/scores", **LONG)
    def score_files(name: ConceptName, version: VersionNumber, body: Score, response: Response) -> JobView:
        """Scores new pictures, or the library, into a file: `GET /jobs/{job_id}/scores`."""
        return accepted(workbench.exports.submit_score_files(name, version, body.path, body.format), response)

    @router.get(
        "/jobs/{job_id}/scores",
        response_class=FileResponse,
        responses={
            200: {
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in ("text/csv", "application/vnd.apache.parquet")
                }
            }
        },
    )
    def download_scores(job_id: VersionNumber) -> FileResponse:
        """The file that a scoring job wrote."""
        file = workbench.exports.scores_file(job_id)
        kind = "text/csv" if file.suffix == ".csv" else "application/vnd.apache.parquet"
        return FileResponse(file, media_type=kind, filename=file.name)

    return router
