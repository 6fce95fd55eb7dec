"""Your pictures: add, browse, search."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field
from starlette.concurrency import run_in_threadpool

from concepts.installation.activity import JobView
from concepts.library.browsing import BadFile, PictureDetail
from concepts.library.collection import LibraryInfo
from concepts.library.search import Hit
from concepts.library.uploads import typed_paths
from concepts.workbench import Workbench
from concepts.workbench.captions import CaptionHit, ColumnsReport
from concepts.workbench.neighbours import NeighboursReport, VectorsOnDisk
from concepts.workbench.scores import Heat
from concepts.workbench.words import WordsState
from web.api.label_files import A_FILE, FileName, FormatName, received
from web.api.shared import LONG, Accepted, AuthorName, Body, Limit, Offset, PictureId, Reader

Within = Annotated[
    int | None, Query(alias="in", ge=1, le=2**31 - 1, description="Of one collection alone, by its number.")
]


class AddPictures(Body):
    """Folders, pictures, zip archives or lists of the computer Discern runs on, as full paths. `encoder` is
    for a library without pictures."""

    paths: list[Annotated[str, Field(min_length=1, max_length=4096)]] = Field(min_length=1, max_length=1000)
    encoder: str | None = Field(None, max_length=500)


class Check(Body):
    """`repair`: also make again what is missing or damaged."""

    repair: bool = False


class FindNeighbours(Body):
    """`anew`: of all pictures, not only of new ones."""

    anew: bool = False


class Reembed(Body):
    """`encoder`: auto, embedded, ARCHITECTURE/TAG, hf-hub:NAME or local-dir:FOLDER."""

    encoder: str = Field(min_length=1, max_length=500)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/library")
    accepted = Accepted(workbench)

    @router.get("")
    def library_info() -> LibraryInfo:
        """What is in the library, and which encoder it uses."""
        return workbench.pictures.library_info()

    @router.get("/pictures/{picture_id}")
    def get_picture(picture_id: PictureId, reader: Reader) -> PictureDetail:
        """Everything the library knows of one picture. A labeller gets what others said of it for a concept
        once they have answered for that."""
        found = workbench.pictures.picture(picture_id)
        return found if reader is None else found.as_read_by(reader)

    @router.get(
        "/pictures/{picture_id}/thumbnail",
        response_class=Response,
        responses={200: {"content": {"image/webp": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def get_thumbnail(picture_id: PictureId) -> Response:
        """WebP, at most 320 pixels on the long side."""
        return StreamingResponse(
            io.BytesIO(workbench.pictures.thumbnail(picture_id)), media_type="image/webp"
        )

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

    @router.post("/pictures", **LONG)
    def add_pictures(body: AddPictures, response: Response) -> JobView:
        """Adds pictures where they are. Add a folder again to take up what is new in it."""
        paths: list[Path] = typed_paths("\n".join(body.paths))
        return accepted(workbench.pictures.submit_add(paths, encoder=body.encoder), response)

    @router.post("/sample", **LONG)
    def add_sample(response: Response) -> JobView:
        """Gets the sample pictures and adds them."""
        return accepted(workbench.pictures.submit_sample(), response)

    @router.post("/check", **LONG)
    def check_library(body: Check, response: Response) -> JobView:
        """Compares vectors, thumbnails and files with what the library says there is."""
        return accepted(workbench.pictures.submit_check(repair=body.repair), response)

    @router.get("/neighbours")
    def neighbours_state() -> NeighboursReport:
        """Of how many pictures it is known which others are nearest, and how well."""
        return workbench.look_alikes.report()

    @router.post("/neighbours", **LONG)
    def find_neighbours(body: FindNeighbours, response: Response) -> JobView:
        """Finds the nearest others of every picture that is new since the last time."""
        return accepted(workbench.look_alikes.submit_find(anew=body.anew), response)

    @router.get("/disk")
    def vectors_on_disk() -> VectorsOnDisk:
        """What pictures are searched and compared by, in bytes."""
        return workbench.look_alikes.disk()

    @router.post("/tidy", **LONG)
    def tidy_vectors(response: Response) -> JobView:
        """Removes from disk what only older states of the vectors have."""
        return accepted(workbench.look_alikes.submit_tidy(), response)

    @router.get("/bad-files")
    def list_bad_files(limit: Limit = 50, offset: Offset = 0) -> list[BadFile]:
        """Files that were skipped, and why."""
        return workbench.pictures.bad_files(limit, offset)

    @router.get("/search")
    def search(
        text: Annotated[str | None, Query(max_length=2000, description="Words to look for.")] = None,
        like: Annotated[list[PictureId], Query(max_length=20, description="Pictures to look like.")] = [],  # noqa: B006  # FastAPI copies it
        limit: Limit = 20,
        within: Within = None,
    ) -> list[Hit]:
        """Pictures by words, by pictures, or by both together."""
        return workbench.pictures.search(text, like=like, n=limit, within=within)

    @router.post("/captions", openapi_extra={"requestBody": A_FILE})
    async def keep_captions(
        request: Request, format: FormatName = "", file: FileName = "captions.csv"
    ) -> ColumnsReport:
        """Keeps what a file says of pictures of the library: captions, which can be searched, and any other
        columns, such as those of img2dataset about safety. Values that are known change nothing."""
        async with received(request, file) as path:
            return await run_in_threadpool(workbench.captions.import_file, path, format=format)

    @router.get("/words")
    def words_state() -> WordsState:
        """In how many pictures words were looked for."""
        return workbench.words.state()

    @router.post("/words", **LONG)
    def read_words(response: Response) -> JobView:
        """Reads the words in every picture in which nobody has yet, behind other work. What is added later is
        read, too. Needs Discern's extra `words`."""
        return accepted(workbench.words.submit(), response)

    @router.get("/captions")
    def search_captions(
        text: Annotated[str, Query(min_length=1, max_length=2000, description="Words to look for.")],
        limit: Limit = 20,
        offset: Offset = 0,
    ) -> list[CaptionHit]:
        """Pictures of which a caption holds every one of the words, whatever their case, or in which they
        stand."""
        return workbench.captions.search(text, limit, offset)

    @router.post("/reembed", **LONG)
    def reembed(body: Reembed, response: Response) -> JobView:
        """Embeds all pictures with another encoder, then uses that one. Classifiers must be trained again."""
        return accepted(workbench.pictures.submit_reembed(body.encoder), response)

    return router
