"""Pictures that leave the library: into the bin, back, and away for good. Files are never touched."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from concepts.workbench.removing import BinPage, Moved
from web.api.shared import LONG, Accepted, AuthorName, Body, Limit, PictureId


class Pictures(Body):
    pictures: list[PictureId] = Field(min_length=1, max_length=1000)


class Empty(Body):
    """`refuse`: the same pictures shall not come in again. Only their ids are kept for that."""

    refuse: bool = False


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/library")
    accepted = Accepted(workbench)

    @router.delete("/pictures/{picture_id}")
    def remove_picture(picture_id: PictureId, author: AuthorName) -> Moved:
        """Puts a picture into the bin: it is shown, asked about and counted nowhere until it is put back."""
        return workbench.removing.remove([picture_id], author=author)

    @router.post("/bin")
    def remove_pictures(body: Pictures, author: AuthorName) -> Moved:
        """Puts several pictures into the bin, or none where one isn't in the library."""
        return workbench.removing.remove(body.pictures, author=author)

    @router.get("/bin")
    def list_bin(limit: Limit = 50, cursor: Annotated[str, Query(max_length=200)] = "") -> BinPage:
        """What is in the bin, removed last first. `cursor` is the `older` of another page."""
        return workbench.removing.bin(limit, cursor)

    @router.post("/bin/restore")
    def put_back_pictures(body: Pictures, author: AuthorName) -> Moved:
        """Puts pictures back into the library, with all that was said of them."""
        return workbench.removing.put_back(body.pictures, author=author)

    @router.post("/bin/empty", **LONG)
    def empty_bin(body: Empty, author: AuthorName, response: Response) -> JobView:
        """Takes away for good what is in the bin, with every answer, vector and small picture of it. Can't be
        undone; the job's result counts what went."""
        job = workbench.removing.submit_empty_bin(author=author, refuse=body.refuse)
        return accepted(job, response)

    return router
