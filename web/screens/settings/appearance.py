"""Appearance: light or dark, and how pictures are shown to a person and on a concept's screens."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, get_args

import gradio as gr
from pydantic import ValidationError

from concepts.errors import DiscernError
from concepts.library.protection import (
    Key,
    OfConcept,
    Protection,
    prefer_protection,
    protect_concept,
    protection_of,
    protection_of_concept,
)
from concepts.results.concepts import name_now
from concepts.use_cases import App
from web.advice import in_words
from web.handlers import PLAIN, author_of, calls, concept_of, may
from web.parts import Notice, place
from web.screens.settings.head import head_view, headed

PATH = "/settings/appearance"
THEMES = [("Light", "light"), ("Dark", "dark"), ("System", "system")]
WAYS = [("Blurred", "blur"), ("Without colour", "greyscale"), ("Blurred, without colour", "both")]
KEYS = [(key.upper(), key) for key in get_args(Key)]
ABOUT = """Point at a protected picture, press its key or rest a finger on it: it shows for as long as
you look.

An owner protects a concept for everybody on its own screens. Your own choice adds to that, and
*Show normally* overrides it. Home and Library are as strict as the strictest concept."""
# The page is opened anew where something was saved: every picture that it shows is asked for again.
AGAIN = "(place) => { if (place) location.assign(place); }"


class Appearance:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head, self.said = head_view("appearance"), Notice("appearance-said").view
        self.theme = gr.Radio(
            THEMES, value="system", label="Theme, kept in this browser", elem_id="theme", scale=0
        )
        with gr.Row(equal_height=False):
            with gr.Column(elem_id="own-protection"):
                gr.Markdown("### Protection for you")
                own = [("As each concept says", ""), *WAYS, ("Show normally", "plain")]
                self.shown_as = gr.Dropdown(own, value="", label="Show pictures")
                self.key = gr.Dropdown(KEYS, value="v", label="Key that shows a picture")
                save = gr.Button("Save", variant="primary", scale=0)
            with gr.Column(visible=False, elem_id="concept-protection") as self.of_concept:
                gr.Markdown("### Protection for everybody, on this concept")
                ways = [("Normally", ""), *WAYS]
                self.for_all = gr.Dropdown(ways, value="", label="Show its pictures")
                self.keep = gr.Button("Save for everybody", scale=0)
        with gr.Accordion("How does protection work?", open=False):
            gr.Markdown(ABOUT)
        gone = gr.Textbox(visible=False)
        own_parts = [self.theme, self.shown_as, self.key]
        shown = [self.head, self.said, *own_parts, self.of_concept, self.for_all, self.keep]
        opened(self.open, None, shown, **PLAIN)
        self.theme.input(
            None,
            self.theme,
            js="(theme) => { dispatchEvent(new CustomEvent('theme', {detail: theme})); }",
        )
        save.click(self.prefer, [self.shown_as, self.key], [self.said, gone], **PLAIN)
        self.keep.click(self.protect, self.for_all, [self.said, gone], **PLAIN)
        gone.change(None, gone, js=AGAIN)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        concept, of_concept = name_now(self._app, concept_of(request) or ""), None
        with suppress(DiscernError):  # in the trash, so it has no screens now
            of_concept = protection_of_concept(self._app.concept(concept)).shown_as if concept else None
        own = protection_of(self._app, author_of(request))
        theme = request.cookies.get("discern-theme", "system")
        is_saved = request.query_params.get("saved") == "1"
        owner = may(request, protect_concept)
        info = "" if owner else "An owner can change it."
        return [
            headed(PATH, request, note=f"Concept: {concept}" if of_concept is not None else ""),
            Notice.good("Saved for every screen.") if is_saved else None,
            theme if theme in ("light", "dark") else "system",
            own.shown_as,
            own.key,
            gr.Column(visible=of_concept is not None),
            gr.Dropdown(value=of_concept or "", interactive=owner, info=info),
            gr.Button(visible=owner),
        ]

    @calls(prefer_protection)
    def prefer(self, shown_as: str, key: str, request: gr.Request) -> tuple[Any, str]:
        try:
            wanted = Protection.model_validate({"shown_as": shown_as, "key": key})
            prefer_protection(self._app, wanted.shown_as, wanted.key, author=author_of(request))
        except ValidationError:
            return Notice.bad("Choose from the list. Nothing was changed."), ""
        return None, place(PATH, concept_of(request) or "", saved=1)

    @calls(protect_concept)
    def protect(self, shown_as: str, request: gr.Request) -> tuple[Any, str]:
        concept = concept_of(request) or ""
        try:
            wanted = OfConcept.model_validate({"shown_as": shown_as})
            protect_concept(self._app.concept(concept), wanted.shown_as)
        except ValidationError:
            return Notice.bad("Choose from the list. Nothing was changed."), ""
        except DiscernError as error:
            return Notice.bad(f"{in_words(error)} Nothing was changed."), ""
        return None, place(PATH, concept, saved=1)
