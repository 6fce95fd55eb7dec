"""Answers over HTTP: how they are taken, and the small JSON requests of the Label screen and of pictures that
a person comes across elsewhere: in the library, in what a search found, among what a version flags.

A response means that the answer is committed. Every request carries a key, so that a repeated one changes
nothing; on the screen the browser makes it, because a key press must not wait.

Elsewhere, where no opinion of the machine stands beside a picture, one that measures does so once its turn
comes in the order drawn, so it makes no difference where it was answered. Where one does, as on Check and
Results, the page says so, and the answer measures nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial, wraps
from typing import Annotated, ParamSpec, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field, model_validator

from concepts.collaborator.suggestions import Opinion
from concepts.labelling.contact_sheet import GridOrder, GridPage
from concepts.labelling.dataset import AnswerCount
from concepts.labelling.question_queue import Upcoming
from concepts.labelling.review import LabelWithComments
from concepts.workbench import Workbench
from concepts.workbench.advice import Advice
from concepts.workbench.concept_views import GivenAnswer
from concepts.workbench.labels import GivenLabel, Labels, Remark
from concepts.workbench.operation import PictureId
from storage.database import one_moment
from storage.labels import Author
from web.http.guard import author_of

AHEAD = 8  # pictures a screen holds: the one in view, five that are loaded, and two in hand
LOOK_OVER_EVERY = 20  # answers; a batch is looked over at once
RECENT = 120  # answers to step back through after a reload: two grids
LARGEST_GRID = 60
# At once, however many threads read meanwhile: labels and comments that are given, and what is asked for.
GIVING, ASKING = CapacityLimiter(4), CapacityLimiter(4)

Given = ParamSpec("Given")
Said = TypeVar("Said")
Key = Annotated[str, Field(min_length=8, max_length=64, pattern=r"^[\w-]+$")]
# Yes, no, unsure, skip; a grade or a class, where the concept has some. Which it knows, `bench.answers` says.
Value = Annotated[str, Field(min_length=1, max_length=80)]


class Asked(BaseModel):
    """`have`: ids on the screen that wait for an answer, in order."""

    concept: str
    key: Key
    have: list[PictureId] = Field(default=[], max_length=100)


class Answer(Asked):
    picture: PictureId
    value: Value
    repeat: bool = False  # as the question came


class Together(BaseModel):
    """Answers that are committed together; the i-th has the key `key.i`."""

    concept: str
    key: Key
    answers: list[tuple[PictureId, Value]] = Field(default=[], max_length=LARGEST_GRID)

    def given(self) -> dict[str, GivenLabel]:
        pairs = enumerate(self.answers)
        return {f"{self.key}.{i}": GivenLabel(picture=picture, value=value) for i, (picture, value) in pairs}


class Batch(Asked, Together):
    """`wall`: the pictures of a wall that was looked through, of which the answers name those that count;
    there may be none."""

    wall: list[PictureId] = Field(default=[], max_length=LARGEST_GRID)

    @model_validator(mode="after")
    def _says_something(self) -> Batch:
        if not self.answers and not self.wall:
            raise ValueError("There is no answer and no wall.")
        return self


class Undo(Asked):
    """`undoes`: the keys of the answers to take back."""

    undoes: list[str] = Field(min_length=1, max_length=LARGEST_GRID)


class Comment(Asked):
    """In the place of this person's earlier ones, which an empty text takes back; or `beside` them."""

    picture: PictureId
    text: str = Field(max_length=2000)
    beside: bool = False


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


class Progress(BaseModel):
    """What every response brings along: how far it is, and more pictures where the screen has few."""

    advice: Advice
    upcoming: Upcoming
    opinion: Opinion | None = None
    others: list[LabelWithComments] = []  # what other people said of the picture that was answered
    remarks: dict[str, list[Remark]] = {}  # picture id → the comments that are shown with it


class Opening(Progress):
    recent: list[GivenAnswer]


class Tiles(GridPage):
    remarks: dict[str, list[Remark]]


def opening(workbench: Workbench, concept: str, author: str) -> Opening:
    """What the screen begins with."""
    opened = workbench.concept(concept)
    recent = opened.labels.recent(author, RECENT)
    opinion = opened.annotations.opinion(recent[-1].id) if recent else None
    shown = [label.id for label in recent]
    if (mode := opened.labels.advice().mode) != "single":  # worked out before the single questions
        opened.labels.grid("wall" if mode == "sheet" else "likely")
    return Opening(**dict(_progress(opened.labels, author, [], shown, opinion)), recent=recent)


def _progress(
    labels: Labels, author: str, have: list[str], shown: Sequence[str] = (), opinion: Opinion | None = None
) -> Progress:
    """`shown`: pictures on the screen whose comments are wanted, beside those of the pictures to come."""
    advice = labels.advice()
    more = labels.upcoming(have, 0 if advice.done else AHEAD - len(have), author)
    # Of a picture that is asked about a second time an earlier comment would tell the first answer.
    first = [picture.id for picture in more.pictures if not picture.repeat]
    return Progress(
        advice=advice,
        upcoming=more,
        opinion=opinion,
        remarks=labels.comments([*shown, *first], author),
    )


def in_line(
    route: Callable[Given, Said], limiter: CapacityLimiter = ASKING
) -> Callable[Given, Awaitable[Said]]:
    """A route that waits for others of its kind alone, and reads one moment until it writes."""
    read = one_moment()(route)

    @wraps(route)
    async def waited(*given: Given.args, **named: Given.kwargs) -> Said:
        return await to_thread.run_sync(partial(read, *given, **named), limiter=limiter)

    return waited


def giving(route: Callable[Given, Said]) -> Callable[Given, Awaitable[Said]]:
    """The same of what gives a label: it waits for nobody who reads."""
    return in_line(route, GIVING)


def answer_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/app/answers", include_in_schema=False)

    @router.get("")
    @in_line
    def more(
        request: Request,
        concept: str,
        have: Annotated[list[PictureId], Query(max_length=100)] = [],  # noqa: B006
    ) -> Progress:
        return _progress(workbench.concept(concept).labels, author_of(request), have)

    @router.post("")
    @giving
    def answer(body: Answer, request: Request) -> Progress:
        workbench.jobs.precedence.pressed()
        concept, author = workbench.concept(body.concept), author_of(request)
        labels = concept.labels
        given = GivenLabel(picture=body.picture, value=body.value, repeat=body.repeat)
        labels.commit({body.key: given}, Author(author))
        opinion = concept.annotations.opinion(body.picture)
        said = _progress(labels, author, body.have, [body.picture], opinion)
        said.others = labels.others(body.picture, author)
        if said.advice.count.answers % LOOK_OVER_EVERY == 0:
            workbench.review.keep_up(body.concept)
        return said

    @router.post("/batch")
    @giving
    def batch(body: Batch, request: Request) -> Progress:
        labels, author = workbench.concept(body.concept).labels, author_of(request)
        if body.answers:
            labels.commit(body.given(), Author(author))
        if body.wall:
            labels.looked_through(body.wall, author=author, key=body.key)
        workbench.review.keep_up(body.concept)
        return _progress(labels, author, body.have)

    @router.post("/undo")
    @giving
    def undo(body: Undo, request: Request) -> Progress:
        labels = workbench.concept(body.concept).labels
        labels.take_back(author=author_of(request), key=body.key, only=body.undoes)
        return _progress(labels, author_of(request), body.have)

    @router.post("/comment")
    @giving
    def comment(body: Comment, request: Request) -> Progress:
        labels, author = workbench.concept(body.concept).labels, author_of(request)
        labels.comment(body.picture, body.text, author=author, key=body.key, beside=body.beside)
        return _progress(labels, author, body.have, [body.picture])

    @router.get("/grid")
    @in_line
    def grid(
        request: Request,
        concept: str,
        order: GridOrder = "likely",
        query: str = "",
        n: Annotated[int, Query(ge=1, le=60)] = 36,
    ) -> Tiles:
        labels = workbench.concept(concept).labels
        page = labels.grid(order, query=query, n=n)
        ids = [picture.id for picture in page.pictures]
        remarks = labels.comments(ids, author_of(request))
        return Tiles(**dict(page), remarks=remarks)

    @router.get("/own")
    @in_line
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
    @giving
    def elsewhere(body: Elsewhere, request: Request) -> AnswerCount:
        author, labels = author_of(request), workbench.concept(body.concept).labels
        if body.answers:
            labels.commit(body.given(), Author(author), in_view=body.in_view)
        else:
            labels.take_back(author=author, key=body.key, only=body.undoes)
        return labels.count()

    @router.post("/elsewhere/comment")
    @giving
    def comment_elsewhere(body: Comment, request: Request) -> dict[str, str]:
        """The comment as it was kept, without the next pictures, which the same on Label brings along."""
        author = author_of(request)
        workbench.concept(body.concept).labels.comment(
            body.picture, body.text, author=author, key=body.key, beside=body.beside
        )
        return {"text": body.text.strip()}

    return router
