"""The routes that no declaration makes: what is sent as files or comes as a stream, and who asks matters."""

from __future__ import annotations

import re
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import APIRouter, File, Form, Query, Request, Response, UploadFile
from fastapi import Path as PathParam
from fastapi.responses import FileResponse, JSONResponse, StreamingResponse
from pydantic import BaseModel, Field, SecretStr
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool

from concepts.bundle.decisions import PicturesSaid
from concepts.installation.activity import JobView, SettingsView
from concepts.installation.jobs import backup_of, log_of, save_endpoint_settings
from concepts.labelling.columns import ColumnsReport
from concepts.labelling.examples import GivenExample, give_example
from concepts.labelling.files import columns_given
from concepts.labelling.formats import FORMATS, written_formats
from concepts.labelling.label_files import (
    LabelFileView,
    import_label_file,
    label_meanings,
    preview_label_file,
    write_labels,
)
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewQueue
from concepts.results import library
from concepts.results.label_exports import What, download_labels
from concepts.results.review import begin_review, review_queue
from concepts.results.scores import Heat, classifier, heat_of
from concepts.results.watching import feed_of
from concepts.settings import Detail, Effort
from concepts.use_cases import App
from concepts.use_cases.parameters import MOST, Limit, Offset, PictureId
from concepts.use_cases.roles import Role
from storage.pictures.pixels import MAX_SENT_PIXELS
from web.api.shared import LONG, MEDIA_TYPES, AuthorName, Body, BoundedRoute, ConceptName, Reader, accepted
from web.http.pictures import MOST_PICTURES, PictureThreads, ReceivedPicture

PIXELS = f"at most {MAX_SENT_PIXELS // 1_000_000} million pixels"
FEED = "application/feed+json"
Number = Annotated[int, PathParam(ge=1, le=2**31 - 1)]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Without it, the newest.")]
Price = Annotated[str, Field(max_length=40)]
Model = Annotated[str, Field(max_length=200)]
BYTES: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
EXPORTED = [MEDIA_TYPES[suffix] for suffix in (".csv", ".json", ".jsonl", ".parquet", ".zip")]
A_FILE: dict[str, Any] = {
    "description": "The file, as it is; a folder of pictures as a zip archive. At most 50 MB.",
    "required": True,
    "content": {"application/octet-stream": BYTES},
}
FormatName = Annotated[
    str,
    Query(
        max_length=40,
        description="What the file is; empty where its name and content tell.",
        json_schema_extra={"enum": ["", *FORMATS]},
    ),
]
FileName = Annotated[str, Query(max_length=255, description="What the file is called.")]
Meanings = Annotated[
    list[Annotated[str, Field(max_length=300)]],
    Query(
        alias="as",
        max_length=1000,
        description="WORD=MEANING: what a word of the file means (yes, no, unsure, skip, leave-out, "
        "or a grade or class of the concept), where `*` is every other word.",
    ),
]
Columns = Annotated[
    list[Annotated[str, Field(max_length=300)]],
    Query(
        alias="column",
        max_length=20,
        description="OURS=HEADING of a table whose headings are others: path, id, label, author, comment, "
        "split or created, such as `label=category`.",
    ),
]


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


class BadRow(BaseModel):
    row: int
    reason: str


class ImportResult(BaseModel):
    """`unanswered` have no label yet, `left_out` a word that was said to mean nothing here;
    `kept_for_evaluation` asked to train but measure, `kept_for_training` asked to measure but train;
    `measuring` joined the test set as a random sample, and `sample` says what became of it.
    `unknown_pictures` of the bad rows are about no picture of the library."""

    imported: int
    unchanged: int
    unanswered: int
    left_out: int
    unknown_pictures: int
    kept_for_evaluation: int
    kept_for_training: int
    measuring: int
    sample: str
    bad_rows: list[BadRow] = Field(description="The first of the rows that can't be used.")
    bad: int = Field(description="How many those are in all.")


def file_of(media_type: str, content: dict[str, Any]) -> dict[str, Any]:
    """How a route says that it answers with a file of this kind."""
    return {"response_class": Response, "responses": {200: {"content": {media_type: content}}}}


def routes(app: App) -> APIRouter:
    router = APIRouter(route_class=BoundedRoute)
    turns = PictureThreads()

    @router.post("/concepts/{name}/examples", status_code=201, tags=["labelling"], name="give_example")
    async def give_example_by_hand(
        name: ConceptName,
        author: AuthorName,
        request: Request,
        picture: Annotated[UploadFile, File(description=f"A picture file, at most 50 MB and {PIXELS}.")],
        counts: Annotated[bool, Form(description="Whether it counts, or only looks as if.")] = True,
    ) -> GivenExample:
        """Makes a picture an example. One that the library has is that one; any other is kept with the
        concept: it is learned from and searched with, and never counted, asked about or measured with."""

        def give(sent: ReceivedPicture) -> GivenExample:
            return give_example(app.concept(name), sent.read(), counts=counts, author=author)

        (given,) = await turns.each(request, [picture], give)
        return given

    @router.get("/concepts/{name}/review", tags=["results"], name="review_queue")
    def list_review(
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
        return review_queue(app.concept(name), reason, limit, offset, reader=reader)

    @router.post("/concepts/{name}/review", tags=["results"], **LONG)
    def look_over(name: ConceptName, body: LookOverLabels, response: Response) -> JobView:
        """Checks all labels. Where some were given under an older description, the job that checks those is
        returned."""
        return accepted(app, begin_review(app.concept(name), budget=body.budget), response)

    @router.get(
        "/concepts/{name}/watches/{watch}/feed",
        tags=["results"],
        **file_of(FEED, {"schema": {"type": "object"}}),
    )
    def watch_feed(
        name: ConceptName, watch: Number, request: Request, limit: Limit = 50, offset: Offset = 0
    ) -> Response:
        """All that was flagged, as JSON Feed 1.1, the newest first."""
        site = str(request.base_url.replace(path="")).rstrip("/")
        address = str(request.url.replace(query=""))
        feed = feed_of(app.concept(name), watch, limit, offset, address=address, site=site)
        return JSONResponse(feed, media_type=FEED)

    @router.get("/library/pictures/{picture_id}/heat", tags=["library"])
    def get_heat(
        picture_id: PictureId,
        concept: Annotated[str, Query(min_length=1, max_length=120, description="The concept's name.")],
        author: AuthorName,
        version: Version = None,
    ) -> Heat:
        """Where in a picture a version's score comes from. Refused for a test picture until whoever asks
        has labelled it."""
        return heat_of(app.concept(concept), picture_id, version=version, author=author)

    @router.post("/library/captions", tags=["library"], openapi_extra={"requestBody": A_FILE})
    async def keep_captions(
        request: Request, format: FormatName = "", file: FileName = "captions.csv"
    ) -> ColumnsReport:
        """Keeps what a file says of pictures of the library: captions, which can be searched, and any other
        columns, such as those of img2dataset about safety. Values that are known change nothing."""
        async with received(request, file) as path:
            return await run_in_threadpool(library.keep_captions, app, path, format=format, confined=True)

    @router.post("/classify", tags=["results"])
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
        said = await run_in_threadpool(classifier, app, concept, version=version)
        found = await turns.each(request, picture, lambda sent: said(sent.name, sent.read))
        return PicturesSaid(pictures=tuple(found))

    @router.patch("/settings", tags=["settings"])
    def change_settings(body: SettingsChange) -> SettingsView:
        """Changes what is named. It counts from the next call on."""
        changes = body.model_dump(exclude_unset=True)
        if body.openai_api_key is not None:
            changes["openai_api_key"] = body.openai_api_key.get_secret_value()
        return save_endpoint_settings(app, changes)

    @router.get("/backup", tags=["settings"], **file_of("application/zip", BYTES))
    def download_backup(thumbnails: bool = False) -> Response:
        """Everything that can't be made again, as a zip. README.txt in it says how to restore."""
        headers = {"Content-Disposition": 'attachment; filename="discern-backup.zip"'}
        pieces = backup_of(app, thumbnails=thumbnails)
        return StreamingResponse(pieces, media_type="application/zip", headers=headers)

    @router.get("/log", tags=["settings"], **file_of("application/jsonl", {"schema": {"type": "string"}}))
    def download_log() -> Response:
        """What went wrong, to be attached to a bug report. It holds paths and names, no keys."""
        headers = {"Content-Disposition": 'attachment; filename="discern-log.jsonl"'}
        return Response(log_of(app), media_type="application/jsonl", headers=headers)

    return router


def label_file_routes(app: App) -> APIRouter:
    """Labels in and out of files: label files of this project, and files of other tools."""
    router = APIRouter(prefix="/concepts/{name}")
    turns = CapacityLimiter(1)  # a large file takes long, and much memory: no threads of other requests

    @router.post("/labels/preview", openapi_extra={"requestBody": A_FILE})
    async def preview_labels(
        name: ConceptName,
        request: Request,
        format: FormatName = "",
        file: FileName = "labels.csv",
        meanings: Meanings = [],  # noqa: B006  # FastAPI copies it
        columns: Columns = [],  # noqa: B006
    ) -> LabelFileView:
        """What is in a file, and nothing taken: its first rows, the words it labels with, in how many rows,
        and what each would mean; empty where it takes somebody to say. Headings without a meaning are an
        error that lists them with their first values."""
        async with received(request, file) as path:
            concept = app.concept(name)
            preview = partial(
                preview_label_file,
                concept,
                path,
                format=format,
                meanings=label_meanings(concept, meanings),
                columns=columns_given(columns),
            )
            found = await run_sync(preview, limiter=turns)
        return found.model_copy(update={"words": found.words[:MOST]})

    @router.post("/labels/import", openapi_extra={"requestBody": A_FILE})
    async def import_labels(
        name: ConceptName,
        author: AuthorName,
        request: Request,
        format: FormatName = "",
        file: FileName = "labels.csv",
        meanings: Meanings = [],  # noqa: B006  # FastAPI copies it
        columns: Columns = [],  # noqa: B006
        simulated: bool = False,
        random: Annotated[
            bool,
            Query(
                description="The pictures were drawn with equal chances from the concept's scope: they test. "
                "Rows with split=train still train."
            ),
        ] = False,
    ) -> ImportResult:
        """Imports labels from a file. Labels already there change nothing. Bad rows are listed, and are
        an error where there is no other. Words without a meaning are an error that lists them, and then
        nothing is taken."""

        def take_in(path: Path) -> ImportResult:
            concept = app.concept(name)
            report = import_label_file(
                concept,
                path,
                format=format,
                meanings=label_meanings(concept, meanings),
                columns=columns_given(columns),
                author=author,
                simulated=simulated,
                for_others=request.state.role >= Role.OWNER,
                random=random,
            )
            bad = report.pop("bad_rows")
            return ImportResult(**report, bad_rows=bad[:MOST], bad=len(bad))

        async with received(request, file) as path:
            return await run_sync(take_in, path, limiter=turns)

    @router.get(
        "/labels/export",
        response_class=Response,
        responses={200: {"content": dict.fromkeys(EXPORTED, BYTES) | {"application/json": {}}}},
    )
    def export_labels(
        name: ConceptName,
        reader: Reader,
        format: Annotated[str, Query(max_length=40, json_schema_extra={"enum": written_formats()})] = "csv",
        what: Annotated[
            What,
            Query(description="Labelled pictures, all with the newest version's score, or both."),
        ] = "answers",
    ) -> Response:
        """Labels as a file, which `labels/import` takes again; a format that is a folder as a zip archive.
        Without scores, CSV and JSONL have every current label, an annotator's too. A labeller gets others'
        labels of a picture after labelling it."""
        concept = app.concept(name)
        folder = tempfile.TemporaryDirectory()
        try:
            if format in ("csv", "jsonl") and what == "answers":
                out = Path(folder.name) / f"labels.{format}"
                write_labels(concept, out, reader=reader)
            else:
                out = download_labels(concept, format, Path(folder.name), what=what, reader=reader)
        except BaseException:
            folder.cleanup()
            raise
        return FileResponse(
            out,
            media_type=MEDIA_TYPES[out.suffix],
            filename=out.name,
            background=BackgroundTask(folder.cleanup),
        )

    return router


@asynccontextmanager
async def received(request: Request, name: str) -> AsyncIterator[Path]:
    """The body of a request as a file of this name, as far as a file system takes it."""
    safe = re.sub(r"[^\w.-]+", "-", name.replace("\\", "/").rpartition("/")[2]).lstrip(".-")[-100:]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / (safe or "labels.csv")
        with path.open("wb") as out:
            async for piece in request.stream():
                out.write(piece)
        yield path
