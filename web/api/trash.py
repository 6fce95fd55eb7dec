"""The trash: pictures, concepts, collections and rules, and erasing pictures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator

from concepts.errors import NotAllowedError
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from concepts.workbench.trash import Moved, TrashItem
from storage.trash import Kind
from web.api.shared import LONG, Accepted, AuthorName, Body, Limit, Offset, PictureId
from web.http.roles import ACTIONS, why_not

Name = Annotated[str, Field(min_length=1, max_length=120)]


class ToMove(Body):
    """One of: ids of `pictures`; the name of a `concept`, or its id as `id:7`; the name or number of a
    `collection`; the name of a `rule`."""

    pictures: list[PictureId] | None = Field(None, min_length=1, max_length=1000)
    concept: Name | None = None
    collection: Name | Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    rule: Name | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> ToMove:
        if sum(one is not None for one in (self.pictures, self.concept, self.collection, self.rule)) != 1:
            raise ValueError("Give one of pictures, concept, collection and rule.")
        return self

    @property
    def what(self) -> tuple[Kind, list[str]]:
        if self.concept is not None:
            return "concept", [self.concept]
        if self.collection is not None:
            return "collection", [
                f"id:{self.collection}" if isinstance(self.collection, int) else self.collection
            ]
        return ("rule", [self.rule]) if self.rule is not None else ("picture", self.pictures or [])


class Empty(Body):
    """`refuse`: the same pictures shall not come in again. Only their ids are kept for that."""

    refuse: bool = False


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/trash")
    accepted = Accepted(workbench)

    @router.get("")
    def list_trash(kind: Kind | None = None, limit: Limit = 50, offset: Offset = 0) -> list[TrashItem]:
        """Lists the trash, newest first; all of it, or one `kind`."""
        return workbench.trash.list(kind, limit, offset)

    @router.post("")
    def put_into_trash(body: ToMove, author: AuthorName, request: Request) -> Moved:
        """Moves something to the trash. Pictures are hidden everywhere, and a concept's work stops. Nothing
        is lost. Where one picture isn't in the library, none is moved."""
        kind, which = _permitted(request, "trash", body)
        return workbench.trash.put(kind, *which, author=author)

    @router.post("/restore")
    def restore_from_trash(body: ToMove, author: AuthorName, request: Request) -> Moved:
        """Brings something back with everything that belongs to it."""
        kind, which = _permitted(request, "restore", body)
        return workbench.trash.restore(kind, *which, author=author)

    @router.post("/empty", **LONG)
    def empty_trash(body: Empty, author: AuthorName, response: Response) -> JobView:
        """Erases the pictures in the trash, with every label, vector and small copy of them; the rest stays
        there. Can't be undone; the job's result counts what went."""
        return accepted(workbench.trash.submit_empty(author=author, refuse=body.refuse), response)

    return router


def _permitted(request: Request, deed: str, body: ToMove) -> tuple[Kind, list[str]]:
    """What the body names. The address doesn't say the kind, so the rule of the button decides here, and
    what the request is kept as."""
    kind, which = body.what
    rule, state = ACTIONS[f"{deed}-{kind}"], request.state
    if refusal := why_not(rule, state.role, state.demo, state.full):
        raise NotAllowedError(refusal)
    state.deed = (rule.deed, f"{state.deed[1]} {' '.join(which)[:200]}")
    return kind, which
