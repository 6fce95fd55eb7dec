"""What is seldom changed on Describe: questions, scope, part, kind of labels, definitions, prompts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from concepts.collaborator.proposals import (
    answer_question,
    ask_questions,
    can_ask_without_a_model,
    open_questions,
    scoping_model,
)
from concepts.definition.document import Revision
from concepts.definition.revisions import (
    changes_between,
    definition_of,
    restore_definition,
    revise,
    revisions,
)
from concepts.errors import DiscernError
from concepts.labelling.framed_parts import framed_parts, look_at_parts
from concepts.library.collections import all_collections, look_in, looks_in
from concepts.results.concept_views import ConceptView
from concepts.results.concepts import change_concept, set_scale
from concepts.use_cases import Concept
from web.advice import in_words
from web.handlers import EACH, PLAIN, author_of, calls
from web.parts import Notice, data_view
from web.screens.describe.doing import Doing, Shown, field
from web.screens.describe.prompts import PromptEditor
from web.screens.describe.values import Values, runs, scale_in_words
from web.screens.scales import fields_of, scale_of
from web.words import count

HERE = Path(__file__).parent
SCALES = [("Yes or no", "yes or no"), ("Grades", "graded"), ("Classes, or none of these", "classes")]


class Folds:
    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        with gr.Accordion("Questions", open=False) as self.questions_fold:
            self.questions = data_view(HERE / "questions.html", "describe-questions")
        with gr.Accordion("Scope", open=False) as self.scope_fold:
            gr.Markdown(
                "Only these pictures are searched, labelled and tested. Your labels stay, and older figures "
                "keep the name of their scope."
            )
            self.albums = gr.CheckboxGroup([], label="Albums")
            self.scope_note = gr.HTML(
                '<p class="soft">No albums yet. '
                '<a href="/library?view=collections">Make one in Library</a>.</p>',
                apply_default_css=False,
            )
            with gr.Row():
                self.use = gr.Button("Use these", size="md", scale=0)
                self.use_all = gr.Button("Use whole library", size="md", scale=0)
        with gr.Accordion("Judged by", open=False) as self.part_fold:
            self.part = data_view(HERE / "part.html", "describe-part")
        with gr.Accordion("Labels", open=False) as self.scale_fold:
            self.fixed = gr.HTML(
                '<p class="soft">Fixed since the first label.</p>', apply_default_css=False, visible=False
            )
            with gr.Column() as self.scale_form:
                kind = gr.Radio(SCALES, value="yes or no", label="More than yes or no")
                grades = gr.Slider(3, 10, value=5, step=1, label="Grades", visible=False)
                middle = [("the middle one", ""), *((str(n), str(n)) for n in range(2, 11))]
                counts_from = gr.Dropdown(middle, value="", label="Counts from grade", visible=False)
                names = gr.Textbox(
                    label="Names of the lowest and highest, or of each (optional)", value="", visible=False,
                    placeholder="not at all, very", max_length=700,
                )  # fmt: skip
                classes = gr.Textbox(
                    label="Names, with commas (2 to 9)", value="", placeholder="first, second, third",
                    max_length=600, visible=False,
                )  # fmt: skip
                self.scale_refused = Notice("describe-scale-refused").view
                self.save_scale = gr.Button("Save", size="md", scale=0)
            self.scale: list[Any] = [kind, grades, counts_from, names, classes]
        with gr.Accordion("Definitions", open=False) as self.history_fold:
            self.revision = data_view(HERE / "revision.html", "describe-revision")
            self.history = data_view(HERE / "history.html", "describe-history")
        with gr.Accordion("Prompts", open=False):
            self.prompts = PromptEditor(doing)
        self.parts = [
            self.questions, self.questions_fold, self.scope_fold, self.albums, self.scope_note, self.use,
            self.use_all, self.part_fold, self.part, self.scale_fold, self.scale_form, self.fixed,
            *self.scale, self.scale_refused, self.history_fold, self.history, self.revision,
            self.prompts.list, self.prompts.form, self.prompts.sent,
        ]  # fmt: skip

    def follow(self, every: dict[str, Any]) -> None:
        """`every`: how events that change what counts are listened to."""
        self.questions.answer(self.answer, None, **every | EACH)
        self.questions.ask(self.ask, None, **every)
        self.use.click(self.keep_where, self.albums, **every)
        self.use_all.click(self.look_everywhere, None, **every)
        self.part.look(self.look_for_part, None, **every)
        self.part.whole(self.judge_whole, None, **every)
        kind, *fields = self.scale
        kind.change(self.choose_scale, kind, fields, **PLAIN)
        self.save_scale.click(self.set_scale, self.scale, **every)
        self.history.changes(self.show_changes, None, self.revision, **PLAIN)
        self.history.back(self.go_back, None, **every)
        self.revision.close(self.hide_changes, None, self.revision, **PLAIN)

    def opened(self) -> Shown:
        return {self.revision: None, self.scale_refused: None, **self.prompts.closed()}

    def shown(self, concept: Concept, view: ConceptView, values: Values, going: bool, unfold: bool) -> Shown:
        """`unfold`: whether open questions are unfolded."""
        owner, number = values.owner, view.revision.number
        scope, questions = looks_in(concept), open_questions(concept)
        part, albums = framed_parts(concept), all_collections(self._doing.app)
        model = scoping_model(self._doing.app.settings)
        asks = not going and bool(model or can_ask_without_a_model(concept))
        part_of = f"{scope.pictures:,} of {count(scope.library, 'picture')}"
        asked, unfold = (
            f"Questions: {len(questions)}" if questions else "Questions",
            unfold and bool(questions),
        )
        where = part_of if scope.collections else "whole library"
        return {
            self.questions: values.questions(questions, asks),
            self.questions_fold: gr.Accordion(asked, open=True) if unfold else gr.Accordion(asked),
            self.scope_fold: gr.Accordion(f"Scope: {where}"),
            self.albums: gr.CheckboxGroup(
                [(f"{one.name} · {count(one.pictures, 'picture')}", one.id) for one in albums],
                value=list(scope.collections),
                visible=bool(albums),
                interactive=owner,
            ),
            self.scope_note: gr.HTML(visible=not albums),
            self.use: gr.Button(visible=bool(albums) and owner),
            self.use_all: gr.Button(visible=owner and bool(scope.collections or albums)),
            self.part_fold: gr.Accordion(f"Judged by: {'framed part' if part.is_part else 'whole picture'}"),
            self.part: values.part(view.name, part),
            self.scale_fold: gr.Accordion(f"Labels: {scale_in_words(view.scale)}"),
            self.scale_form: gr.Column(visible=owner and not view.answers.answers),
            self.fixed: gr.HTML(visible=bool(view.answers.answers)),
            **self._scale(fields_of(view.scale)),
            self.history_fold: gr.Accordion(f"Definitions: {number}"),
            self.history: values.history(revisions(concept, None)),
            **self.prompts.listed(concept, values),
        }

    def _scale(self, fields: dict[str, str]) -> Shown:
        kind, grades, counts_from, names, classes = self.scale
        graded = fields["kind"] == "graded"
        return {
            kind: fields["kind"],
            grades: gr.Slider(value=int(fields["grades"]), visible=graded),
            counts_from: gr.Dropdown(value=fields["counts_from"], visible=graded),
            names: gr.Textbox(value=fields["grade_names"], visible=graded),
            classes: gr.Textbox(value=fields["classes"], visible=fields["kind"] == "classes"),
        }

    @calls(answer_question)
    def answer(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        question, said, author = field(chosen, "value"), field(chosen, "said"), author_of(request)
        return self._doing.done(
            request, lambda concept: answer_question(concept, question, said, author=author)
        )

    @calls(ask_questions)
    def ask(self, request: gr.Request) -> Shown:
        return self._doing.done(request, lambda concept: concept.begin(ask_questions))

    @calls(look_in)
    def keep_where(self, albums: list[int], request: gr.Request) -> Shown:
        return self.change_scope(albums or [], request)

    @calls(look_in)
    def look_everywhere(self, request: gr.Request) -> Shown:
        return self.change_scope([], request)

    def change_scope(self, albums: list[int], request: gr.Request) -> Shown:
        def change(concept: Concept) -> dict[str, str]:
            before = looks_in(concept)
            now = look_in(concept, [*albums], author=author_of(request))
            if now.number == before.number:
                return Notice.good(f"The scope is already {now.name}.")
            back = ",".join(map(str, before.collections))
            said = f"Scope: {now.name}, {now.pictures:,} of {count(now.library, 'picture')}."
            return Notice.good(said, f"scope/{back}")

        return self._doing.done(request, change)

    @calls(look_at_parts)
    def look_for_part(self, request: gr.Request) -> Shown:
        return self._doing.done(request, lambda concept: concept.begin(look_at_parts))

    @calls(look_at_parts)
    def judge_whole(self, request: gr.Request) -> Shown:
        return self._doing.done(request, lambda concept: concept.begin(look_at_parts, whole=True))

    @calls()
    def choose_scale(self, kind: str, request: gr.Request) -> list[Any]:
        graded = kind == "graded"
        return [
            gr.Slider(visible=graded),
            gr.Dropdown(visible=graded),
            gr.Textbox(visible=graded),
            gr.Textbox(visible=kind == "classes"),
        ]

    @calls(change_concept)
    def set_scale(
        self, kind: str, grades: float, counts_from: str, names: str, classes: str, request: gr.Request
    ) -> Shown:
        fields = {
            "kind": kind,
            "grades": f"{grades:.0f}",
            "counts_from": counts_from or "",
            "grade_names": names,
            "classes": classes if kind == "classes" else "",
        }
        try:
            set_scale(self._doing.concept(request), scale_of(fields))
        except DiscernError as error:  # what was typed stays, to be mended
            return {self.scale_refused: Notice.bad(in_words(error))}
        return self._doing.everything(request, Notice.good("Saved.")) | {self.scale_refused: None}

    @calls()
    def show_changes(self, chosen: gr.EventData, request: gr.Request) -> Any:
        concept, number = self._doing.concept(request), field(chosen, "value")
        at = int(number) if number.isdecimal() else 0
        newest = definition_of(concept).number
        changed = runs(changes_between(concept, at - 1, at)) if at > 1 else []
        since = runs(changes_between(concept, at, newest)) if at != newest else []
        same = "Same words. Examples, or what you kept, may differ."
        return {
            "title": f"Changes of definition {at}",
            "changed": changed,
            "nothing": same if at > 1 else "This is the first definition.",
            "to": f"From definition {at} to the newest ({newest})",
            "since": since,
        }

    @calls()
    def hide_changes(self, request: gr.Request) -> None:
        """Of a definition."""

    @calls(revise)
    def go_back(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self.go_back_to(field(chosen, "value"), request)

    def go_back_to(self, value: str, request: gr.Request) -> Shown:
        drawn, _, number = value.partition(":")

        def restore(concept: Concept) -> Revision:
            after = self._doing.base(concept, drawn)
            return restore_definition(concept, int(number), author=author_of(request), after=after)

        return self._doing.done(request, restore) | {self.revision: None}
