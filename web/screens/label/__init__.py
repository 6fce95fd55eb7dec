"""Label: one picture after the other, or many at once in a sheet or a grid; keys for all of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.labelling.labels import give_labels
from concepts.library.protection import protection_on_page
from concepts.results.advice import ENOUGH_LABELS
from concepts.results.concepts import concept_state
from concepts.results.library import picture_count
from concepts.results.next_pictures import coming
from concepts.results.review import keep_looking_over
from concepts.use_cases import App
from web.advice import in_words
from web.components.deck import PictureDeck
from web.components.grid import PictureGrid
from web.handlers import PLAIN, author_of, calls, concept_of, may
from web.label_tabs import label_tabs
from web.parts import Notice, data_view, place

HERE = Path(__file__).parent
RECENT = 120  # labels to step back through: two sheets
DO = "(what) => dispatchEvent(new CustomEvent('label-do', {{detail: {} }}))"


def build(app: App, opened: Any) -> None:
    Label(app, opened)


class Label:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        said = Notice("label-said").view
        with gr.Column(visible=False) as screen:
            tabs = data_view(HERE / "tabs.html", "label-tabs")
            gr.HTML(
                html_template=(HERE / "head.html").read_text(encoding="utf-8"),
                js_on_load="",
                apply_default_css=False,
                elem_id="label-head",
            )
            with gr.Row(elem_id="label-tools"):
                mode = gr.Radio(
                    [("Sheet", "sheet"), ("Grid", "grid"), ("Single", "single")],
                    label="How to label",
                    elem_id="label-mode",
                    show_label=False,
                )
                order = gr.Dropdown([], label="Order", elem_id="label-order", elem_classes="of-grid", scale=0)
                size = gr.Dropdown([24, 36, 60], value=36, label="Tiles", elem_classes="of-grid", scale=0)
                rest = gr.Button("Mark rest No", elem_classes="of-many", size="sm", scale=0)
                undo = gr.Button("Undo", elem_classes="of-many", size="sm", scale=0)
                save = gr.Button(
                    "Save",
                    variant="primary",
                    elem_id="label-save",
                    elem_classes="of-many",
                    size="sm",
                    scale=0,
                )
            deck = PictureDeck(
                script="/web/screens/label/label.js",
                style="/web/components/deck/deck.css",
                template=HERE / "label.html",
                elem_id="labeller",
            )
            PictureGrid(
                script="/web/components/grid/grid.js",
                style="/web/components/grid/grid.css",
                label="Pictures to label together",
                elem_id="label-grid",
            )
        for choice, what in ((mode, "'mode:' + what"), (order, "'order:' + what"), (size, "'size:' + what")):
            choice.input(None, choice, js=DO.format(what))
        for button, what in ((rest, "rest-no"), (undo, "undo"), (save, "save")):
            button.click(None, js=DO.format(f"'{what}'"))
        opened(self.open, None, [screen, said, tabs, deck, order], **PLAIN)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        name = concept_of(request)
        try:
            if name is None:
                raise DiscernError("Choose a concept first.")
            if not may(request, give_labels):
                raise DiscernError("You can look, but not label. An owner can change your role.")
            if not picture_count(self._app):
                raise DiscernError("There are no pictures yet. Import some in Library.")
            concept, author = self._app.concept(name), author_of(request)
            view = concept_state(concept)
            keep_looking_over(self._app.concept(view.name))
            state = coming(concept, recent=RECENT, author=author)
        except DiscernError as error:
            return [gr.Column(visible=False), Notice.bad(in_words(error)), None, None, gr.Dropdown()]
        searches = [
            (f"Found by “{one.text}”", f"query:{one.text}") for one in view.revision.definition.queries
        ]
        value = {
            "concept": view.name,
            "person": author,
            "usual": ENOUGH_LABELS,
            "scale": view.scale.model_dump(mode="json"),
            "shown": protection_on_page(self._app, author, view.name).query,
            "state": state.model_dump(mode="json"),
            "check": place("/check", view.name),
        }
        return [
            gr.Column(visible=True),
            None,
            label_tabs(view.name, "/label"),
            value,
            gr.Dropdown([*_orders(view.scale.kind, view.scale.counts_from), *searches], value="likely"),
        ]


def _orders(kind: str, counts_from: int) -> list[tuple[str, str]]:
    likely, borderline, unlikely = {
        "graded": ("Highest grade first", f"Near grade {counts_from} first", "Lowest grade first"),
        "classes": ("Likely one of these", "Borderline first", "Likely none of these"),
    }.get(kind, ("Most likely first", "Borderline first", "Least likely first"))
    return [(likely, "likely"), (borderline, "borderline"), (unlikely, "unlikely")]
