"""Answers in and out of files: label files of this project, and files of other tools."""

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
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.background import BackgroundTask

from concepts.installation.users import Role
from concepts.labelling.files import columns_given
from concepts.labelling.formats import FORMATS, written_formats
from concepts.workbench import Workbench
from concepts.workbench.label_exports import What
from concepts.workbench.label_files import LabelFileView
from concepts.workbench.operation import MOST
from web.api.shared import MEDIA_TYPES, AuthorName, ConceptName, Reader
from web.http.guard import role_in

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


def routes(workbench: Workbench) -> APIRouter:
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
            files = workbench.concept(name).label_files
            preview = partial(
                files.preview,
                path,
                format=format,
                meanings=files.meanings(meanings),
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
            files = workbench.concept(name).label_files
            report = files.import_file(
                path,
                format=format,
                meanings=files.meanings(meanings),
                columns=columns_given(columns),
                author=author,
                simulated=simulated,
                for_others=role_in(request) >= Role.OWNER,
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
        concept = workbench.concept(name)
        folder = tempfile.TemporaryDirectory()
        try:
            if format in ("csv", "jsonl") and what == "answers":
                out = Path(folder.name) / f"labels.{format}"
                concept.label_files.export_file(out, reader=reader)
            else:
                out = concept.label_exports.download(format, Path(folder.name), what=what, reader=reader)
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
