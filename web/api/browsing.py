"""Your pictures by folder, order and filter, and what their cameras wrote into them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from concepts.installation.activity import JobView
from concepts.library.browsing import PicturePage
from concepts.library.dates import Camera
from concepts.library.filters import PictureSelection
from concepts.workbench import Workbench
from concepts.workbench.browsing import FolderView
from web.api.shared import LONG, MOST, Accepted, AuthorName, PictureId


class Asked(PictureSelection):
    """`cursor` is the `older` or `newer` of another page of the same."""

    limit: int = Field(default=50, ge=1, le=MOST)
    cursor: str = Field(default="", max_length=1000)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/library")
    accepted = Accepted(workbench)

    @router.get("/pictures")
    def list_pictures(asked: Annotated[Asked, Query()], author: AuthorName) -> PicturePage:
        """Pictures, newest first, or what fits folder, search and filters, in another order. `answered` is
        about your own answers for `concept`, `says` about what its newest version makes of a picture."""
        return workbench.browsing.page(asked, asked.limit, asked.cursor, author=author)

    @router.get("/folders")
    def list_folders(folder: Annotated[str, Query(max_length=4096)] = "") -> list[FolderView]:
        """The folders right inside of one; without `folder` the one that everything is in."""
        return workbench.browsing.folders(folder)

    @router.get("/formats")
    def list_formats() -> list[str]:
        """The formats that pictures of the library have."""
        return workbench.browsing.formats()

    @router.get("/pictures/{picture_id}/camera")
    def get_camera(picture_id: PictureId, position: bool = False) -> Camera:
        """What the picture's file says of how it was taken; where only with `position`."""
        return workbench.browsing.camera(picture_id, position=position)

    @router.post("/dates", **LONG)
    def read_dates(response: Response) -> JobView:
        """Asks the files of pictures that were added by an older version when they were taken."""
        return accepted(workbench.browsing.submit_read_dates(), response)

    return router
