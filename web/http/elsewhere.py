"""Answers to pictures that a person comes across outside of Label: in the library, in what a search found,
among what a version flags or gets wrong.

A response means that the answers are committed. Where no opinion of the machine stands beside a picture, one
that measures does so once its turn comes in the order drawn, so it makes no difference where it was answered.
Where one does, as on Quality and Use, the page says so, and the answer measures nothing.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator

from concepts.labelling.dataset import AnswerCount
from concepts.workbench import Workbench
from concepts.workbench.operation import PictureId
from storage.labels import Author
from web.http.answers import LARGEST_GRID, Comment, Together
from web.http.guard import author_of


class Elsewhere(Together):
    """Or those given under `undoes` are taken back. `in_view`: what the machine says of these pictures was
    shown."""

    undoes: list[str] = Field(default=[], max_length=LARGEST_GRID)
    in_view: bool = False

    @model_validator(mode="after")
    def _says_one_thing(self) -> Elsewhere:
        if bool(self.answers) == bool(self.undoes):
            raise ValueError("Give answers, or take some back.")
        return self


class Own(BaseModel):
    """What this person says of pictures now: the value, and the key it was given under, by picture; and what
    they wrote of them."""

    answers: dict[str, tuple[str, str]]
    comments: dict[str, str]


class Kept(BaseModel):
    """What this person's comment on a picture is, as it was kept."""

    text: str


def elsewhere_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/app/answers", include_in_schema=False)

    @router.get("/own")
    def own(
        request: Request, concept: str, picture: Annotated[list[PictureId], Query(max_length=LARGEST_GRID)]
    ) -> Own:
        author = author_of(request)
        labels = workbench.concept(concept).labels
        return Own(
            answers={event.picture_id: (event.said, event.key) for event in labels.own(picture, author)},
            comments=labels.own_comments(picture, author),
        )

    @router.post("/elsewhere")
    def elsewhere(body: Elsewhere, request: Request) -> AnswerCount:
        author, labels = author_of(request), workbench.concept(body.concept).labels
        if body.answers:
            labels.commit(body.given(), Author(author), in_view=body.in_view)
        else:
            labels.take_back(author=author, key=body.key, only=body.undoes)
        return labels.count()

    @router.post("/elsewhere/comment")
    def comment(body: Comment, request: Request) -> Kept:
        """Without the next pictures, which the same on Label brings along."""
        author = author_of(request)
        workbench.concept(body.concept).labels.comment(
            body.picture, body.text, author=author, key=body.key, beside=body.beside
        )
        return Kept(text=body.text.strip())

    return router
