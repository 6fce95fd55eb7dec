"""Describe: what counts and what doesn't, what that finds, example pictures, and everything set for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.definition import editing
from concepts.definition.document import Definition, Revision, same_words
from concepts.errors import DiscernError
from concepts.installation.users import Role
from concepts.labelling.mining import QueryView
from concepts.library.search import about_words
from concepts.workbench import Workbench
from concepts.workbench.collections import Scope
from concepts.workbench.concept import Concept
from concepts.workbench.definition import ConceptDefinition, scoping_model
from concepts.workbench.parts import ConceptParts
from web.advice import in_words
from web.components.view import DataView
from web.concept_menu import ConceptMenu
from web.handlers import PLAIN, author_of, calls, concept_of
from web.jobs import is_going
from web.parts import Notice, Progress, data_view, place
from web.screens.describe.picker import Picker
from web.screens.describe.prompts import PromptEditor
from web.screens.describe.values import COUNTING, KINDS, Values, outcome, runs, saved, scale_in_words
from web.screens.scales import fields_of, scale_of
from web.words import count

HERE = Path(__file__).parent
WAITED_FOR = ("expand", "mine", "questions", "more kinds", "look at parts")
SHOWN_EACH = 8  # pictures of a search
SHOWN_OF_A_KIND = 6
WHOLE = "the whole concept"
SCALES = [("Yes or no", "yes or no"), ("Grades", "graded"), ("Classes, or none of these", "classes")]

Shown = dict[Any, Any]


def build(workbench: Workbench, opened: Any) -> None:
    Describe(workbench, opened)


class Describe:
    def __init__(self, workbench: Workbench, opened: Any) -> None:
        self._bench = workbench
        self.head = data_view(HERE / "head.html", "describe-head")
        self.menu = ConceptMenu(workbench, "/describe", "describe-name")
        self.menu.follow(self.head)
        self.said = Notice("describe-said").view
        self.progress = Progress(workbench, "describe-progress", WAITED_FOR, of_concept=True)
        with gr.Column(visible=False, elem_id="describe-body") as self.body:
            with gr.Row(elem_id="describe-columns", equal_height=False):
                with gr.Column(min_width=320):
                    with gr.Column(elem_classes="describe-panel"):
                        self._criteria()
                    with gr.Column(elem_classes="describe-panel"):
                        self._examples()
                with gr.Column(elem_classes="describe-panel", min_width=320):
                    self._searches()
            with gr.Column(elem_classes=["describe-panel", "describe-folds"]):
                self._folds()
        self.all = [
            self.head, self.said, self.body, self.menu.form, self.menu.gone, *self.progress.parts,
            self.sentence, self.drawn, self.counting, self.excluding, self.undecided,
            self.new, self.kind, self.of, self.new_row, self.exclusion, self.exclusion_row, self.propose,
            self.proposer, self.search_row, self.query, self.tried, self.queries, self.examples, *self.picker.parts,
            self.questions, self.questions_fold, self.scope_fold, self.albums, self.scope_note, self.use,
            self.use_all,
            self.part_fold, self.part, self.scale_fold, self.scale_form, self.fixed, *self.scale,
            self.history_fold, self.history, self.revision, self.prompts.list, self.prompts.form,
            self.prompts.sent,
        ]  # fmt: skip
        opened(self.open, None, self.all, **PLAIN).then(self.search, None, self.all, **PLAIN)
        self.progress.follow(self.tick, self.all)
        self._events()

    # Components

    def _criteria(self) -> None:
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
        with gr.Column():
            gr.HTML("<h2>What doesn’t</h2>", apply_default_css=False)
            self.excluding = data_view(HERE / "rows.html", "describe-excluding")
            with gr.Row(elem_classes="adder") as self.exclusion_row:
                self.exclusion = gr.Textbox(
                    label="What doesn’t count", value="", placeholder="e.g. a drawing of it",
                    show_label=False, container=False, max_length=300, scale=3, min_width=140,
                )  # fmt: skip
                self.exclude = gr.Button("Add", size="md", scale=0, min_width=64)
        self.undecided = data_view(HERE / "rows.html", "describe-undecided")
        self.propose = gr.Button("Propose searches", size="md", elem_id="describe-propose")
        self.proposer = data_view(HERE / "proposer.html", "describe-proposer")

    def _searches(self) -> None:
        gr.HTML("<h2>Searches</h2>", apply_default_css=False)
        with gr.Row(elem_classes="adder") as self.search_row:
            self.query = gr.Textbox(
                label="New search", value="", placeholder="What to look for", show_label=False,
                container=False, max_length=300, scale=3, min_width=140,
            )  # fmt: skip
            self.find = gr.Button("Counts", size="md", scale=0, min_width=80)
            self.find_similar = gr.Button("Doesn’t", size="md", scale=0, min_width=80)
        self.tried = data_view(HERE / "tried.html", "describe-tried")
        self.queries = data_view(HERE / "queries.html", "describe-queries")

    def _examples(self) -> None:
        self.picker = Picker(self._bench, self.values, self.everything)
        self.examples = DataView(
            HERE / "examples.html",
            script="/web/screens/describe/examples.js",
            events=("given",),
            elem_id="describe-examples",
        )

    def _folds(self) -> None:
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
                self.save_scale = gr.Button("Save", size="md", scale=0)
            self.scale = [kind, grades, counts_from, names, classes]
        with gr.Accordion("Definitions", open=False) as self.history_fold:
            self.revision = data_view(HERE / "revision.html", "describe-revision")
            self.history = data_view(HERE / "history.html", "describe-history")
        with gr.Accordion("Prompts", open=False):
            self.prompts = PromptEditor(self._bench, self.values)

    def _events(self) -> None:
        every: dict[str, Any] = {"outputs": self.all, **PLAIN}
        described = [self.sentence, self.drawn]
        gr.on([self.sentence.submit, self.sentence.blur], self.describe, described, **every)
        counting = [self.new, self.kind, self.of]
        gr.on([self.add.click, self.new.submit], self.add_criterion, counting, **every)
        self.kind.change(self.choose_kind, self.kind, self.of, **PLAIN)
        gr.on([self.exclude.click, self.exclusion.submit], self.add_exclusion, self.exclusion, **every)
        for rows in (self.counting, self.excluding, self.undecided):
            rows.edit(self.edit_criterion, None, **every)
            rows.decide(self.decide, None, **every)
            rows.keep(self.keep_criterion, None, **every)
            rows.drop(self.drop_criterion, None, **every)
            rows.more_kinds(self.more_kinds, None, **every)
        self.propose.click(self.begin_proposals, None, **every)
        self.query.input(self.look, self.query, self.tried, trigger_mode="always_last", **PLAIN)
        gr.on([self.find.click, self.query.submit], self.add_search, self.query, **every)
        self.find_similar.click(self.add_look_alike, self.query, **every)
        self.queries.keep(self.keep_query, None, **every)
        self.queries.flip(self.flip_query, None, **every)
        self.queries.drop(self.drop_query, None, **every)
        self.examples.drop(self.drop_example, None, **every)
        self.examples.given(self.given, None, **every)
        self.picker.follow(self.all)
        self.head.find(self.find_candidates, None, **every)
        self.said.undo(self.undo, None, **every)
        self.questions.answer(self.answer, None, **every)
        self.questions.ask(self.ask, None, **every)
        self.use.click(self.look_in, self.albums, **every)
        self.use_all.click(self.look_everywhere, None, **every)
        self.part.look(self.look_for_part, None, **every)
        self.part.whole(self.judge_whole, None, **every)
        kind, *fields = self.scale
        kind.change(self.choose_scale, kind, fields, **PLAIN)
        self.save_scale.click(self.set_scale, self.scale, **every)
        self.history.changes(self.show_changes, None, self.revision, **PLAIN)
        self.history.back(self.go_back, None, **every)
        self.revision.close(lambda: None, None, self.revision, **PLAIN)

    # What is shown

    def values(self, request: gr.Request) -> Values:
        author = author_of(request)
        query = self._bench.protection.on_page(author, concept_of(request)).query
        return Values(query, owner=request.state.role >= Role.OWNER, reader=author)

    def concept(self, request: gr.Request) -> Concept:
        if not (name := concept_of(request)):
            raise DiscernError("Choose a concept first.")
        return self._bench.concept(name)

    @calls()
    def open(self, request: gr.Request) -> Shown:
        try:
            shown = self.document(request, self.menu.told(request))
        except DiscernError as error:
            return {
                self.head: None,
                self.body: gr.Column(visible=False),
                self.said: Notice.bad(in_words(error)),
                self.menu.gone: "",
            }
        # What was typed or opened for another concept is no more.
        return shown | {
            self.menu.form: gr.Column(visible=False),
            self.menu.gone: "",
            **dict.fromkeys((self.new, self.exclusion, self.query), ""),
            **dict.fromkeys((self.tried, self.revision)),
            self.queries: {"searching": True},
            **self.picker.closed(),
            **self.prompts.closed(),
        }

    def document(self, request: gr.Request, said: dict[str, str] | None = None) -> Shown:
        # The job is read before what it may change: one that ends meanwhile is looked at once more.
        job = self.progress.newest(request)
        concept, values, author = self.concept(request), self.values(request), author_of(request)
        view, going, scope = concept.definition.read(), is_going(job), concept.scope.get()
        settings = self._bench.context.settings
        model, owner = scoping_model(settings), values.owner
        criteria = concept.definition.criteria(reader=author)
        number, questions = view.revision.number, concept.definition.questions()
        part, albums = concept.parts.read(), self._bench.collections.all()
        where = (
            f"{scope.pictures:,} of {count(scope.library, 'picture')}"
            if scope.collections
            else "whole library"
        )
        fields = fields_of(view.scale)
        asks = not going and bool(model or concept.definition.can_ask())
        signals = [one.text for one in criteria if one.kind == "necessary"]
        revisions = concept.definition.revisions(None)
        return {
            self.head: self._head(
                view.name, view.candidates, view.answers.answers, scope.pictures, going, owner
            ),
            self.said: said,
            self.body: gr.Column(visible=True),
            **dict(zip(self.progress.parts, self.progress.shown(request), strict=True)),
            self.sentence: gr.Textbox(value=view.revision.definition.description, interactive=owner),
            self.drawn: str(number),
            **self._rows(values, criteria, number, view.hint, bool(model) and owner and not going, ()),
            self.of: gr.Dropdown([(WHOLE, ""), *((one, one) for one in signals)]),
            **dict.fromkeys((self.new_row, self.exclusion_row, self.search_row), gr.Row(visible=owner)),
            self.propose: gr.Button(
                "Propose criteria" if model else "Propose searches", visible=owner and not going
            ),
            self.proposer: _proposer(model, settings.demo) if owner and not going else None,
            self.examples: values.examples(view, concept.examples.all()),
            self.questions: values.questions(questions, asks),
            self.questions_fold: gr.Accordion(
                f"Questions: {len(questions)}" if questions else "Questions", open=bool(questions)
            ),
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
            **self._scale(fields),
            self.history_fold: gr.Accordion(f"Definitions: {number}"),
            self.history: values.history(revisions),
            **self.prompts.listed(concept, values),
        }

    def _head(
        self, name: str, candidates: int, labels: int, pictures: int, going: bool, owner: bool
    ) -> Shown:
        """With the one next step."""
        nothing = not candidates
        following = ("Continue labelling" if labels else "Start labelling", place("/label", name))
        if not pictures:
            following = ("Import pictures", "/library")
        finds = bool(pictures) and nothing and owner
        return {
            "name": name,
            "candidates": count(candidates, "candidate") if candidates else "",
            "owner": owner,
            "more": f"More for {name}",
            "finds": finds and not going,
            "next": None if going or finds else {"title": following[0], "address": following[1]},
        }

    def _rows(self, values: Values, criteria: Any, number: int, hint: str, more: bool, twice: Any) -> Shown:
        return {
            self.counting: values.counting(criteria, number, hint, more, twice),
            self.excluding: values.others(criteria, number, "excluding", "", twice),
            self.undecided: values.others(criteria, number, "undecided", "Not decided", twice),
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

    @calls()
    def search(self, request: gr.Request) -> Shown:
        """Searching a large library takes a moment: the document is there before the pictures are."""
        try:
            return self.found(request)
        except DiscernError as error:
            return {self.queries: {"problem": in_words(error) if concept_of(request) else ""}}

    def found(self, request: gr.Request) -> Shown:
        """What each search finds, and pictures of each kind where the definition has any."""
        concept, values, reader = self.concept(request), self.values(request), author_of(request)
        view = concept.definition.read()
        number, going = view.revision.number, is_going(self.progress.newest(request))
        queries: list[QueryView] = concept.definition.queries(SHOWN_EACH, reader=reader)
        better = "" if self._bench.context.settings.demo else "/settings/encoder"
        shown: Shown = {self.queries: values.searches(queries, number, view.hint, better)}
        criteria = concept.definition.criteria(SHOWN_OF_A_KIND, reader=reader)
        if any(one.found for one in criteria):
            twice = {same_words(one.text) for one in queries}
            more = bool(scoping_model(self._bench.context.settings)) and values.owner and not going
            shown |= self._rows(values, criteria, number, view.hint, more, twice)
        return shown

    def everything(self, request: gr.Request, said: dict[str, str] | None = None) -> Shown:
        return self.document(request, said) | self.found(request)

    @calls()
    def tick(self, request: gr.Request) -> Shown:
        """Only the progress while there is any, then everything."""
        job = self.progress.newest(request)
        if is_going(job):
            return dict(zip(self.progress.parts, self.progress.shown(request), strict=True))
        return self.everything(request, outcome(job, self.concept(request).definition))

    # What can be done

    def _done(self, request: gr.Request, do: Callable[[Concept], Any]) -> Shown:
        """Does it and shows everything, with what was done or why it wasn't."""
        try:
            concept = self.concept(request)
            before = concept.definition.read().revision.number
            made = do(concept)
        except DiscernError as error:
            return self.everything(request, Notice.bad(in_words(error)))
        if isinstance(made, Revision):
            made = saved(made.note, made.number, before) if made.number != before else None
        return self.everything(request, made if isinstance(made, dict) else None)

    def _edit(
        self, request: gr.Request, change: Callable[[Definition], Definition], drawn: str = ""
    ) -> Shown:
        """`drawn`: the number of the definition on which the person made a change that hits a place in it."""

        def edit(concept: Concept) -> Revision:
            after = self._base(concept, drawn) if drawn else None
            return concept.definition.edit(change, author=author_of(request), after=after)

        return self._done(request, edit)

    @staticmethod
    def _base(concept: Concept, drawn: str) -> int:
        """The definition that a change is made on: the newest, if nothing has changed since it was drawn that
        this press could hit by mistake: the sentence and examples move no place."""
        if not drawn.isdecimal() or len(drawn) > 9:
            raise DiscernError("This can’t be done here. Reload the page and try again; nothing was changed.")
        definition, number = concept.definition, int(drawn)
        newest = definition.read().revision
        if newest.number == number:
            return number
        kept = {
            part: getattr(newest.definition, part) for part in ("description", "examples", "counterexamples")
        }
        then = definition.read(number).revision.definition
        return newest.number if then.model_copy(update=kept) == newest.definition else number

    @calls(ConceptDefinition.revise)
    def describe(self, text: str, drawn: str, request: gr.Request) -> Shown:
        """Where it was changed: it is asked when the field is left, too."""
        definition = self.concept(request).definition
        if (
            not drawn.isdecimal()
            or definition.read(int(drawn)).revision.definition.description == text.strip()
        ):
            return gr.skip()  # type: ignore[return-value]
        newest = definition.read().revision.definition.description
        if newest != definition.read(int(drawn)).revision.definition.description:
            said = "Somebody else changed the description meanwhile, so yours was not saved."
            return self.everything(request, Notice.bad(said))
        return self._edit(request, partial(editing.describe, text=text))

    @calls(ConceptDefinition.revise)
    def add_criterion(self, text: str, kind: str, of: str, request: gr.Request) -> Shown:
        under = of if of and kind != "necessary" else ""
        shown = self._edit(request, partial(editing.add_criterion, kind=kind, text=text, of=under))
        cleared = self._cleared(shown, self.new)
        if cleared:
            cleared |= {self.kind: "necessary", self.of: gr.Dropdown(value="", visible=False)}
        return shown | cleared

    @calls()
    def choose_kind(self, kind: str, request: gr.Request) -> Any:
        """What is no must may belong to one."""
        signals = self.concept(request).definition.read().revision.definition.of_kind("necessary")
        return gr.Dropdown(visible=kind != "necessary" and bool(signals))

    @calls(ConceptDefinition.revise)
    def add_exclusion(self, text: str, request: gr.Request) -> Shown:
        shown = self._edit(request, partial(editing.add_criterion, kind="excluding", text=text))
        return shown | self._cleared(shown, self.exclusion)

    def _cleared(self, shown: Shown, field: gr.Textbox) -> Shown:
        """What was typed, unless it has to be mended."""
        said = shown.get(self.said)
        return {} if said and said["role"] == "alert" else {field: ""}

    @calls(ConceptDefinition.revise)
    def edit_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        text, kind = _field(chosen, "text"), _field(chosen, "kind")

        def change(definition: Definition) -> Definition:
            return editing.set_kind(editing.reword_criterion(definition, index, text), index, kind)

        return self._edit(request, change, drawn)

    @calls(ConceptDefinition.revise)
    def decide(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, kind = _place(chosen)
        return self._edit(request, partial(editing.set_kind, index=index, kind=kind), drawn)

    @calls(ConceptDefinition.revise)
    def keep_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        return self._edit(request, partial(editing.keep_criterion, index=index), drawn)

    @calls(ConceptDefinition.revise)
    def drop_criterion(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        return self._edit(request, partial(editing.remove_criterion, index=index), drawn)

    @calls(ConceptDefinition.propose)
    def more_kinds(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        near = _field(chosen, "value")
        return self._done(request, lambda concept: concept.definition.propose(kinds=True, near=near))

    @calls(ConceptDefinition.propose)
    def begin_proposals(self, request: gr.Request) -> Shown:
        return self._done(request, lambda concept: concept.definition.propose())

    @calls(ConceptDefinition.mine)
    def find_candidates(self, request: gr.Request) -> Shown:
        return self._done(request, lambda concept: concept.definition.mine())

    @calls()
    def look(self, words: str, request: gr.Request) -> Any:
        """What a search would find, while it is typed."""
        if not words.strip():
            return None
        try:
            found = self.concept(request).examples.possible(words, SHOWN_EACH)
        except DiscernError as error:
            return {"hint": in_words(error)}
        (hint,) = about_words(self._bench.context.collection, [words], [found[0].id if found else ""])
        pictures = self.values(request).pictures(found)
        return {"hint": hint, "found": pictures, "strip": f"Found by {words}"}

    @calls(ConceptDefinition.revise)
    def add_search(self, text: str, request: gr.Request) -> Shown:
        return self._add_query(text, True, request)

    @calls(ConceptDefinition.revise)
    def add_look_alike(self, text: str, request: gr.Request) -> Shown:
        return self._add_query(text, False, request)

    def _add_query(self, text: str, counts: bool, request: gr.Request) -> Shown:
        shown = self._edit(request, partial(editing.add_query, text=text, counts=counts))
        cleared = self._cleared(shown, self.query)
        return shown | cleared | ({self.tried: None} if cleared else {})

    @calls(ConceptDefinition.revise)
    def keep_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        return self._edit(request, partial(editing.keep_query, index=index), drawn)

    @calls(ConceptDefinition.revise)
    def flip_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        return self._edit(request, partial(editing.flip_query, index=index), drawn)

    @calls(ConceptDefinition.revise)
    def drop_query(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        drawn, index, _ = _place(chosen)
        return self._edit(request, partial(editing.remove_query, index=index), drawn)

    @calls(ConceptDefinition.revise)
    def drop_example(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._edit(request, partial(editing.remove_example, picture_id=_field(chosen, "value")))

    @calls()
    def given(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        """After pictures from outside were sent: what could not be taken."""
        refused, revision = _field(chosen, "value"), self.concept(request).definition.read().revision
        told = Notice.bad(refused) if refused else saved(revision.note, revision.number, revision.number - 1)
        return self.everything(request, told)

    @calls(ConceptDefinition.revise, ConceptDefinition.set, Scope.set)
    def undo(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        what, _, value = _field(chosen, "value").partition("/")
        if what == "definition":
            return self._back_to(value, request)
        if what == "scope":
            return self._look_in([int(one) for one in value.split(",") if one.isdecimal()], request)
        try:
            return {self.menu.gone: self.menu.undo(f"{what}/{value}", request)}
        except DiscernError as error:
            return {self.said: Notice.bad(in_words(error))}

    @calls(ConceptDefinition.answer)
    def answer(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        question, said, author = _field(chosen, "value"), _field(chosen, "said"), author_of(request)
        return self._done(request, lambda concept: concept.definition.answer(question, said, author=author))

    @calls(ConceptDefinition.ask)
    def ask(self, request: gr.Request) -> Shown:
        return self._done(request, lambda concept: concept.definition.ask())

    @calls(Scope.set)
    def look_in(self, albums: list[int], request: gr.Request) -> Shown:
        return self._look_in(albums or [], request)

    @calls(Scope.set)
    def look_everywhere(self, request: gr.Request) -> Shown:
        return self._look_in([], request)

    def _look_in(self, albums: list[int], request: gr.Request) -> Shown:
        def change(concept: Concept) -> dict[str, str]:
            before = concept.scope.get()
            now = concept.scope.set([*albums], author=author_of(request))
            if now.number == before.number:
                return Notice.good(f"The scope is already {now.name}.")
            back = ",".join(map(str, before.collections))
            said = f"Scope: {now.name}, {now.pictures:,} of {count(now.library, 'picture')}."
            return Notice.good(said, f"scope/{back}")

        return self._done(request, change)

    @calls(ConceptParts.look)
    def look_for_part(self, request: gr.Request) -> Shown:
        return self._done(request, lambda concept: concept.parts.look())

    @calls(ConceptParts.look)
    def judge_whole(self, request: gr.Request) -> Shown:
        return self._done(request, lambda concept: concept.parts.look(whole=True))

    @calls()
    def choose_scale(self, kind: str, request: gr.Request) -> list[Any]:
        graded = kind == "graded"
        return [
            gr.Slider(visible=graded),
            gr.Dropdown(visible=graded),
            gr.Textbox(visible=graded),
            gr.Textbox(visible=kind == "classes"),
        ]

    @calls(ConceptDefinition.set)
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
            self.concept(request).definition.set_scale(scale_of(fields))
        except DiscernError as error:  # what was typed stays, to be mended
            return {self.said: Notice.bad(in_words(error))}
        return self.everything(request, Notice.good("Saved."))

    @calls()
    def show_changes(self, chosen: gr.EventData, request: gr.Request) -> Any:
        definition, number = self.concept(request).definition, _field(chosen, "value")
        at = int(number) if number.isdecimal() else 0
        newest = definition.read().revision.number
        changed = runs(definition.diff(at - 1, at)) if at > 1 else []
        since = runs(definition.diff(at, newest)) if at != newest else []
        same = "Same words. Examples, or what you kept, may differ."
        return {
            "title": f"Changes of definition {at}",
            "changed": changed,
            "nothing": same if at > 1 else "This is the first definition.",
            "to": f"From definition {at} to the newest ({newest})",
            "since": since,
        }

    @calls(ConceptDefinition.revise)
    def go_back(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._back_to(_field(chosen, "value"), request)

    def _back_to(self, value: str, request: gr.Request) -> Shown:
        drawn, _, number = value.partition(":")

        def restore(concept: Concept) -> Revision:
            after = self._base(concept, drawn)
            return concept.definition.restore(int(number), author=author_of(request), after=after)

        return self._done(request, restore) | {self.revision: None}


def _proposer(model: str, demo: bool) -> dict[str, str]:
    if model:
        return {"by": f"By {model}: what counts, what doesn’t, and searches."}
    return {"by": "By built-in words: searches alone.", "settings": "" if demo else "/settings"}


def _field(chosen: gr.EventData, name: str) -> str:
    """What an event says, from the browser: empty for what is no text."""
    value = getattr(chosen, name, "")
    return value if isinstance(value, str) else ""


def _place(chosen: gr.EventData) -> tuple[str, int, str]:
    """The definition that was drawn, the place in it, and what is to be there: `5:2` or `5:2:included`."""
    drawn, _, rest = _field(chosen, "value").partition(":")
    index, _, what = rest.partition(":")
    return drawn, int(index) if index.isdecimal() else -1, what
