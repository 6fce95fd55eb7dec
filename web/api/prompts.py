"""The prompts that judge and propose for a concept: reading, editing, and what will be sent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from concepts.definition.document import Change
from concepts.workbench import Workbench
from concepts.workbench.previews import Preview
from concepts.workbench.prompts import LONGEST, PromptView
from web.api.shared import AuthorName, Body, ConceptName

PromptName = Annotated[str, Path(max_length=60, description="Such as `annotate.user`.")]
Picture = Annotated[
    str | None, Query(pattern=r"^[0-9a-f]{64}$", description="To show; else the first of the pool.")
]


class Text(Body):
    """An empty text goes back to the default."""

    text: str = Field(max_length=LONGEST)


class Run(BaseModel):
    """Words that stayed, were added or were removed."""

    change: Change
    text: str


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}/prompts")

    @router.get("")
    def list_prompts(name: ConceptName) -> list[PromptView]:
        """Every prompt that can be edited, as it is used for this concept."""
        return workbench.prompts.all(name)

    @router.get("/{prompt}")
    def get_prompt(name: ConceptName, prompt: PromptName) -> PromptView:
        """One of them."""
        return workbench.prompts.get(name, prompt)

    @router.put("/{prompt}")
    def edit_prompt(name: ConceptName, prompt: PromptName, body: Text, author: AuthorName) -> PromptView:
        """Gives the concept a text of its own. It has to use exactly the variables of the default."""
        return workbench.prompts.set(name, prompt, body.text, author=author)

    @router.delete("/{prompt}")
    def reset_prompt(name: ConceptName, prompt: PromptName, author: AuthorName) -> PromptView:
        """Goes back to the default."""
        return workbench.prompts.reset(name, prompt, author=author)

    @router.get("/{prompt}/diff")
    def diff_prompt(name: ConceptName, prompt: PromptName) -> list[Run]:
        """From the default to the text that is used, word by word."""
        return [Run(change=change, text=text) for change, text in workbench.prompts.diff(name, prompt)]

    @router.get("/{prompt}/preview")
    def preview_prompt(name: ConceptName, prompt: PromptName, picture: Picture = None) -> Preview:
        """What a model will be sent: messages, which picture at which size, and the form of the answer."""
        return workbench.prompts.preview(name, prompt, picture)

    return router
