"""The criteria on Describe: the description, what counts, what doesn't, and what is not decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.collaborator.proposals import propose, scoping_model
from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.definition.revisions import definition_of, revise
from concepts.labelling.mining import CriterionView
from concepts.results.concept_views import ConceptView
from web.handlers import EACH, PLAIN, calls
from web.parts import Notice, data_view
from web.screens.describe.doing import Doing, Shown, field, place_in
from web.screens.describe.values import COUNTING, KINDS, Values

HERE = Path(__file__).parent
WHOLE = "the whole concept"


class Criteria:
    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self.sentence = gr.Textbox(
            label="What counts", value="", lines=1, max_lines=8, max_length=2000, elem_id="describe-sentence"
        )
        self.drawn = gr.Textbox(visible=False, value="")  # the number of the definition that is shown
        self.counting = data_view(HERE / "rows.html", "describe-counting")
        with gr.Row(elem_classes="adder") as self.new_row:
            self.new = gr.Textbox(
                label="New criterion", value="", placeholder="e.g. in full view", show_label=False,
                container=False, max_length=300, scale=3, min_width=140,
            )  # fmt: skip
            kinds = [(KINDS[kind], kind) for kind in COUNTING]
            self.kind = gr.Dropdown(
                kinds, value="necessary", label="What it means", show_label=False, container=False,
                scale=2, min_width=160,
            )  # fmt: skip
            self.of = gr.Dropdown(
                [(WHOLE, "")], value="", label="Belongs to", show_label=False, container=False,
                visible=False, allow_custom_value=True, scale=2, min_width=130,
            )  # fmt: skip
            self.add = gr.Button("Add", size="md", scale=0, min_width=64)
        self.refused = Notice("describe-refused").view
        with gr.Column():
            gr.HTML("<h2>What doesn’t</h2>", apply_default_css=False)
            self.excluding = data_view(HERE / "rows.html", "describe-excluding")
            with gr.Row(elem_classes="adder") as self.exclusion_row:
                self.exclusion = gr.Textbox(
                    label="What doesn’t count", value="", placeholder="e.g. a drawing of it",
                    show_label=False, container=False, max_length=300, scale=3, min_width=140,
                )  # fmt: skip
                self.exclude = gr.Button("Add", size="md", scale=0, min_width=64)
            self.exclusion_refused = Notice("describe-exclusion-refused").view
        self.undecided = data_view(HERE / "rows.html", "describe-undecided")
        self.propose = gr.Button("Propose searches", size="md", elem_id="describe-propose")
        self.proposer = data_view(HERE / "proposer.html", "describe-proposer")
        self.parts = [
            self.sentence, self.drawn, self.counting, self.excluding, self.undecided, self.new, self.kind,
            self.of, self.new_row, self.exclusion, self.exclusion_row, self.propose, self.proposer,
            self.refused, self.exclusion_refused,
        ]  # fmt: skip

    def follow(self, every: dict[str, Any]) -> None:
        """`every`: how events that change what counts are listened to."""
        described = [self.sentence, self.drawn]
        gr.on([self.sentence.submit, self.sentence.blur], self.describe, described, **every)
        counting = [self.new, self.kind, self.of]
        gr.on([self.add.click, self.new.submit], self.add_criterion, counting, **every)
        self.kind.change(self.choose_kind, self.kind, self.of, **PLAIN)
        gr.on([self.exclude.click, self.exclusion.submit], self.add_exclusion, self.exclusion, **every)
        for rows in (self.counting, self.excluding, self.undecided):
            rows.edit(self.edit_criterion, None, **every | EACH)
            rows.decide(self.decide, None, **every | EACH)
            rows.keep(self.keep_criterion, None, **every | EACH)
            rows.drop(self.drop_criterion, None, **every | EACH)
            rows.more_kinds(self.more_kinds, None, **every | EACH)
        self.propose.click(self.begin_proposals, None, **every)

    def opened(self) -> Shown:
        """What was typed for another concept is no more."""
        nothing = dict.fromkeys((self.refused, self.exclusion_refused))
        return dict.fromkeys((self.new, self.exclusion), "") | nothing

    def shown(
        self, view: ConceptView, criteria: Sequence[CriterionView], values: Values, going: bool
    ) -> Shown:
        settings = self._doing.app.settings
        model, may = scoping_model(settings), values.owner and not going
        signals = [one.text for one in criteria if one.kind == "necessary"]
        return {
            self.sentence: gr.Textbox(value=view.revision.definition.description, interactive=values.owner),
            self.drawn: str(view.revision.number),
            **self.rows(view, criteria, values, going),
            self.of: gr.Dropdown([(WHOLE, ""), *((one, one) for one in signals)]),
            **dict.fromkeys((self.new_row, self.exclusion_row), gr.Row(visible=values.owner)),
            self.propose: gr.Button("Propose criteria" if model else "Propose searches", visible=may),
            self.proposer: _proposer(model, settings.demo) if may else None,
        }

    def rows(
        self,
        view: ConceptView,
        criteria: Sequence[CriterionView],
        values: Values,
        going: bool,
        twice: Collection[str] = (),
    ) -> Shown:
        """`twice`: what a search has the pictures of."""
        number = view.revision.number
        more = bool(scoping_model(self._doing.app.settings)) and values.owner and not going
        return {
            self.counting: values.counting(criteria, number, view.hint, more, twice),
            self.excluding: values.others(criteria, number, "excluding", "", twice),
            self.undecided: values.others(criteria, number, "undecided", "Not decided", twice),
        }

    @calls(revise)
    def describe(self, text: str, drawn: str, request: gr.Request) -> Any:
        """Where it was changed: it is asked when the field is left, too."""
        concept = self._doing.concept(request)
        if not drawn.isdecimal():
            return gr.skip()
        then = definition_of(concept, int(drawn)).definition.description
        if then == text.strip():
            return gr.skip()
        if definition_of(concept).definition.description != then:
            said = "Somebody else changed the description meanwhile, so yours was not saved."
            return self._doing.everything(request, Notice.bad(said))
        if not text.strip():
            said = "A concept needs a description. Nothing was changed."
            return self._doing.everything(request, Notice.bad(said))
        return self._doing.edit(request, partial(editing.describe, text=text))

    @calls(revise)
    def add_criterion(self, text: str, kind: str, of: str, request: gr.Request) -> Shown:
        under = of if of and kind != "necessary" else ""
        shown = self._doing.edit(request, partial(editing.add_criterion, kind=kind, text=text, of=under))
        if shown[self._doing.said] and shown[self._doing.said]["role"] == "status":
            shown |= {self.kind: "necessary", self.of: gr.Dropdown(value="", visible=False)}
        return self._doing.beside(shown, self.new, self.refused)

    @calls()
    def choose_kind(self, kind: str, request: gr.Request) -> Any:
        """What is no must may belong to one."""
        signals = definition_of(self._doing.concept(request)).definition.of_kind("necessary")
        return gr.Dropdown(visible=kind != "necessary" and bool(signals))

    @calls(revise)
    def add_exclusion(self, text: str, request: gr.Request) -> Shown:
        shown = self._doing.edit(request, partial(editing.add_criterion, kind="excluding", text=text))
        return self._doing.beside(shown, self.exclusion, self.exclusion_refused)

    @calls(revise)
    def edit_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        text, kind = field(chosen, "text"), field(chosen, "kind")

        def change(definition: Definition, index: int) -> Definition:
            return editing.set_kind(editing.reword_criterion(definition, index, text), index, kind)

        return self._doing.edit_one(request, "criteria", chosen, change)

    @calls(revise)
    def decide(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        *_, kind = place_in(chosen)
        return self._doing.edit_one(request, "criteria", chosen, partial(editing.set_kind, kind=kind))

    @calls(revise)
    def keep_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit_one(request, "criteria", chosen, editing.keep_criterion)

    @calls(revise)
    def drop_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit_one(request, "criteria", chosen, editing.remove_criterion)

    @calls(propose)
    def more_kinds(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        near = field(chosen, "value")
        return self._doing.done(request, lambda concept: concept.begin(propose, kinds=True, near=near))

    @calls(propose)
    def begin_proposals(self, request: gr.Request) -> Shown:
        return self._doing.done(request, lambda concept: concept.begin(propose))


def _proposer(model: str, demo: bool) -> dict[str, str]:
    if model:
        return {"by": f"By {model}: what counts, what doesn’t, and searches."}
    return {"by": "By built-in words: searches alone.", "settings": "" if demo else "/settings"}
