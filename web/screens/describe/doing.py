"""What the parts of Describe do alike: one change to a definition, and everything shown after it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import gradio as gr

from concepts.definition.document import Definition, Revision
from concepts.definition.revisions import definition_of
from concepts.errors import DiscernError
from concepts.labelling.examples import edit_definition
from concepts.library.protection import protection_on_page
from concepts.use_cases import App, Concept
from concepts.use_cases.roles import Role
from web.advice import in_words
from web.handlers import author_of, concept_of
from web.parts import Notice
from web.screens.describe.values import Values, saved

Shown = dict[Any, Any]  # component → value


class Doing:
    """`everything`: the whole screen, with what was done, which the view `said` shows."""

    def __init__(self, app: App, said: Any, everything: Callable[..., Shown]) -> None:
        self.app, self.said, self.everything = app, said, everything

    def values(self, request: gr.Request) -> Values:
        author = author_of(request)
        query = protection_on_page(self.app, author, concept_of(request)).query
        return Values(query, owner=request.state.role >= Role.OWNER, reader=author)

    def concept(self, request: gr.Request) -> Concept:
        if not (name := concept_of(request)):
            raise DiscernError("Choose a concept first.")
        return self.app.concept(name)

    def done(self, request: gr.Request, do: Callable[[Concept], Any]) -> Shown:
        """Does it and shows everything, with what was done or why it wasn't."""
        try:
            concept = self.concept(request)
            before = definition_of(concept).number
            made = do(concept)
        except DiscernError as error:
            return self.everything(request, Notice.bad(in_words(error)))
        if isinstance(made, Revision):
            made = saved(made.note, made.number, before) if made.number != before else None
        return self.everything(request, made if isinstance(made, dict) else None)

    def edit(self, request: gr.Request, change: Callable[[Definition], Definition]) -> Shown:
        """Change the newest definition."""
        return self.done(request, lambda concept: edit_definition(concept, change, author=author_of(request)))

    def edit_one(
        self,
        request: gr.Request,
        part: Literal["criteria", "queries"],
        chosen: gr.EventData,
        change: Callable[[Definition, int], Definition],
    ) -> Shown:
        """Change the criterion or search that was pressed, wherever it stands in the newest definition: an
        earlier press may have moved it."""
        drawn, index, _ = place_in(chosen)

        def once(concept: Concept) -> Revision:
            then = getattr(definition_of(concept, revision_number(drawn)).definition, part)

            def moved(newest: Definition) -> Definition:
                texts = [one.text for one in getattr(newest, part)]
                if not 0 <= index < len(then) or then[index].text not in texts:
                    raise DiscernError("These words have changed meanwhile, so your change was not saved.")
                return change(newest, texts.index(then[index].text))

            return edit_definition(concept, moved, author=author_of(request))

        return self.done(request, once)

    @staticmethod
    def base(concept: Concept, drawn: str) -> int:
        """Return the revision that going back replaces: the newest, if since `drawn` only the sentence or
        examples have changed."""
        number, newest = revision_number(drawn), definition_of(concept)
        if newest.number == number:
            return number
        kept = {
            part: getattr(newest.definition, part) for part in ("description", "examples", "counterexamples")
        }
        then = definition_of(concept, number).definition
        return newest.number if then.model_copy(update=kept) == newest.definition else number

    def beside(self, shown: Shown, typed: gr.Textbox, refused: Any) -> Shown:
        """With what was refused shown by the view `refused`, beside the field, where what was typed stays to
        be mended; otherwise the field is empty again."""
        said = shown.get(self.said)
        if said and said["role"] == "alert":
            return shown | {self.said: None, refused: said}
        return shown | {typed: "", refused: None}


def field(chosen: gr.EventData, name: str) -> str:
    """What an event says, from the browser: empty for what is no text."""
    value = getattr(chosen, name, "")
    return value if isinstance(value, str) else ""


def revision_number(drawn: str) -> int:
    if not drawn.isdecimal() or len(drawn) > 9:
        raise DiscernError("This can’t be done here. Reload the page and try again; nothing was changed.")
    return int(drawn)


def place_in(chosen: gr.EventData) -> tuple[str, int, str]:
    """The definition that was drawn, the place in it, and what is to be there: `5:2` or `5:2:included`."""
    drawn, _, rest = field(chosen, "value").partition(":")
    index, _, what = rest.partition(":")
    return drawn, int(index) if index.isdecimal() and len(index) < 9 else -1, what
