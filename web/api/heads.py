"""Trained versions: train, measure, compare, go back, download."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import FileResponse, HTMLResponse, PlainTextResponse
from pydantic import BaseModel, Field

from concepts.classifier.quality import HeadView, QualityView
from concepts.classifier.robustness import Robustness
from concepts.classifier.versions import VersionComparison
from concepts.installation.activity import JobView
from concepts.learning.heads import HEADS
from concepts.learning.target import Side
from concepts.publishing.smaller import Int8Measured
from concepts.workbench import Workbench
from concepts.workbench.certificates import CertificateView
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName, Limit, Offset, VersionNumber
from web.http.downloads import version_file

Number = Annotated[int, Query(ge=1, le=2**31 - 1)]


class Train(Body):
    """`target`: what the threshold is for: f1, precision=0.9 or recall=0.9. `head`: how it learns; `auto`
    takes what suits the answers."""

    target: str = Field("f1", max_length=60)
    head: str = Field("auto", max_length=60, json_schema_extra={"enum": list(HEADS)})


class Threshold(Body):
    threshold: float = Field(gt=0, lt=1)


class Line(Body):
    """`at_least`: what share of the pictures above the line is to be right or, with `side` no, below it not
    to count. `version`: the newest if left out."""

    side: Side = "yes"
    at_least: float = Field(0.9, ge=0.5, le=0.99)
    version: int | None = Field(None, ge=1, le=2**31 - 1)


class Version(BaseModel):
    """The number of a version that was kept."""

    number: int


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")
    accepted = Accepted(workbench)

    @router.get("/versions")
    def list_versions(name: ConceptName, limit: Limit = 50, offset: Offset = 0) -> list[HeadView]:
        """Every trained version with its newest figures, the oldest first."""
        return workbench.versions.versions(name, limit, offset)

    @router.post("/versions", **LONG)
    def train_version(name: ConceptName, body: Train, response: Response) -> JobView:
        """Trains a new version from all answers, measures it and scores the library with it."""
        job_id = workbench.versions.submit_train(name, target=body.target, head=body.head)
        return accepted(job_id, response)

    @router.get("/versions/{version}")
    def get_version(name: ConceptName, version: VersionNumber) -> HeadView:
        """One version with its newest figures."""
        return workbench.versions.version(name, version)

    @router.post("/versions/{version}/evaluate", **LONG)
    def evaluate_version(name: ConceptName, version: VersionNumber, response: Response) -> JobView:
        """Measures a version again, on the answers as they are now."""
        get_version(name, version)
        return accepted(workbench.versions.submit_evaluation(name, version), response)

    @router.get("/versions/{version}/quality")
    def version_quality(name: ConceptName, version: VersionNumber) -> QualityView:
        """How good a version is at every threshold, with intervals and counts."""
        return workbench.versions.quality(name, version=version)

    @router.post("/versions/{version}/robustness", **LONG)
    def examine_robustness(name: ConceptName, version: VersionNumber, response: Response) -> JobView:
        """Looks at answered pictures again after small changes, such as blur or a crop."""
        return accepted(workbench.steadiness.submit(name, version), response)

    @router.get("/robustness")
    def newest_robustness(name: ConceptName) -> Robustness | None:
        """How steady a version was when that was last looked at; null before."""
        return workbench.steadiness.newest(name)

    @router.post("/versions/{version}/threshold", status_code=201)
    def set_threshold(
        name: ConceptName, version: VersionNumber, body: Threshold, author: AuthorName
    ) -> Version:
        """Keeps a version with another threshold as the newest one."""
        return Version(number=workbench.versions.set_threshold(name, version, body.threshold, author=author))

    @router.post("/versions/{version}/use-again", status_code=201)
    def use_version_again(name: ConceptName, version: VersionNumber, author: AuthorName) -> Version:
        """Goes back to a version by keeping it once more as the newest one."""
        return Version(number=workbench.versions.use_again(name, version, author=author))

    @router.get("/certificate")
    def newest_certificate(name: ConceptName, side: Side = "yes") -> CertificateView | None:
        """How far certifying a line of this side is; null before anybody asked for one."""
        return workbench.certificates.state(name, side)

    @router.post("/certificate", status_code=201)
    def begin_certificate(name: ConceptName, body: Line, author: AuthorName) -> CertificateView:
        """Draws the pictures whose blind answers certify a line. With purpose “evaluation” they are asked
        about first."""
        return workbench.certificates.begin(
            name, body.at_least, side=body.side, version=body.version, author=author
        )

    @router.post("/certificate/keep", status_code=201)
    def keep_certificate(name: ConceptName, author: AuthorName, side: Side = "yes") -> Version:
        """Keeps the certified line of this side as the newest version, beside one of the other side."""
        return Version(number=workbench.certificates.finish(name, side=side, author=author))

    @router.get("/compare")
    def compare_versions(name: ConceptName, one: Number, other: Number) -> VersionComparison:
        """Two versions on the same evaluation pictures."""
        return workbench.versions.compare_versions(name, one, other)

    @router.get(
        "/versions/{version}/card",
        response_class=PlainTextResponse,
        responses={200: {"content": {"text/markdown": {"schema": {"type": "string"}}}}},
    )
    def model_card(name: ConceptName, version: VersionNumber) -> PlainTextResponse:
        """The model card, in Markdown."""
        return PlainTextResponse(workbench.exports.model_card(name, version), media_type="text/markdown")

    @router.post("/versions/{version}/int8", **LONG)
    def measure_int8(
        name: ConceptName,
        version: VersionNumber,
        response: Response,
        also: Annotated[tuple[str, ...], Query(max_length=100)] = (),
    ) -> JobView:
        """Makes an encoder in int8 from pictures of the library, half as large and faster, and measures what
        it changes for this version and for the newest ones of the concepts `also`."""
        return accepted(workbench.exports.submit_measure_int8(name, version, also), response)

    @router.get("/versions/{version}/int8")
    def int8_measured(
        name: ConceptName,
        version: VersionNumber,
        also: Annotated[tuple[str, ...], Query(max_length=100)] = (),
    ) -> Int8Measured | None:
        """What that said last; null before."""
        return workbench.exports.int8_measured(name, version, also)

    @router.get(
        "/versions/{version}/bundle",
        response_class=FileResponse,
        responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def download_bundle(
        name: ConceptName,
        version: VersionNumber,
        also: Annotated[tuple[str, ...], Query(max_length=100)] = (),
        page: bool = False,
        int8: bool = False,
    ) -> FileResponse:
        """The classifier as a zip of files that run anywhere; with the newest versions of the concepts `also`
        in the same file. With a `page` that scores pictures in a browser; in `int8` where that was measured
        first."""
        archive = workbench.exports.archive(name, version, also, page=page, int8=int8)
        return FileResponse(archive, media_type="application/zip", filename=archive.name)

    @router.get("/versions/{version}/page", response_class=HTMLResponse)
    def version_page(name: ConceptName, version: VersionNumber, classifier: bool = False) -> HTMLResponse:
        """What the version means, how good it is and where it fails, as one HTML file for people who have no
        Discern, with up to eighteen small pictures. With the `classifier` in it, which is tens of megabytes,
        it looks at pictures too, without a network."""
        return version_file(workbench, name, version, classifier)

    return router
