"""Collections: sets of pictures with a name. A concept looks in one, several or everything."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as PathParam
from pydantic import Field, model_validator

from concepts.library.browsing import PictureView
from concepts.library.collections import By, ChangeView, CollectionView, ImportView, LooksIn
from concepts.workbench import Workbench
from concepts.workbench.collections import MOST_FOUND
from web.api.shared import AuthorName, Body, ConceptName, Limit, Offset, PictureId

MOST_PICTURES = 10_000  # of one request

CollectionNumber = Annotated[int, PathParam(ge=1, le=2**31 - 1)]
CollectionName = Annotated[str, Field(min_length=1, max_length=120)]


class Days(Body):
    """From one day to another, UTC: when pictures were `added`, or their `file` was last changed."""

    first: date
    last: date
    by: By = "added"


class Found(Body):
    """The `n` pictures nearest to words, as the search finds them now."""

    text: str = Field(min_length=1, max_length=2000)
    n: int = Field(ge=1, le=MOST_FOUND)


class NewCollection(Body):
    """With one of: a `folder`, whose later pictures join; the job of an `adding`; `days`; a `search`;
    `pictures`, of which there may be none."""

    name: CollectionName
    folder: str | None = Field(None, min_length=1, max_length=4096)
    adding: int | None = Field(None, ge=1, le=2**31 - 1)
    days: Days | None = None
    search: Found | None = None
    pictures: list[PictureId] | None = Field(None, max_length=MOST_PICTURES)

    @model_validator(mode="after")
    def _one_beginning(self) -> NewCollection:
        if (
            sum(one is not None for one in (self.folder, self.adding, self.days, self.search, self.pictures))
            != 1
        ):
            raise ValueError("Give one of folder, adding, days, search and pictures.")
        return self


class Rename(Body):
    name: CollectionName


class Some(Body):
    pictures: list[PictureId] = Field(min_length=1, max_length=MOST_PICTURES)


class Where(Body):
    """`collections`: numbers; none of them is everything."""

    collections: list[Annotated[int, Field(ge=1, le=2**31 - 1)]] = Field(max_length=200)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.get("/collections")
    def list_collections(limit: Limit = 50, offset: Offset = 0) -> list[CollectionView]:
        """Collections by name, with how many pictures they have and which concepts look in them."""
        return workbench.collections.all(limit, offset)

    @router.post("/collections", status_code=201)
    def make_collection(body: NewCollection, author: AuthorName) -> CollectionView:
        """Makes a collection. That of a folder goes on following it, the others change when somebody adds or
        takes pictures."""
        made = workbench.collections
        if body.folder is not None:
            return made.from_folder(body.name, body.folder, author=author)
        if body.adding is not None:
            return made.from_adding(body.name, body.adding, author=author)
        if body.days is not None:
            return made.from_dates(body.name, body.days.first, body.days.last, by=body.days.by, author=author)
        if body.search is not None:
            return made.from_search(body.name, body.search.text, body.search.n, author=author)
        return made.from_pictures(body.name, body.pictures or [], author=author)

    @router.get("/collections/{number}")
    def get_collection(number: CollectionNumber) -> CollectionView:
        """One of them, one in the trash too."""
        return workbench.collections.get(number)

    @router.post("/collections/{number}/rename")
    def rename_collection(number: CollectionNumber, body: Rename) -> CollectionView:
        """Gives it another name. Figures keep the one it had when they were measured."""
        return workbench.collections.rename(number, body.name)

    @router.get("/collections/{number}/pictures")
    def list_collection_pictures(
        number: CollectionNumber, limit: Limit = 50, after: PictureId | None = None
    ) -> list[PictureView]:
        """Its pictures by id, beginning behind `after`. Newest first: `GET /library/pictures?in=`."""
        return workbench.collections.pictures(number, limit, after or "")

    @router.post("/collections/{number}/pictures")
    def put_in_collection(number: CollectionNumber, body: Some, author: AuthorName) -> ChangeView | None:
        """Puts pictures in; null where all are in it already."""
        return workbench.collections.add(number, body.pictures, author=author)

    @router.post("/collections/{number}/pictures/take")
    def take_from_collection(number: CollectionNumber, body: Some, author: AuthorName) -> ChangeView | None:
        """Takes pictures out; null where none is in it. They stay in the library."""
        return workbench.collections.take(number, body.pictures, author=author)

    @router.get("/collections/{number}/changes")
    def list_collection_changes(number: CollectionNumber) -> list[ChangeView]:
        """What became of its pictures, the last change first."""
        return workbench.collections.changes(number)

    @router.post("/collections/{number}/changes/{change}/undo")
    def undo_collection_change(
        number: CollectionNumber, change: CollectionNumber, author: AuthorName
    ) -> ChangeView | None:
        """Takes one change back; null where nothing is left of it."""
        return workbench.collections.undo(number, change, author=author)

    @router.get("/addings")
    def list_addings() -> list[ImportView]:
        """The last addings that brought new pictures, to make collections of."""
        return workbench.collections.addings()

    @router.get("/concepts/{name}/looks-in")
    def looks_in(name: ConceptName) -> LooksIn:
        """Which collections a concept looks in, and how many pictures that are."""
        return workbench.collections.looked_in(name)

    @router.put("/concepts/{name}/looks-in")
    def look_in(name: ConceptName, body: Where, author: AuthorName) -> LooksIn:
        """Lets a concept look in these alone: nothing else is asked, mined, measured or counted for it.
        Answers stay, and figures keep the name of what they are of."""
        return workbench.collections.look_in(name, body.collections, author=author)

    return router
