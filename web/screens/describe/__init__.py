"""Describe: what counts and what doesn't, what that finds, example pictures, and everything set for it."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from time import time
from typing import Any

import gradio as gr

from concepts.definition import editing
from concepts.definition.document import same_words
from concepts.definition.revisions import definition_of, revise
from concepts.errors import DiscernError
from concepts.labelling.examples import examples_of
from concepts.labelling.mining import criteria_of, mine, searches_of
from concepts.library.collections import look_in, looks_in
from concepts.results.concept_views import ConceptView
from concepts.results.concepts import change_concept, concept_state
from concepts.use_cases import App
from concepts.use_cases.roles import Role
from web.advice import in_words
from web.components.view import DataView
from web.concept_menu import ConceptMenu
from web.handlers import EACH, NEWEST, PLAIN, author_of, calls, concept_of
from web.jobs import is_going
from web.parts import Notice, Progress, data_view, place
from web.screens.describe.criteria import Criteria
from web.screens.describe.doing import Doing, Shown, field
from web.screens.describe.folds import Folds
from web.screens.describe.picker import Picker
from web.screens.describe.searches import SHOWN_EACH, Searches
from web.screens.describe.values import outcome, saved
from web.words import count

HERE = Path(__file__).parent
WAITED_FOR = ("propose", "mine", "ask questions", "look at parts")
SHOWN_OF_A_KIND = 6


def build(app: App, opened: Any) -> None:
    Describe(app, opened)


class Describe:
    def __init__(self, app: App, opened: Any) -> None:
        self.head = data_view(HERE / "head.html", "describe-head")
        self.menu = ConceptMenu(app, "/describe", "describe-name")
        self.said = Notice("describe-said").view
        self.progress = Progress(app, "describe-progress", WAITED_FOR, of_concept=True)
        self._doing = Doing(app, self.said, self.everything)
        with gr.Column(visible=False, elem_id="describe-body") as self.body:
            with gr.Row(elem_id="describe-columns", equal_height=False):
                with gr.Column(min_width=320):
                    with gr.Column(elem_classes="describe-panel"):
                        self.criteria = Criteria(self._doing)
                    with gr.Column(elem_classes="describe-panel"):
                        self.picker = Picker(self._doing)
                        self.examples = DataView(
                            HERE / "examples.html",
                            script="/web/screens/describe/examples.js",
                            events=("given",),
                            elem_id="describe-examples",
                        )
                with gr.Column(elem_classes="describe-panel", min_width=320):
                    self.searches = Searches(self._doing)
            with gr.Column(elem_classes=["describe-panel", "describe-folds"]):
                self.folds = Folds(self._doing)
        inner = (self.criteria, self.searches, self.picker, self.folds)
        shown = [self.head, self.said, self.body, self.menu.form, self.menu.gone, self.examples]
        shown += [*self.progress.parts, *(one for part in inner for one in part.parts)]
        opened(self.open, None, shown, **PLAIN).then(self.search, None, shown, **NEWEST)
        self.progress.follow(self.tick, shown)
        every: dict[str, Any] = {"outputs": shown, **PLAIN}
        for part in inner:
            part.follow(every)
        self.menu.follow(self.head)
        self.head.find(self.find_candidates, None, **every)
        self.said.undo(self.undo, None, **every)
        self.examples.drop(self.drop_example, None, **every | EACH)
        self.examples.given(self.given, None, **every | EACH)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> Shown:
        try:
            shown = self.document(request, self.menu.told(request), unfold=True)
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
            **self.criteria.opened(),
            **self.searches.opened(),
            **self.picker.closed(),
            **self.folds.opened(),
        }

    def document(
        self, request: gr.Request, said: dict[str, str] | None = None, unfold: bool = False
    ) -> Shown:
        # The job is read before what it may change: one that ends meanwhile is looked at once more.
        going = is_going(self.progress.newest(request))
        concept, values = self._doing.concept(request), self._doing.values(request)
        view = concept_state(concept)
        criteria = criteria_of(concept, reader=author_of(request))
        pictures = looks_in(concept).pictures
        return {
            self.head: self._head(view, pictures, going, request.state.role),
            self.said: said,
            self.body: gr.Column(visible=True),
            **dict(zip(self.progress.parts, self.progress.shown(request), strict=True)),
            **self.criteria.shown(view, criteria, values, going),
            self.searches.row: gr.Row(visible=values.owner),
            self.picker.choose: gr.Button(visible=values.owner),
            self.examples: values.examples(view, examples_of(concept)),
            **self.folds.shown(concept, view, values, going, unfold),
        }

    def _head(self, view: ConceptView, pictures: int, going: bool, role: Role) -> Shown:
        """With the one next step of somebody with this role. `pictures`: where the concept looks."""
        owner, finds, following = role >= Role.OWNER, False, None
        if going:
            pass
        elif not pictures and owner:
            following = {"title": "Import pictures", "address": "/library"}
        elif not view.candidates and owner:
            finds = True
        elif role >= Role.LABELLER:
            title = "Continue labelling" if view.answers.answers else "Start labelling"
            following = {"title": title, "address": place("/label", view.name)}
        return {
            "name": view.name,
            "candidates": count(view.candidates, "candidate") if view.candidates else "",
            "owner": owner,
            "more": f"More for {view.name}",
            "finds": finds,
            "next": following,
        }

    @calls()
    def search(self, request: gr.Request) -> Shown:
        """Searching a large library takes a moment: the document is there before the pictures are."""
        try:
            return self.found(request)
        except DiscernError as error:
            return {self.searches.queries: {"problem": in_words(error) if concept_of(request) else ""}}

    def found(self, request: gr.Request) -> Shown:
        """What each search finds, and pictures of each kind where the definition has any."""
        concept, values, reader = (
            self._doing.concept(request),
            self._doing.values(request),
            author_of(request),
        )
        view, going = concept_state(concept), is_going(self.progress.newest(request))
        queries = searches_of(concept, SHOWN_EACH, reader=reader)
        shown = self.searches.shown(view, queries, values)
        criteria = criteria_of(concept, SHOWN_OF_A_KIND, reader=reader)
        if any(one.found for one in criteria):
            twice = {same_words(one.text) for one in queries}
            shown |= self.criteria.rows(view, criteria, values, going, twice)
        return shown

    def everything(
        self, request: gr.Request, said: dict[str, str] | None = None, unfold: bool = False
    ) -> Shown:
        asked_at = time()
        shown = self.document(request, said, unfold) | self.found(request)
        return {
            part: value | {"asked_at": asked_at} if isinstance(value, dict) else value
            for part, value in shown.items()
        }

    @calls()
    def tick(self, request: gr.Request) -> Shown:
        """Only the progress while there is any, then everything."""
        job = self.progress.newest(request)
        if is_going(job):
            return dict(zip(self.progress.parts, self.progress.shown(request), strict=True))
        asked = job is not None and job.kind == "ask questions"
        return self.everything(request, outcome(job, self._doing.concept(request)), asked)

    # What can be done

    @calls(mine)
    def find_candidates(self, request: gr.Request) -> Shown:
        return self._doing.done(request, lambda concept: concept.begin(mine))

    @calls(revise)
    def drop_example(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        return self._doing.edit(request, partial(editing.remove_example, picture_id=field(chosen, "value")))

    @calls()
    def given(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        """After pictures from outside were sent: what could not be taken."""
        refused, revision = field(chosen, "value"), definition_of(self._doing.concept(request))
        told = Notice.bad(refused) if refused else saved(revision.note, revision.number, revision.number - 1)
        return self.everything(request, told)

    @calls(revise, change_concept, look_in)
    def undo(self, chosen: gr.EventData, request: gr.Request) -> Shown:
        what, _, value = field(chosen, "value").partition("/")
        if what == "definition":
            return self.folds.go_back_to(value, request)
        if what == "scope":
            return self.folds.change_scope([int(one) for one in value.split(",") if one.isdecimal()], request)
        try:
            return {self.menu.gone: self.menu.undo(f"{what}/{value}", request)}
        except DiscernError as error:
            return {self.said: Notice.bad(in_words(error))}
