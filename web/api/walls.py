"""Walls of pictures of every kind, to find the first that counts."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from concepts.labelling.selection import NextPicture
from concepts.workbench import Workbench
from web.api.labels import IdempotencyKey, kept_key
from web.api.shared import AuthorName, Body, ConceptName, PictureId

LARGEST = 60


class LookedThrough(Body):
    """`pictures`: all of the wall; `counts`: those of them that count. The others get no answer, and are on
    no other wall. `simulated`: no person looked; that is said wherever the answers count."""

    pictures: list[PictureId] = Field(min_length=1, max_length=LARGEST)
    counts: list[PictureId] = Field(default=[], max_length=LARGEST)
    simulated: bool = False


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}/wall")

    @router.get("")
    def next_wall(name: ConceptName) -> list[NextPicture]:
        """At most 60 pictures of every kind, none of which was on a wall before; the same until it was looked
        through. It takes a second or two of a large library."""
        return workbench.answers.wall(name)

    @router.post("", status_code=204)
    def look_through_wall(
        name: ConceptName, body: LookedThrough, author: AuthorName, idempotency_key: IdempotencyKey = None
    ) -> None:
        """Commits what counts on a wall, and that the rest was looked through. Only then is it answered."""
        key = kept_key(author, workbench.context.concept(name).id, idempotency_key)
        workbench.answers.through_wall(
            name, body.pictures, body.counts, author=author, key=key, simulated=body.simulated
        )

    return router
