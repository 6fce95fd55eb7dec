"""The searches on Describe: what each finds, and what a new one would find while it is typed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.definition import editing
from concepts.definition.revisions import revise
from concepts.errors import DiscernError
from concepts.labelling.examples import possible_examples
from concepts.labelling.mining import QueryView
from concepts.library.collection import collection_of
from concepts.library.search import about_words
from concepts.results.concept_views import ConceptView
from web.advice import in_words
from web.handlers import EACH, NEWEST, calls
from web.parts import Notice, data_view
from web.screens.describe.doing import Doing, Shown
from web.screens.describe.values import Values

HERE = Path(__file__).parent
SHOWN_EACH = 8  # pictures of a search


class Searches:
    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        gr.HTML("<h2>Searches</h2>", apply_default_css=False)
        with gr.Row(elem_classes="adder") as self.row:
            self.query = gr.Textbox(
                label="New search", value="", placeholder="What to look for", show_label=False,
                container=False, max_length=300, scale=3, min_width=140,
            )  # fmt: skip
            self.find = gr.Button("Counts", size="md", scale=0, min_width=80)
            self.find_similar = gr.Button("Doesn’t", size="md", scale=0, min_width=80)
        self.refused = Notice("describe-search-refused").view
        self.tried = data_view(HERE / "tried.html", "describe-tried")
        self.queries = data_view(HERE / "queries.html", "describe-queries")
        self.parts = [self.row, self.query, self.refused, self.tried, self.queries]

    def follow(self, every: dict[str, Any]) -> None:
        """`every`: how events that change what counts are listened to."""
        self.query.input(self.look, self.query, self.tried, **NEWEST)
        gr.on([self.find.click, self.query.submit], self.add_search, self.query, **every)
        self.find_similar.click(self.add_look_alike, self.query, **every)
        self.queries.keep(self.keep_query, None, **every | EACH)
        self.queries.flip(self.flip_query, None, **every | EACH)
        self.queries.drop(self.drop_query, None, **every | EACH)

    def opened(self) -> Shown:
        return {self.query: "", self.refused: None, self.tried: None, self.queries: {"searching": True}}

    def shown(self, view: ConceptView, queries: Sequence[QueryView], values: Values) -> Shown:
        better = "" if self._doing.app.settings.demo else "/settings/encoder"
        found = values.searches(queries, view.revision.number, view.hint, better)
        return {self.queries: found}

    @calls()
    def look(self, words: str, request: gr.Request) -> Any:
        """What a search would find, while it is typed."""
        if not words.strip():
            return None
        try:
            found = possible_examples(self._doing.concept(request), words, SHOWN_EACH)
        except DiscernError as error:
            return {"hint": in_words(error)}
        (hint,) = about_words(collection_of(self._doing.app), [words], [found[0].id if found else ""])
        pictures = self._doing.values(request).pictures(found)
        return {"hint": hint, "found": pictures, "strip": f"Found by {words}"}

    @calls(revise)
    def add_search(self, text: str, request: gr.Request) -> Shown:
        return self._add_query(text, True, request)

    @calls(revise)
    def add_look_alike(self, text: str, request: gr.Request) -> Shown:
        return self._add_query(text, False, request)

    def _add_query(self, text: str, counts: bool, request: gr.Request) -> Shown:
        shown = self._doing.edit(request, partial(editing.add_query, text=text, counts=counts))
        shown = self._doing.beside(shown, self.query, self.refused)
        return shown if shown[self.refused] else shown | {self.tried: None}

    @calls(revise)
    def keep_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit_one(request, "queries", chosen, editing.keep_query)

    @calls(revise)
    def flip_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit_one(request, "queries", chosen, editing.flip_query)

    @calls(revise)
    def drop_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit_one(request, "queries", chosen, editing.remove_query)
