"""Define: the concept as a document to edit: what counts, where it looks, examples, and its history."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import gradio as gr

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from web.live import Action, author_of, concept_of, live, on_action, on_event, on_load
from web.markup import button, chip, empty, escape, head, icon, link, notice, url
from web.progress import is_going
from web.screens.define_parts import (
    WAITED_FOR,
    criteria_panel,
    examples_panel,
    history_panel,
    picker,
    proposals,
    queries_panel,
    revision_dialog,
)
from web.words import count

SHOWN_EACH = 8  # pictures of a query's strip
PICKED_FROM = 24
LOOKING = (
    '<section class="panel"><h2>Where it looks</h2>'
    '<p class="soft" role="status">Looking through your pictures…</p></section>'
)

Shown = tuple[Any, ...]


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("define-head")
    progress = live("define-progress")
    with gr.Row(elem_classes="define-columns"):
        document = live("define-document")
        queries = live("define-queries", value=LOOKING)
    examples = live("define-examples")
    history = live("define-history")
    dialog = live("define-dialog")
    timer = gr.Timer(1, active=False)
    areas = [top, progress, document, examples, history, queries, timer]
    screen = _Screen(workbench)
    # Searching a large library takes a moment: the document is there before the pictures are.
    on_load(blocks, lambda request: screen.document(request), areas[:5])
    on_load(blocks, lambda request: screen.queries(request), [queries, timer])
    for area in (top, progress, document, queries, examples, history):
        on_action(area, screen.act, outputs=[*areas, dialog])
    on_action(dialog, screen.act, outputs=[*areas, dialog])
    on_event(timer.tick, screen.tick, outputs=areas)


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    # What is shown

    def document(self, request: gr.Request, said: str = "") -> Shown:
        name = concept_of(request)
        if name is None:
            go = link("Begin or choose a concept", url("/"), icon_name="home", kind="primary")
            title = empty("Which concept?", "A definition belongs to a concept. Choose one on Start.", go)
            return (head("Define") + title, "", "", "", "")
        try:
            view = self._workbench.definitions.concept(name)
        except DiscernError as error:
            go = link("Choose another", url("/"), kind="primary")
            return (head("Define") + notice(str(error), "bad") + go, "", "", "", "")
        definition = view.revision.definition
        revisions = self._workbench.definitions.revisions(name)
        criteria = self._workbench.definitions.criteria(name, reader=author_of(request))
        return (
            _top(view) + f'<div aria-live="polite">{said}</div>',
            proposals(self._workbench, view),
            criteria_panel(definition.description, criteria, view.revision.number),
            examples_panel(definition, view.revision.number),
            history_panel(revisions),
        )

    def queries(self, request: gr.Request) -> Shown:
        name = concept_of(request)
        if name is None or not self._exists(name):
            return "", gr.Timer(active=False)
        going = is_going(self._workbench.installation.latest_job(WAITED_FOR, name))
        revision = self._workbench.definitions.concept(name).revision.number
        try:
            found = self._workbench.definitions.queries(name, SHOWN_EACH, reader=author_of(request))
            return queries_panel(found, revision), gr.Timer(active=going)
        except DiscernError as error:
            return notice(str(error), "bad"), gr.Timer(active=going)

    def everything(self, request: gr.Request, said: str = "") -> Shown:
        return (*self.document(request, said), *self.queries(request))

    def tick(self, request: gr.Request) -> Shown:
        name = concept_of(request)
        if name and self._exists(name):
            view = self._workbench.definitions.concept(name)
            if is_going(self._workbench.installation.latest_job(WAITED_FOR, name)):
                return (gr.skip(), proposals(self._workbench, view), *[gr.skip()] * 5)
        return self.everything(request, self._outcome(name) if name else "")

    def _exists(self, name: str) -> bool:
        return any(
            concept.name.casefold() == name.casefold() for concept in self._workbench.definitions.concepts()
        )

    def _outcome(self, name: str) -> str:
        job = self._workbench.installation.latest_job(WAITED_FOR, name)
        if job is None or job.state != "done" or job.result is None:
            return ""
        if job.kind == "mine":
            added, pool = int(job.result["added"]), int(job.result["candidates"])
            return notice(f"Found {count(added, 'new picture')}; {count(pool, 'candidate')} by now.", "good")
        number = int(job.result["revision"])
        return _saved(f"proposed by {job.result['author']}", number, number - 1)

    # What can be done

    def act(self, action: Action, request: gr.Request) -> Shown:
        name, author = concept_of(request), author_of(request)
        if name is None:
            return (*[gr.skip()] * 7, gr.skip())
        try:
            if action.name in DIALOGS:
                return (*[gr.skip()] * 7, self._open(name, action))
            said = self._do(name, action, author)
        except DiscernError as error:
            said = notice(str(error), "bad")
        closed = "" if action.name in CLOSES else gr.skip()
        return (*self.everything(request, said), closed)

    def _do(self, name: str, action: Action, author: str) -> str:
        """Does it, and says what was done."""
        workbench = self._workbench
        if action.name == "propose":
            workbench.definitions.submit_expand(name)
            return ""
        if action.name == "mine":
            workbench.definitions.submit_mine(name)
            return ""
        if action.name == "cancel":
            workbench.jobs.store.cancel(int(action.value))
            return ""
        if action.name == "retry":
            workbench.jobs.store.retry(int(action.value))
            workbench.jobs.wake()
            return ""
        base, _, what = action.value.partition(":")
        if action.name == "restore":
            view = workbench.definitions.restore(name, int(what), author=author, after=int(base))
        else:
            change = _change(action.name, what, action.fields)
            view = workbench.definitions.edit(name, change, author=author, after=int(base))
        return _saved(view.note, view.number, int(base)) if view.number != int(base) else ""

    def _open(self, name: str, action: Action) -> str:
        if action.name == "revision":
            number = int(action.value)
            return revision_dialog(self._workbench, name, number)
        view = self._workbench.definitions.concept(name)
        words = action.fields.get("words", "") or view.revision.definition.description
        return picker(self._workbench, words, view.revision, PICKED_FROM)


DIALOGS = ("revision", "pick")
CLOSES = ("example", "restore")  # the dialog they are pressed in has done its work


def _change(name: str, what: str, fields: dict[str, str]) -> Callable[[Definition], Definition]:
    """The edit that a press means. Raises `DiscernError`."""
    text = fields.get("text", "")
    if name == "sentence":
        return partial(editing.describe, text=text)
    if name == "add-criterion":
        return partial(editing.add_criterion, kind=fields.get("kind", ""), text=text)
    if name == "add-query":
        return partial(editing.add_query, text=text, counts=fields.get("counts") == "yes")
    if name == "example":
        answer, _, picture = what.partition(":")
        return partial(editing.add_example, picture_id=picture, counts=answer == "yes")
    if name == "drop-example":
        return partial(editing.remove_example, picture_id=what)
    if not what.isdecimal():
        raise DiscernError("This can't be done here. Reload the page and try again; nothing was changed.")
    index = int(what)
    if name == "edit-criterion":
        return lambda definition: editing.set_kind(
            editing.reword_criterion(definition, index, text), index, fields.get("kind", "")
        )
    simple: dict[str, Callable[[Definition, int], Definition]] = {
        "keep-criterion": editing.keep_criterion,
        "drop-criterion": editing.remove_criterion,
        "keep-query": editing.keep_query,
        "flip-query": editing.flip_query,
        "drop-query": editing.remove_query,
    }
    if name not in simple:
        raise DiscernError("This can't be done here. Reload the page and try again; nothing was changed.")
    return lambda definition: simple[name](definition, index)


def _top(view: ConceptView) -> str:
    return head(
        view.name,
        chip(f"definition {view.revision.number}"),
        chip("saved", "yes"),
        chip(count(view.candidates, "candidate picture")) if view.candidates else "",
        right=f'<a class="btn" href="#define-history">{icon("history")}History</a>'
        + link("Looks right, start labelling", url("/label", view.name), kind="primary"),
    )


def _saved(note: str, number: int, before: int) -> str:
    undo = button("Undo", "restore", f"{number}:{before}", icon_name="undo-2", kind="small") if before else ""
    return (
        f'<div class="notice good" role="status"><div class="row"><span>Saved as definition {number}: '
        f"{escape(note)}.</span>{undo}</div></div>"
    )
