"""Example pictures of a concept: of the library, or from outside of it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from concepts.workbench import Workbench
from concepts.workbench.examples import ExampleView, GivenExample
from web.api.shared import AuthorName, ConceptName, PictureId


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}/examples")

    @router.get("")
    def list_examples(name: ConceptName) -> list[ExampleView]:
        """The examples of the newest definition: what counts first."""
        return workbench.examples.of(name)

    @router.post("", status_code=201)
    def give_example(
        name: ConceptName,
        author: AuthorName,
        picture: Annotated[UploadFile, File(description="A picture file, at most 50 MB.")],
        counts: Annotated[bool, Form(description="Whether it counts, or only looks as if.")] = True,
    ) -> GivenExample:
        """Makes a picture an example. One that the library has is that one; any other is kept with the
        concept: it is learned from and searched with, and never counted, asked about or measured with."""
        return workbench.examples.give(name, picture.file.read(), counts=counts, author=author)

    @router.delete("/{picture_id}")
    def remove_example(name: ConceptName, picture_id: PictureId, author: AuthorName) -> GivenExample:
        """It is no example any more. Older definitions still have it."""
        return workbench.examples.remove(name, picture_id, author=author)

    return router
