"""How many pictures a page had in view, as it tells now and then. Which ones they were is never sent."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from concepts.workbench import Workbench
from web.http.guard import author_of


class InView(BaseModel):
    """Since the page told last; `unprotected` of those `shown`."""

    shown: int = Field(ge=0, le=10_000)
    unprotected: int = Field(ge=0, le=10_000)
    seconds: int = Field(ge=0, le=3600)


def protection_routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.post("/app/seen", status_code=204)
    def seen(body: InView, request: Request) -> None:
        workbench.protection.count(author_of(request), body.shown, body.unprotected, body.seconds)

    return router
