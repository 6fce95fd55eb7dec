"""The prompts that judge and propose: reading, editing, and seeing what will be sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from concepts.definition.document import Change, word_diff
from concepts.errors import DiscernError
from concepts.language.prompts import checked, default, editable
from concepts.view import View
from concepts.workbench.operation import AuthorName, operation
from concepts.workbench.previews import Preview, Previews

if TYPE_CHECKING:
    from concepts.workbench.concept import Concept

LONGEST = 20_000  # characters: more than fits beside a picture in a small model's context

PromptName = Annotated[str, Field(max_length=60, description="Such as `annotate.user`.")]
PromptText = Annotated[str, Field(description="The whole text; an empty one goes back to the default.")]
PictureId = Annotated[
    str | None,
    Field(pattern=r"^[0-9a-f]{64}$", description="The picture to show; else the first candidate."),
]


class PromptView(View):
    """A prompt as it is used for a concept. `version` is a hash of the text. Where it is the concept's `own`,
    `author` and `created` say whose text it is."""

    name: str
    text: str
    version: str
    variables: list[str]
    own: bool
    author: str = ""
    created: datetime | None = None


class Prompts:
    """The prompts of a concept. The files hold until somebody writes another text."""

    def __init__(self, concept: Concept) -> None:
        self._concept, self._context = concept, concept.context
        self._previews = Previews(concept.context)

    @operation("GET /prompts")
    def all(self) -> list[PromptView]:
        """Every prompt that can be edited, as it is used for this concept."""
        used = self._context.prompts(self._concept.id)
        own = self._context.prompt_texts.own(self._concept.id)
        views = []
        for one in editable():
            prompt, kept = used[one], own.get(one)
            views.append(
                PromptView(
                    name=one,
                    text=prompt.text,
                    version=prompt.version,
                    variables=sorted(prompt.variables),
                    own=kept is not None,
                    author=kept.author if kept else "",
                    created=kept.created if kept else None,
                )
            )
        return views

    def get(self, prompt: str) -> PromptView:
        """Raises `UnknownPromptError`."""
        wanted = default(prompt).name
        return next(view for view in self.all() if view.name == wanted)

    @operation("PUT /prompts/{prompt}", audit="changed a prompt")
    def set(self, prompt: PromptName, text: PromptText, *, author: AuthorName) -> PromptView:
        """Give the concept a text of its own. It has to use exactly the variables of the default.

        Raises `UnknownPromptError`, `OtherVariablesError`.
        """
        text = "\n".join(text.strip().splitlines())
        if len(text) > LONGEST:
            raise DiscernError(f"A prompt has at most {LONGEST:,} characters; this one has {len(text):,}.")
        file = default(prompt).text
        kept = "" if text in ("", file) else checked(prompt, text).text
        before = self._context.prompt_texts.own(self._concept.id).get(prompt)
        if kept != (before.text if before else ""):
            self._context.prompt_texts.add(self._concept.id, prompt, kept, author)
        return self.get(prompt)

    def diff(self, prompt: str) -> list[tuple[Change, str]]:
        """From the default to the text that is used, word by word."""
        return word_diff(default(prompt).text, self.get(prompt).text)

    def pictures(self, n: int) -> list[str]:
        """Ids of some pictures that a preview can show."""
        return self._previews.pictures(self._concept.row, n)

    @operation("GET /prompts/{prompt}/preview")
    def preview(self, prompt: PromptName, picture: PictureId = None) -> Preview:
        """What a model will be sent with this prompt, and which picture at which size."""
        self.get(prompt)
        return self._previews.of(self._concept.row, prompt, picture)
