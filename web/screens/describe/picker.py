"""Example pictures from the library: a search, what it finds, and what each of them is to be."""

from __future__ import annotations

from functools import partial
from typing import Any

import gradio as gr

from concepts.definition import editing
from concepts.definition.revisions import definition_of, revise
from concepts.errors import DiscernError
from concepts.labelling.examples import edit_definition, possible_examples
from concepts.library.collection import collection_of
from concepts.use_cases import Concept
from web.advice import in_words
from web.components.grid import PictureGrid
from web.handlers import EACH, PLAIN, author_of, calls
from web.parts import FOCUS, Notice
from web.screens.describe.doing import Doing, Shown

PICKED_FROM = 24
MARKS = {True: ("✓ counts", "yes"), False: ("✗ doesn’t", "no")}
GRID = "document.querySelector('#describe-picked .picture-grid')?.parentElement?.grid"
SELECTED = f"(_, words) => [[...({GRID}?.selected || [])].join(' '), words]"


class Picker:
    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        with gr.Row(elem_classes="head"):
            gr.HTML("<h2>Example pictures</h2>", apply_default_css=False)
            self.choose = gr.Button("Choose from library", size="md", scale=0, elem_id="describe-pick")
        with gr.Column(visible=False, elem_id="describe-picker", elem_classes="form-in-place") as self.form:
            self.words = gr.Textbox(label="Search", value="", max_length=300)
            self.said = Notice("describe-picker-said").view
            self.found = PictureGrid(
                script="/web/components/grid/grid.js",
                style="/web/components/grid/grid.css",
                keys={"y": "yes", "n": "no", "u": ""},
                label="Pictures to choose from",
                elem_id="describe-picked",
            )
            with gr.Row():
                yes = gr.Button("Counts", size="md", scale=0)
                no = gr.Button("Doesn’t", size="md", scale=0)
                neither = gr.Button("No example", size="md", scale=0)
                self.close = gr.Button("Close", size="md", scale=0)
        self.selected = gr.Textbox(visible=False, value="")
        self.parts = [self.choose, self.form, self.words, self.said, self.found]
        self._marks = ((yes, self.mark_yes), (no, self.mark_no), (neither, self.mark_neither))

    def follow(self, every: dict[str, Any]) -> None:
        """`every`: how events that change what counts are listened to."""
        focus = FOCUS("#describe-picker input, #describe-picker textarea")
        self.choose.click(self.open, None, self.parts, **PLAIN).then(None, js=focus)
        self.words.submit(self.find, self.words, self.parts, **PLAIN)
        self.close.click(self.shut, None, self.parts, **PLAIN)
        self.found.mark(self.mark, self.words, **every | EACH)
        for button, mark in self._marks:
            button.click(mark, [self.selected, self.words], js=SELECTED, **every)

    def closed(self) -> Shown:
        return {self.form: gr.Column(visible=False), self.found: None, self.said: None}

    @calls()
    def open(self, request: gr.Request) -> Shown:
        concept = self._doing.concept(request)
        sought = definition_of(concept).definition.description
        return {
            self.form: gr.Column(visible=True),
            self.words: sought,
            **self._found(concept, sought, request),
        }

    @calls()
    def find(self, words: str, request: gr.Request) -> Shown:
        return self._found(self._doing.concept(request), words, request)

    @calls()
    def shut(self, request: gr.Request) -> Shown:
        return self.closed()

    @calls(revise)
    def mark(self, words: str, chosen: gr.EventData, request: gr.Request) -> Shown:
        ids, value = getattr(chosen, "ids", None), getattr(chosen, "value", None)
        if not isinstance(ids, list) or value not in ("yes", "no", ""):
            raise DiscernError("Select pictures first.")
        return self._mark([one for one in ids if isinstance(one, str)], value, words, request)

    @calls(revise)
    def mark_yes(self, ids: str, words: str, request: gr.Request) -> Shown:
        return self._mark(ids.split(), "yes", words, request)

    @calls(revise)
    def mark_no(self, ids: str, words: str, request: gr.Request) -> Shown:
        return self._mark(ids.split(), "no", words, request)

    @calls(revise)
    def mark_neither(self, ids: str, words: str, request: gr.Request) -> Shown:
        return self._mark(ids.split(), "", words, request)

    def _mark(self, ids: list[str], value: str, words: str, request: gr.Request) -> Shown:
        """Several can be chosen, so what was found stays."""
        concept = self._doing.concept(request)
        try:
            if not ids:
                raise DiscernError("Select pictures first.")
            for one in ids[:PICKED_FROM]:
                change = partial(editing.remove_example, picture_id=one)
                if value:
                    collection_of(self._doing.app).library.picture(one)
                    change = partial(editing.add_example, picture_id=one, counts=value == "yes")
                edit_definition(concept, change, author=author_of(request))
            said = None
        except DiscernError as error:
            said = Notice.bad(in_words(error))
        found = self._found(concept, words, request)
        return self._doing.everything(request) | found | ({self.said: said} if said else {})

    def _found(self, concept: Concept, words: str, request: gr.Request) -> Shown:
        try:
            found, said = possible_examples(concept, words, PICKED_FROM), None
        except DiscernError as error:
            found, said = [], Notice.bad(in_words(error))
        definition, values = definition_of(concept).definition, self._doing.values(request)
        chosen = dict.fromkeys(definition.examples, True) | dict.fromkeys(definition.counterexamples, False)
        pictures = []
        for one in found:
            mark, tone = MARKS[chosen[one.id]] if one.id in chosen else ("", "")
            shape = {"width": one.width, "height": one.height}
            pictures.append(values.pictures([one])[0] | shape | {"mark": mark, "tone": tone})
        return {self.said: said, self.found: {"pictures": pictures}}
