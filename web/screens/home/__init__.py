"""Home: every concept and its next step. Before the first one: the way to it, and an example result."""

from __future__ import annotations

import json
from functools import cache
from math import floor
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.results.concept_views import ConceptSummary
from concepts.results.concepts import begin_concept, change_concept, new_concept
from concepts.results.library import import_pictures, library_info
from concepts.results.overview import list_concepts
from concepts.results.trash import restore
from concepts.results.versions import file_stem
from concepts.use_cases import App
from web.advice import in_words
from web.concept_menu import ConceptMenu
from web.handlers import PLAIN, author_of, calls
from web.parts import FOCUS, GO, Notice, Progress, closed, data_view, place
from web.screens.scales import scale_of
from web.words import count, duration

HERE = Path(__file__).parent
IMPORTING = ("add pictures", "add sample")
EXAMPLE = Path(__file__).parents[2] / "static" / "start" / "result.json"
KINDS = [("Yes or no", "yes or no"), ("Grades", "graded"), ("Classes, or none of these", "classes")]


def build(app: App, opened: Any) -> None:
    Home(app, opened)


class Home:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        with gr.Row(elem_classes="head"):
            self.title = gr.Markdown("# Concepts", elem_id="home-title", visible=False)
            self.imports = gr.Button("Import pictures", elem_id="home-import", size="md", scale=0)
            self.sample = gr.Button("Try sample pictures", visible=False, size="md", scale=0)
            self.new = gr.Button("New concept", variant="primary", size="md", scale=0)
        with gr.Column(visible=False, elem_id="new-concept", elem_classes="form-in-place") as self.form:
            self.name = gr.Textbox(label="Name", value="", placeholder="A word or two", max_length=120)
            self.refused = Notice("new-concept-refused").view
            self.counts = gr.Textbox(
                label="What counts",
                value="",
                max_lines=4,
                placeholder="What a picture must show. Enter creates the concept.",
                max_length=2000,
            )
            self.excluded = gr.Textbox(
                label="What doesn’t count (one per line)",
                value="",
                lines=2,
                placeholder="What only looks similar",
                max_length=2000,
            )
            with gr.Accordion("More than yes or no", open=False):
                self.kind = gr.Radio(KINDS, value="yes or no", label="Labels")
                self.grades = gr.Slider(3, 10, value=5, step=1, label="Grades", visible=False)
                self.classes = gr.Textbox(
                    label="Names, with commas (2 to 9)",
                    value="",
                    placeholder="first, second, third",
                    visible=False,
                )
                self.scale_refused = Notice("new-concept-scale-refused").view
            with gr.Row():
                self.create = gr.Button("Create", variant="primary", scale=0)
                self.cancel = gr.Button("Cancel", scale=0)
        self.menu = ConceptMenu(app, "/", "home-name")
        self.said = Notice("home-said").view
        self.progress = Progress(app, "home-progress", IMPORTING)
        self.start = data_view(HERE / "start.html", "home-first")
        self.cards = data_view(HERE / "concepts.html", "home-concepts")
        self.menu.follow(self.cards)
        shown = [self.title, self.sample, self.start, self.cards, self.said, *self.progress.parts]
        shown += [self.menu.form, self.menu.gone]
        form = [self.name, self.counts, self.excluded, self.kind, self.grades, self.classes]

        opened(self.open, None, shown, **PLAIN)
        self.progress.follow(self.open, shown)
        self.imports.click(None, js=GO("/library"))
        self.sample.click(self.add_sample, None, shown, **PLAIN)
        self.new.click(self.open_form, None, self.form, **PLAIN).then(
            None, js=FOCUS("#new-concept :is(textarea, input)")
        )
        self.cancel.click(closed, None, self.form, **PLAIN)
        self.kind.change(self.choose_kind, self.kind, [self.grades, self.classes], **PLAIN)
        gone = gr.Textbox(visible=False)
        created = [self.refused, self.scale_refused, gone]
        creates = [self.create.click, self.name.submit, self.counts.submit]
        gr.on(creates, self.begin, form, created, **PLAIN)
        gone.change(None, gone, js=GO())
        self.said.undo(self.undo, None, [self.menu.gone], **PLAIN)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return self.shown(self.menu.told(request))

    def shown(self, said: dict[str, str] | None = None) -> list[Any]:
        concepts = sorted(list_concepts(self._app, None), key=lambda one: one.changed, reverse=True)
        pictures = library_info(self._app, wait=False).pictures
        return [
            gr.Markdown(visible=bool(concepts)),
            gr.Button(visible=not pictures),
            None if concepts else self._start(pictures),
            [_card(one) for one in concepts],
            said,
            *self.progress.shown(),
            gr.Column(visible=False),
            "",
        ]

    @calls(import_pictures)
    def add_sample(self, request: gr.Request) -> list[Any]:
        import_pictures(self._app, sample=True)
        return self.shown()

    @calls()
    def open_form(self, request: gr.Request) -> Any:
        return gr.Column(visible=True)

    @calls()
    def choose_kind(self, kind: str, request: gr.Request) -> tuple[Any, Any]:
        return gr.Slider(visible=kind == "graded"), gr.Textbox(visible=kind == "classes")

    @calls(new_concept)
    def begin(
        self,
        name: str,
        counts: str,
        excluded: str,
        kind: str,
        grades: float,
        classes: str,
        request: gr.Request,
    ) -> tuple[Any, Any, str]:
        try:
            scale = scale_of({"kind": kind, "grades": f"{grades:.0f}", "classes": classes})
        except DiscernError as error:
            return None, Notice.bad(f"{in_words(error)} Nothing was created."), ""
        try:
            begun = begin_concept(
                self._app,
                name,
                counts,
                excluding=excluded.splitlines(),
                author=author_of(request),
                scale=scale,
            )
        except DiscernError as error:
            return Notice.bad(f"{in_words(error)} Nothing was created."), None, ""
        return None, None, place("/describe", begun.name)

    @calls(change_concept, restore)
    def undo(self, chosen: gr.EventData, request: gr.Request) -> str:
        return self.menu.undo(str(chosen.value), request)

    def _start(self, pictures: int) -> dict[str, Any]:
        local = not self._app.settings.reaches_out
        folders = "Folders are read where they are, uploads are copied"
        first = (
            count(pictures, "picture")
            if pictures
            else folders + ("; nothing leaves this computer." if local else ".")
        )
        steps = [
            ("Pictures", first),
            ("Concept", "Give it a name and say what counts."),
            ("Labels", "Say yes or no to pictures that Discern picks."),
        ]
        return {
            "steps": [
                {
                    "number": "✓" if i == 1 and pictures else str(i),
                    "title": title,
                    "text": text,
                    "style": "panel done" if i == 1 and pictures else "",
                }
                for i, (title, text) in enumerate(steps, 1)
            ],
            "example": example(),
        }


def _card(concept: ConceptSummary) -> dict[str, Any]:
    labels = count(concept.answers.answers, "label") + (" (simulated)" if concept.answers.simulated else "")
    share = round(100 * len(concept.steps_done) / len(concept.steps))
    return {
        "name": concept.name,
        "cover": [f"/media/thumbnail/{one}" for one in concept.cover],
        "state": f"{labels} · {concept.quality or 'not tested yet'}",
        "ring": f"{share} 100",
        "progress": f"{share} % of the way: {len(concept.steps_done)} of {len(concept.steps)} steps done",
        "next": concept.next_step,
        "address": place(concept.next_screen, concept.name),
        "menu": f"menu-{concept.id}",
        "more": f"More for {concept.name}",
    }


@cache
def example() -> dict[str, Any]:
    """A real result over free photographs, as `python -m docs.first_result` wrote it."""
    found = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    pictures = count(found["pictures"], "picture")
    right, low, high = (floor(100 * share) for share in found["precision"])  # never 100 %
    return {
        "pictures": [
            {
                "address": f"/web/start/{one['file']}",
                "alt": one["shows"] + ("" if one["right"] else ", wrongly flagged"),
                "style": "" if one["right"] else "wrong",
            }
            for one in found["shown"]
        ],
        "flagged": f"“{found['name']}”: {found['flagged']:,} of {pictures} flagged.",
        "right": f"{right} % are right ({low}–{high} %), on {count(found['measured'], 'test picture')}.",
        "file": f"{file_stem(found['name'], 1)}.zip",
        "labels": f"{count(found['learned'] + found['measured'], 'label')} by a simulated person, "
        f"{duration(found['seconds'])}.",
    }
