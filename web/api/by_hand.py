"""The routes that no declaration makes: what is sent as files or comes as a stream, and who asks matters."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParam
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import Field, SecretStr
from starlette.concurrency import run_in_threadpool

from concepts.bundle.decisions import PicturesSaid
from concepts.installation.activity import JobView, SettingsView
from concepts.installation.users import Role
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewQueue
from concepts.settings import Detail, Effort
from concepts.workbench import Workbench
from concepts.workbench.columns import ColumnsReport
from concepts.workbench.concept_views import GivenExample
from concepts.workbench.operation import Limit, Offset, PictureId
from concepts.workbench.scores import Heat
from storage.pictures.pixels import MAX_SENT_PIXELS
from web.api.label_files import A_FILE, BYTES, FileName, FormatName, received
from web.api.shared import LONG, Accepted, AuthorName, Body, BoundedRoute, ConceptName
from web.http.pictures import MOST_PICTURES, PictureThreads, ReceivedPicture

PIXELS = f"at most {MAX_SENT_PIXELS // 1_000_000} million pixels"
FEED = "application/feed+json"
Number = Annotated[int, PathParam(ge=1, le=2**31 - 1)]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Without it, the newest.")]
Price = Annotated[str, Field(max_length=40)]
Model = Annotated[str, Field(max_length=200)]


class LookOverLabels(Body):
    """`budget` in US dollars for labels given under an older description, which the concept's annotator is
    asked about. What was labelled until it ends is kept."""

    budget: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)


class SettingsChange(Body):
    """What is left out stays; null takes a setting away. Prices are USD per million tokens, input/output;
    `prices` has one "model input/output" a line, for models whose role has no price of its own.
    `picture_side` is in pixels, `request_timeout` in seconds, `request_fields` a JSON object."""

    openai_base_url: Annotated[str, Field(max_length=500)] | None = None
    openai_api_key: SecretStr | None = Field(None, max_length=500)
    llm_model: Model | None = None
    vlm_model: Model | None = None
    large_vlm_model: Model | None = None
    critic_model: Model | None = None
    llm_price: Price | None = None
    vlm_price: Price | None = None
    large_vlm_price: Price | None = None
    critic_price: Price | None = None
    prices: Annotated[str, Field(max_length=20_000)] | None = None
    model_concurrency: int | None = Field(None, ge=1, le=64)
    reasoning_effort: Effort | None = None
    answer_tokens: int | None = Field(None, ge=375, le=200_000)
    picture_side: int | None = Field(None, ge=128, le=4096)
    picture_detail: Detail | None = None
    request_timeout: int | None = Field(None, ge=5, le=3600)
    request_fields: Annotated[str, Field(max_length=20_000)] | None = None


def file_of(media_type: str, content: dict[str, Any]) -> dict[str, Any]:
    """How a route says that it answers with a file of this kind."""
    return {"response_class": Response, "responses": {200: {"content": {media_type: content}}}}


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(route_class=BoundedRoute)
    accepted, turns = Accepted(workbench), PictureThreads()

    @router.post("/concepts/{name}/examples", status_code=201, tags=["examples"])
    async def give_example(
        name: ConceptName,
        author: AuthorName,
        request: Request,
        picture: Annotated[UploadFile, File(description=f"A picture file, at most 50 MB and {PIXELS}.")],
        counts: Annotated[bool, Form(description="Whether it counts, or only looks as if.")] = True,
    ) -> GivenExample:
        """Makes a picture an example. One that the library has is that one; any other is kept with the
        concept: it is learned from and searched with, and never counted, asked about or measured with."""

        def give(sent: ReceivedPicture) -> GivenExample:
            return workbench.concept(name).examples.give(sent.read(), counts=counts, author=author)

        (given,) = await turns.each(request, [picture], give)
        return given

    @router.get("/concepts/{name}/review", tags=["review"])
    def review_queue(
        name: ConceptName,
        request: Request,
        author: AuthorName,
        reason: Reason | None = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> ReviewQueue:
        """Lists labels worth a second look, and how well people agree. Label them with `POST …/labels` and
        `in_view`, because the reason was seen: such labels change no figure. Label `blind` rows without it:
        others' labels show after that."""
        reader = author if request.state.role >= Role.LABELLER else None
        return workbench.review.queue(name, reason, limit, offset, reader=reader)

    @router.post("/concepts/{name}/review", tags=["review"], **LONG)
    def look_over(name: ConceptName, body: LookOverLabels, response: Response) -> JobView:
        """Checks all labels. Where some were given under an older description, the job that checks those is
        returned."""
        return accepted(workbench.review.submit(name, budget=body.budget), response)

    @router.get(
        "/concepts/{name}/watches/{watch}/feed",
        tags=["watches"],
        **file_of(FEED, {"schema": {"type": "object"}}),
    )
    def watch_feed(
        name: ConceptName, watch: Number, request: Request, limit: Limit = 50, offset: Offset = 0
    ) -> Response:
        """All that was flagged, as JSON Feed 1.1, the newest first."""
        site = str(request.base_url.replace(path="")).rstrip("/")
        address = str(request.url.replace(query=""))
        watches = workbench.concept(name).watches
        return JSONResponse(watches.feed(watch, limit, offset, address=address, site=site), media_type=FEED)

    @router.get("/library/pictures/{picture_id}/heat", tags=["library"])
    def get_heat(
        picture_id: PictureId,
        concept: Annotated[str, Query(min_length=1, max_length=120, description="The concept's name.")],
        author: AuthorName,
        version: Version = None,
    ) -> Heat:
        """Where in a picture a version's score comes from. Refused for a test picture until whoever asks
        has labelled it."""
        return workbench.concept(concept).scores.heat(picture_id, version=version, author=author)

    @router.post("/library/captions", tags=["library"], openapi_extra={"requestBody": A_FILE})
    async def keep_captions(
        request: Request, format: FormatName = "", file: FileName = "captions.csv"
    ) -> ColumnsReport:
        """Keeps what a file says of pictures of the library: captions, which can be searched, and any other
        columns, such as those of img2dataset about safety. Values that are known change nothing."""
        async with received(request, file) as path:
            return await run_in_threadpool(
                workbench.library.keep_captions, path, format=format, confined=True
            )

    @router.post("/classify", tags=["scoring"])
    async def classify(
        request: Request,
        picture: Annotated[
            list[UploadFile],
            File(
                min_length=1,
                max_length=MOST_PICTURES,
                description=f"Picture files, at most 50 MB in all, each of {PIXELS}.",
            ),
        ],
        concept: Annotated[list[str], Form(description="Names; all that have a version if left out.")] = [],  # noqa: B006
        version: Annotated[
            int | None, Form(ge=1, le=2**31 - 1, description="An older version, of one concept alone.")
        ] = None,
    ) -> PicturesSaid:
        """What versions of concepts say of pictures that are sent: how probable, yes or no, and which to look
        at yourself. Nothing of them is kept."""
        said = await run_in_threadpool(workbench.scoring.classifier, concept, version=version)
        found = await turns.each(request, picture, lambda sent: said(sent.name, sent.read))
        return PicturesSaid(pictures=tuple(found))

    @router.patch("/settings", tags=["settings"])
    def change_settings(body: SettingsChange) -> SettingsView:
        """Changes what is named. It counts from the next call on."""
        changes = body.model_dump(exclude_unset=True)
        if body.openai_api_key is not None:
            changes["openai_api_key"] = body.openai_api_key.get_secret_value()
        return workbench.installation.save_settings(changes)

    @router.get("/backup", tags=["settings"], **file_of("application/zip", BYTES))
    def download_backup(thumbnails: bool = False) -> Response:
        """Everything that can't be made again, as a zip. README.txt in it says how to restore."""
        headers = {"Content-Disposition": 'attachment; filename="discern-backup.zip"'}
        pieces = workbench.installation.backup(thumbnails=thumbnails)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @router.get("/log", tags=["settings"], **file_of("application/jsonl", {"schema": {"type": "string"}}))
    def download_log() -> Response:
        """What went wrong, to be attached to a bug report. It holds paths and names, no keys."""
        headers = {"Content-Disposition": 'attachment; filename="discern-log.jsonl"'}
        return Response(workbench.installation.log(), media_type="application/jsonl", headers=headers)

    return router
