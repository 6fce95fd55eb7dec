"""Answers about pictures: which to ask about, giving them, taking them back."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, Field

from concepts.labelling.selection import NextPicture
from concepts.workbench import Workbench
from storage.labels import Author
from web.api.shared import MOST, AuthorName, Body, ConceptName, Limit, Offset, PictureId, Reader
from web.http.answers import Given, take

IdempotencyKey = Annotated[
    str | None,
    Header(
        min_length=1,
        max_length=200,
        description="Any text that is new for each request. The same again changes nothing and is answered "
        "like the first time.",
    ),
]


class Answer(Body):
    picture: PictureId
    value: str = Field(
        min_length=1,
        max_length=80,
        description="yes, no, unsure or skip; of a graded concept a grade such as 4, of exclusive classes "
        "one of them or none.",
    )
    comment: str = Field("", max_length=2000)
    repeat: bool = Field(
        False, description="As the question came: whether the picture was asked about a second time."
    )


class Answers(Body):
    """Committed together or not at all. `simulated`: no person answered; that is said wherever they count.
    `in_view`: who answered saw what the machine says of these pictures; such answers measure nothing."""

    answers: list[Answer] = Field(min_length=1, max_length=MOST)
    simulated: bool = False
    in_view: bool = False


class KeptAnswer(BaseModel):
    picture: str
    value: str
    comment: str
    author: str
    author_kind: str
    definition: int
    created: datetime
    repeat: bool = Field(
        description="An answer to a question that was asked a second time: kept beside the first one."
    )


class Undo(Body):
    """How many of your last answers to take back."""

    count: int = Field(1, ge=1, le=MOST)


class UndoneAnswer(BaseModel):
    picture: str
    value: str


class LabelRow(BaseModel):
    id: str
    path: str
    label: str
    author: str
    author_kind: str
    split: str
    definition: int
    created: datetime
    comment: str
    recorded_by: str = Field(description="Who brought the answer, where that isn't its author.")
    in_view: str = Field(description="“yes” where the machine's opinion was seen: it measures nothing.")
    from_concept: str = Field(description="The concept it was taken over from, where it was given there.")


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")

    @router.get("/next")
    def next_pictures(
        name: ConceptName,
        author: AuthorName,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 5,
        purpose: Literal["train", "evaluation"] = "train",
    ) -> list[NextPicture]:
        """The most useful pictures to answer now: to learn from, or to measure with. Of those that measure
        some are a `repeat`: shown like any other, they say how consistent the answers are, or what changed
        with the definition."""
        return workbench.answers.next_pictures(name, limit, purpose=purpose, author=author)

    @router.post("/labels", status_code=201)
    def give_answers(
        name: ConceptName, body: Answers, author: AuthorName, idempotency_key: IdempotencyKey = None
    ) -> list[KeptAnswer]:
        """Commits answers. Only then is it answered."""
        base = kept_key(author, workbench.context.concept(name).id, idempotency_key)
        given = [
            Given(key=f"{base}/{index}", **answer.model_dump()) for index, answer in enumerate(body.answers)
        ]
        who = Author(author, "simulated" if body.simulated else "person")
        kept = take(workbench, name, given, who, in_view=body.in_view)
        return [
            KeptAnswer(
                picture=event.picture_id,
                value=event.said,
                comment=event.comment,
                author=event.author.name,
                author_kind=event.author.kind,
                definition=event.definition_number,
                created=event.created,
                repeat=event.repeat or event.renewed,
            )
            for event in (kept[g.key] for g in given)
        ]

    @router.post("/labels/undo")
    def undo_answers(
        name: ConceptName, body: Undo, author: AuthorName, idempotency_key: IdempotencyKey = None
    ) -> list[UndoneAnswer]:
        """Takes back your last answers. They stay in the log; the answers before them count again."""
        key = kept_key(author, workbench.context.concept(name).id, idempotency_key)
        undone = workbench.answers.undo(name, author=author, count=body.count, key=key)
        return [UndoneAnswer.model_validate(answer) for answer in undone]

    @router.get("/labels")
    def list_labels(
        name: ConceptName, reader: Reader, limit: Limit = 50, offset: Offset = 0
    ) -> list[LabelRow]:
        """Every standing answer, people's and the machine's, the oldest first. A labeller gets what
        others said of a picture once they have answered about it."""
        rows = workbench.label_files.label_rows(name, limit, offset, reader=reader)
        return [LabelRow.model_validate(row) for row in rows]

    return router


def kept_key(author: str, concept_id: int, key: str | None) -> str:
    """What a request's key is kept as: one person's for one concept never meets another's."""
    if key is None:
        return uuid.uuid4().hex
    return hashlib.sha256(f"{author}\n{concept_id}\n{key}".encode()).hexdigest()[:48]
