"""Finding out what you mean: borderline pictures, and other words that are tried on your answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from concepts.collaborator.deliberation_views import AmbiguityView, RewordingView, RoundView
from concepts.definition.document import Definition
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from concepts.workbench.concept_views import RevisionView
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName

RewordingNumber = Annotated[int, Path(ge=1, le=2**31 - 1)]


class Spending(Body):
    """`budget` in US dollars; what was answered until it ends is kept."""

    budget: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)


class BeginRound(Body):
    """`ambiguity`: the name of one that was found open."""

    ambiguity: str = Field(min_length=1, max_length=200)


class AcceptWording(Body):
    """`wording` counts from 0, in the order in which they are listed. `definition`: as you edited it."""

    wording: int = Field(ge=0, le=100)
    definition: Definition | None = None


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")
    accepted = Accepted(workbench)

    @router.post("/ambiguities", **LONG)
    def find_ambiguities(name: ConceptName, body: Spending, response: Response) -> JobView:
        """Looks for what is open about the definition, each with borderline pictures that share it."""
        return accepted(workbench.deliberations.submit_find_ambiguities(name, budget=body.budget), response)

    @router.get("/ambiguities")
    def list_ambiguities(name: ConceptName) -> list[AmbiguityView]:
        """What was found open the last time, what nobody has met yet first."""
        return workbench.deliberations.ambiguities(name)

    @router.post("/rounds", status_code=201)
    def begin_round(name: ConceptName, body: BeginRound, author: AuthorName) -> RoundView:
        """Takes up to five pictures of an ambiguity, to be answered with `POST …/labels`. What the machine
        says of each is told once it is answered."""
        return workbench.deliberations.begin(name, body.ambiguity, author=author)

    @router.get("/rounds")
    def list_rounds(name: ConceptName) -> list[RoundView]:
        """Every round so far, the first one first."""
        return workbench.deliberations.rounds(name)

    @router.post("/rewordings", **LONG)
    def reword(name: ConceptName, body: Spending, response: Response) -> JobView:
        """Looks for words by which the machine agrees with you more often. Half of your answers inspire them,
        the other half judges them."""
        return accepted(workbench.deliberations.submit_reword(name, budget=body.budget), response)

    @router.get("/rewordings")
    def list_rewordings(name: ConceptName) -> list[RewordingView]:
        """Every time other words were tried, the last one first, with what each wording did."""
        return workbench.deliberations.rewordings(name)

    @router.post("/rewordings/{number}/test", status_code=201)
    def put_to_the_test(name: ConceptName, number: RewordingNumber, author: AuthorName) -> RoundView:
        """Takes the pictures about which the current words and the best others differ: answering them settles
        which are better."""
        return workbench.deliberations.put_to_the_test(name, number, author=author)

    @router.post("/rewordings/{number}/accept", status_code=201)
    def accept_wording(
        name: ConceptName, number: RewordingNumber, body: AcceptWording, author: AuthorName
    ) -> RevisionView:
        """Makes a wording the next definition, as it is or as you edited it. As it is only where it isn't
        worse on your answers."""
        return workbench.deliberations.accept(
            name, number, body.wording, author=author, definition=body.definition
        )

    @router.post("/rewordings/{number}/reject", status_code=204)
    def reject_wordings(name: ConceptName, number: RewordingNumber, author: AuthorName) -> None:
        """None of these wordings."""
        workbench.deliberations.reject(name, number, author=author)

    return router
