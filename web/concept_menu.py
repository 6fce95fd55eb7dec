"""The menu of a concept, on its card and at its head: rename, duplicate, move to trash, and the ways back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.definition.revisions import rename
from concepts.errors import DiscernError
from concepts.results.concepts import change_concept, concept_state, copy_concept, name_now, new_concept
from concepts.results.trash import list_trash, put_into_trash, restore
from concepts.use_cases import App
from web.advice import in_words
from web.components.view import DataView
from web.handlers import PLAIN, author_of, calls
from web.parts import FOCUS, GO, Notice, place
from web.words import count

WAS, COPIED, AWAY = "was", "copied", "away"  # in the address: what a press in the menu came to
RENAMING = "Labels and versions stay. Links to the old name lead here."
COPYING = (
    "The copy has the same definition and its own test pictures, so its figures can’t be compared with the "
    "original’s. Versions are not copied."
)


class ConceptMenu:
    """One form for a name. Afterwards the page goes on to `path`, or to Home from a concept in the trash."""

    def __init__(self, app: App, path: str, elem_id: str) -> None:
        self._app, self._path, self._elem_id = app, path, elem_id
        with gr.Column(visible=False, elem_id=elem_id, elem_classes="form-in-place") as self.form:
            self.of = gr.Textbox(visible=False, value="")
            self.what = gr.Textbox(visible=False, value="")
            self.name = gr.Textbox(label="New name", value="", max_length=120, info=RENAMING)
            self.along = gr.Checkbox(True, label="Copy the labels too", visible=False)
            self.refused = Notice(f"{elem_id}-refused").view
            with gr.Row():
                save = gr.Button("Save", size="md", scale=0)
                cancel = gr.Button("Cancel", size="md", scale=0)
        self.gone = gr.Textbox(visible=False, value="")
        inputs = [self.of, self.what, self.name, self.along]
        gr.on(
            [save.click, self.name.submit], self.save, inputs, [self.form, self.refused, self.gone], **PLAIN
        )
        cancel.click(self.cancel, None, self.form, **PLAIN)
        self.gone.change(None, self.gone, js=GO())

    def follow(self, view: DataView) -> None:
        """`view` has the menu, with the events `rename`, `duplicate` and `trash`."""
        asked = [self.form, self.of, self.what, self.name, self.along, self.refused]
        focus = FOCUS(f"#{self._elem_id} textarea, #{self._elem_id} input")
        view.rename(self.ask_name, None, asked, **PLAIN).then(None, js=focus)
        view.duplicate(self.ask_copy, None, asked, **PLAIN).then(None, js=focus)
        view.trash(self.put_away, None, [self.gone], **PLAIN)

    @calls()
    def ask_name(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        name = str(chosen.value)
        asked = gr.Textbox(label="New name", value=name, info=RENAMING)
        return [gr.Column(visible=True), name, "rename", asked, gr.Checkbox(visible=False), None]

    @calls()
    def ask_copy(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        name = str(chosen.value)
        labels = concept_state(self._app.concept(name)).answers.answers
        asked = gr.Textbox(label="Name of the copy", value=f"{name} (copy)", info=COPYING)
        along = gr.Checkbox(
            value=bool(labels), label=f"Copy {count(labels, 'label')} too", visible=bool(labels)
        )
        return [gr.Column(visible=True), name, "duplicate", asked, along, None]

    @calls(new_concept, change_concept)
    def save(self, of: str, what: str, name: str, along: bool, request: gr.Request) -> list[Any]:
        author = author_of(request)
        try:
            if what == "duplicate":
                made = copy_concept(self._app, of, name, with_labels=along, author=author).name
                address = self._address(made, COPIED, made)
            else:
                now = rename(self._app.concept(of), name, author=author)
                address = self._address(now, WAS, of) if now != of else ""
        except DiscernError as error:
            return [gr.skip(), Notice.bad(f"{in_words(error)} Nothing was changed."), ""]
        return [gr.Column(visible=False), None, address]

    @calls()
    def cancel(self, request: gr.Request) -> Any:
        return gr.Column(visible=False)

    @calls(put_into_trash)
    def put_away(self, chosen: gr.EventData, request: gr.Request) -> str:
        name = str(chosen.value)
        put_into_trash(self._app, concept=name, author=author_of(request))
        return place("/", **{AWAY: name})

    def _address(self, concept: str, what: str, value: str) -> str:
        return place(self._path, concept if self._path != "/" else "", **{what: value})

    def told(self, request: gr.Request) -> dict[str, str] | None:
        """What the address says was done, while it is so."""
        asked, app = request.query_params, self._app
        if was := asked.get(WAS, ""):
            now = name_now(app, was)
            if now and now != was:
                return Notice.good(f"“{was}” renamed to “{now}”.", f"rename/{now}/{was}")
        if (copied := asked.get(COPIED, "")) and name_now(app, copied):
            return Notice.good(f"“{copied}” created.")
        away = asked.get(AWAY, "")
        if any(one.name == away for one in list_trash(self._app, "concept")) if away else False:
            return Notice.good(
                f"“{away}” is in the trash, with everything that belongs to it.", f"restore/{away}"
            )
        return None

    def undo(self, what: str, request: gr.Request) -> str:
        """Takes back what `told` said was done. Returns the address to go on to. Raises `DiscernError`."""
        deed, _, rest = what.partition("/")
        name, _, before = rest.partition("/")
        if deed == "rename":
            name = rename(self._app.concept(name), before, author=author_of(request))
        else:
            restore(self._app, concept=name, author=author_of(request))
        return place(self._path, name if self._path != "/" else "")
