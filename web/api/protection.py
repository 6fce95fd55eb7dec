"""How pictures are shown to people who look at bad ones."""

from __future__ import annotations

from fastapi import APIRouter

from concepts.workbench import Workbench
from concepts.workbench.protection import Protection, ShownAs
from web.api.shared import AuthorName, Body, ConceptName


class OfConcept(Body):
    """How pictures are shown on the screens of a concept to who hasn't chosen otherwise; empty: as they
    are."""

    shown_as: ShownAs


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.get("/protection")
    def get_protection(author: AuthorName) -> Protection:
        """How pictures are shown to whoever asks."""
        return workbench.protection.of_person(author)

    @router.put("/protection")
    def set_protection(body: Protection, author: AuthorName) -> Protection:
        """Changes that, from the next page on. What is left out is as at first."""
        return workbench.protection.prefer(author, body)

    @router.get("/concepts/{name}/protection")
    def get_concept_protection(name: ConceptName) -> OfConcept:
        """How pictures are shown on the screens of a concept."""
        return OfConcept(shown_as=workbench.protection.of_concept(name))

    @router.put("/concepts/{name}/protection")
    def set_concept_protection(name: ConceptName, body: OfConcept) -> OfConcept:
        """Changes that, from the next page on. What shows pictures of no one concept is as strict as the
        strictest."""
        return OfConcept(shown_as=workbench.protection.protect(name, body.shown_as))

    return router
