"""Labels that are worth a second look, each with its reason."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewQueue
from concepts.workbench import Workbench
from concepts.workbench.operation import Limit, Offset
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName


class LookOverLabels(Body):
    """`budget` in US dollars for labels given under an older description, which the concept's annotator is
    asked about. What was answered until it ends is kept."""

    budget: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")
    accepted = Accepted(workbench)

    @router.get("/review")
    def review_queue(
        name: ConceptName,
        request: Request,
        author: AuthorName,
        reason: Reason | None = None,
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> ReviewQueue:
        """Lists labels worth a second look, and how well people agree. Label them with `POST …/labels` and
        `in_view`, because the reason was seen: such labels change no figure. Label `blind` rows without it:
        others' labels show after that."""
        reader = author if request.state.role >= Role.LABELLER else None
        return workbench.review.queue(name, reason, limit, offset, reader=reader)

    @router.post("/review", **LONG)
    def look_over(name: ConceptName, body: LookOverLabels, response: Response) -> JobView:
        """Checks all labels. Where some were given under an older description, the job that checks those is
        returned."""
        return accepted(workbench.review.submit(name, budget=body.budget), response)

    return router
