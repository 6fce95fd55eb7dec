"""Finished concepts combined by and, or, not: try a rule on the library, keep it, download it as one file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import FileResponse
from pydantic import Field

from concepts.combining.views import CombinationView, RuleOrder, Tried
from concepts.errors import ConflictError
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.api.concepts import NewName
from web.api.shared import LONG, Accepted, AuthorName, Body, Limit, Offset

Rule = Annotated[
    str,
    Query(
        min_length=1,
        max_length=2000,
        description="Such as `messy room AND NOT (people OR pets)`; a name with brackets or one of the three "
        "words in quotes.",
    ),
]
Threshold = Annotated[float, Query(gt=0, lt=1, description="From which probability on a picture is flagged.")]
KeptName = Annotated[str, Path(min_length=1, max_length=120, description="What the rule was kept as.")]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="An older one; without it, the newest.")]


class ToTry(Body):
    """A rule, as `GET /combine` takes it."""

    rule: str = Field(min_length=1, max_length=2000)


class NewCombination(Body):
    """`rule` is kept with the versions that speak for its concepts now; it flags from `threshold` on."""

    name: NewName
    rule: str = Field(min_length=1, max_length=2000)
    threshold: float = Field(0.5, gt=0, lt=1)


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()
    accepted = Accepted(workbench)

    def shown(page: Tried | None) -> Tried:
        if page is None:
            raise ConflictError(
                "The library is large and this rule has not looked at it yet. POST to combine/library-scores "
                "first."
            )
        return page

    @router.get("/combine")
    def try_rule(
        rule: Rule,
        threshold: Threshold = 0.5,
        order: RuleOrder = "top",
        limit: Limit = 50,
        offset: Offset = 0,
    ) -> Tried:
        """The library as a rule of the newest versions ranks it, with what each concept says; or what it
        nearly flags. Says what it takes for granted, and how often answers agree where there are some."""
        return shown(
            workbench.combining.tried(rule, threshold=threshold, order=order, start=offset, size=limit)
        )

    @router.post("/combine/library-scores", **LONG)
    def score_rule(body: ToTry, response: Response) -> JobView:
        """Has a rule look at every picture of a large library."""
        return accepted(workbench.combining.submit_try(body.rule), response)

    @router.get("/combinations")
    def list_combinations(limit: Limit = 50, offset: Offset = 0) -> list[CombinationView]:
        """The rules that were kept, the last first."""
        return workbench.combining.kept(limit, offset)

    @router.post("/combinations", status_code=201)
    def keep_combination(body: NewCombination, author: AuthorName) -> CombinationView:
        """Keeps a rule under a name. Kept again it has the next number; what was before stays."""
        return workbench.combining.keep(body.name, body.rule, threshold=body.threshold, author=author)

    @router.get("/combinations/{name}")
    def get_combination(name: KeptName, number: Number = None) -> CombinationView:
        """A rule that was kept, with the versions in it."""
        return workbench.combining.one(name, number)

    @router.get("/combinations/{name}/scores")
    def combination_scores(
        name: KeptName, order: RuleOrder = "top", limit: Limit = 50, offset: Offset = 0
    ) -> Tried:
        """What it makes of the library, by the versions in it."""
        return shown(workbench.combining.tried("", kept=name, order=order, start=offset, size=limit))

    @router.get(
        "/combinations/{name}/bundle",
        response_class=FileResponse,
        responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
    )
    def download_combination(
        name: KeptName, number: Number = None, page: bool = False, int8: bool = False
    ) -> FileResponse:
        """The rule and its versions as one zip of files that run anywhere; with a `page` for browsers. There
        is no `int8` form of a rule: that is an error which says why."""
        archive = workbench.combining.archive(name, number, page=page, int8=int8)
        return FileResponse(archive, media_type="application/zip", filename=archive.name)

    return router
