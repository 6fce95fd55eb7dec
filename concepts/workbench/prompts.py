"""Use cases of the prompts that judge and propose: reading, editing, and seeing what will be sent."""

from __future__ import annotations

from datetime import datetime

from concepts.definition.document import Change, word_diff
from concepts.errors import DiscernError
from concepts.language.prompts import checked, default, editable
from concepts.view import View
from concepts.workbench.context import Context
from concepts.workbench.definitions import Definitions
from concepts.workbench.previews import Preview, Previews

LONGEST = 20_000  # characters: more than fits beside a picture in a small model's context


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

    def __init__(self, context: Context, definitions: Definitions) -> None:
        self._context = context
        self._previews = Previews(context, definitions)

    def all(self, name: str) -> list[PromptView]:
        """Every prompt that can be edited, as it is used for the concept."""
        concept = self._context.concept(name)
        used, own = self._context.prompts(concept.id), self._context.prompt_texts.own(concept.id)
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

    def get(self, name: str, prompt: str) -> PromptView:
        """Raises `UnknownPromptError`."""
        wanted = default(prompt).name
        return next(view for view in self.all(name) if view.name == wanted)

    def set(self, name: str, prompt: str, text: str, *, author: str) -> PromptView:
        """Gives the concept a text of its own. The text of the file, or none, goes back to the file.

        Raises `UnknownPromptError`, and `OtherVariablesError` where it doesn't use exactly the variables of
        the file.
        """
        concept = self._context.concept(name)
        text = "\n".join(text.strip().splitlines())
        if len(text) > LONGEST:
            raise DiscernError(f"A prompt has at most {LONGEST:,} characters; this one has {len(text):,}.")
        file = default(prompt).text
        kept = "" if text in ("", file) else checked(prompt, text).text
        before = self._context.prompt_texts.own(concept.id).get(prompt)
        if kept != (before.text if before else ""):
            self._context.prompt_texts.add(concept.id, prompt, kept, author)
        return self.get(name, prompt)

    def reset(self, name: str, prompt: str, *, author: str) -> PromptView:
        """Goes back to the file; what was written before stays in the database."""
        return self.set(name, prompt, "", author=author)

    def diff(self, name: str, prompt: str) -> list[tuple[Change, str]]:
        """From the file to the text that is used, word by word."""
        return word_diff(default(prompt).text, self.get(name, prompt).text)

    def pictures(self, name: str, n: int) -> list[str]:
        """Ids of some pictures that a preview can show."""
        return self._previews.pictures(self._context.concept(name), n)

    def preview(self, name: str, prompt: str, picture: str | None = None) -> Preview:
        """What a model will be sent with this prompt, about a picture where it is shown one (else about the
        first of the pool that doesn't measure)."""
        self.get(name, prompt)
        return self._previews.of(self._context.concept(name), prompt, picture)
