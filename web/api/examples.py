"""Example pictures of a concept: of the library, or from outside of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from concepts.workbench import Workbench
from concepts.workbench.concept_views import GivenExample
from web.api.shared import AuthorName, ConceptName


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()

    @router.post("/concepts/{name}/examples", status_code=201)
    def give_example(
        name: ConceptName,
        author: AuthorName,
        picture: Annotated[UploadFile, File(description="A picture file, at most 50 MB.")],
        counts: Annotated[bool, Form(description="Whether it counts, or only looks as if.")] = True,
    ) -> GivenExample:
        """Makes a picture an example. One that the library has is that one; any other is kept with the
        concept: it is learned from and searched with, and never counted, asked about or measured with."""
        return workbench.concept(name).examples.give(picture.file.read(), counts=counts, author=author)

    return router
