"""How sure a version is of every picture: the library, or new files."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse
from pydantic import Field

from concepts.classifier.library_scores import ScoreOrder
from concepts.classifier.versions import ScoredPage
from concepts.errors import ConflictError
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.api.shared import LONG, Accepted, Body, ConceptName, Limit, Offset, VersionNumber


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
