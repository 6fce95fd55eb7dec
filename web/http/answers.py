"""Answers over HTTP for the Label screen: small JSON requests, because a key press must not wait.

A response means that the answer is committed. Every request carries a key made in the browser, so that a
repeated one changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from pydantic import BaseModel, Field

from concepts.annotators.review import Opinion
from concepts.candidates.question_queue import Tally, Upcoming
from concepts.candidates.selection import NextPicture
from concepts.errors import DiscernError, StorageError, UnknownConceptError, UnknownPictureError
from concepts.workbench import Workbench
from concepts.workbench.answers import GivenAnswer
from storage.labels import Author

AHEAD = 8  # pictures a screen holds: the one in view, five that are loaded, and two in hand
RECENT = 120  # answers to step back through after a reload: two grids
LARGEST_GRID = 60

Key = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[\w-]+$")]
PictureId = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Value = Literal["yes", "no", "unsure", "skip"]
Order = Literal["likely", "borderline", "unlikely", "query"]


class Asked(BaseModel):
    """`have`: ids on the screen that wait for an answer, in order."""

    concept: str
    key: Key
    have: list[PictureId] = Field(default=[], max_length=100)


class Answer(Asked):
    picture: PictureId
    value: Value


class Batch(Asked):
    """Answers that are committed together; the i-th has the key `key.i`."""

    answers: list[tuple[PictureId, Value]] = Field(min_length=1, max_length=LARGEST_GRID)


class Undo(Asked):
    """`undoes`: the keys of the answers to take back."""

    undoes: list[str] = Field(min_length=1, max_length=LARGEST_GRID)


class Comment(Asked):
    picture: PictureId
    text: str = Field(min_length=1, max_length=2000)


class Progress(BaseModel):
    """What every response brings along: how far it is, and more pictures where the screen has few."""

    tally: Tally
    upcoming: Upcoming
    opinion: Opinion | None = None


class Opening(Progress):
    recent: list[GivenAnswer]


def opening(workbench: Workbench, concept: str, author: str) -> Opening:
    """What the screen begins with."""
    recent = workbench.answers.recent_answers(concept, author, RECENT)
    return Opening(
        tally=workbench.answers.tally(concept),
        upcoming=workbench.answers.upcoming(concept, [], AHEAD),
        opinion=workbench.answers.opinion(concept, recent[-1].id) if recent else None,
        recent=recent,
    )


def same_origin(request: Request) -> None:
    """Another site can't answer in a person's name."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise HTTPException(403, "Another site asked for this. Open Discern itself and do it there.")


def _author(request: Request) -> str:
    return getattr(request.state, "user", None) or "me"


def answer_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/app/answers", dependencies=[Depends(same_origin)], include_in_schema=False)

    def progress(concept: str, have: list[str], opinion: Opinion | None = None) -> Progress:
        more = workbench.answers.upcoming(concept, have, AHEAD - len(have))
        return Progress(tally=workbench.answers.tally(concept), upcoming=more, opinion=opinion)

    @router.get("")
    def more(concept: str, have: Annotated[list[PictureId], Query(max_length=100)] = []) -> Progress:  # noqa: B006
        with _in_words():
            return progress(concept, have)

    @router.post("")
    def answer(body: Answer, request: Request) -> Progress:
        with _in_words():
            author = Author(_author(request))
            workbench.answers.label(body.concept, body.picture, body.value, author=author, key=body.key)
            return progress(body.concept, body.have, workbench.answers.opinion(body.concept, body.picture))

    @router.post("/batch")
    def batch(body: Batch, request: Request) -> Progress:
        with _in_words():
            answers = [
                (f"{body.key}.{i}", picture, value, "") for i, (picture, value) in enumerate(body.answers)
            ]
            workbench.answers.label_many(body.concept, answers, author=Author(_author(request)))
            return progress(body.concept, body.have)

    @router.post("/undo")
    def undo(body: Undo, request: Request) -> Progress:
        with _in_words():
            workbench.answers.undo(body.concept, author=_author(request), key=body.key, only=body.undoes)
            return progress(body.concept, body.have)

    @router.post("/comment")
    def comment(body: Comment, request: Request) -> Progress:
        with _in_words():
            workbench.answers.comment(
                body.concept, body.picture, body.text, author=_author(request), key=body.key
            )
            return progress(body.concept, body.have)

    @router.get("/grid")
    def grid(
        concept: str, order: Order = "likely", query: str = "", n: Annotated[int, Query(ge=1, le=60)] = 36
    ) -> list[NextPicture]:
        with _in_words():
            return workbench.answers.bulk_pictures(concept, order, query=query, n=n)

    return router


@contextmanager
def _in_words() -> Iterator[None]:
    """Turns the domain's errors into answers the browser can tell apart: try again, or never mind."""
    try:
        yield
    except StorageError as error:
        raise HTTPException(503, str(error)) from error
    except (UnknownConceptError, UnknownPictureError) as error:
        raise HTTPException(404, str(error)) from error
    except DiscernError as error:
        raise HTTPException(422, str(error)) from error
