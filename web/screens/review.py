"""Review: what the machine said and why, most doubtful first; agree, disagree or remark.

What is shown is in the address (`?kind=&rating=&query=&criterion=&page=`), so a reload shows the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl

import gradio as gr

from concepts.annotators.review import ReviewFilter
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from storage.labels import Author
from web.live import Action, author_of, concept_of, live, on_action, on_event, on_load
from web.markup import empty, link, notice, url
from web.progress import is_going, job_failure, job_progress
from web.screens.review_parts import ask_machine, cards, header, machine_note

FILTERS = ("kind", "rating", "query", "criterion", "verdict", "page")
JOB = "The machine is looking at the pictures"


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("review-top")
    main = live("review-main")
    said = live("review-said")
    # Not gr.State, which holds a connection open for every tab, and a browser has six.
    view = gr.JSON({}, visible=False)
    timer = gr.Timer(1.5, active=False)
    screen = _Screen(workbench)
    areas = [top, main, said, view, timer]
    on_load(blocks, lambda request: screen.open(request), areas)
    for area in (top, main, said):
        on_action(area, screen.act, [view], areas)
    on_event(timer.tick, screen.tick, [view], areas)


class _Screen:
    """`view` is what one page shows: where in the list, which pictures, and the keys of its answers."""

    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def open(self, request: gr.Request) -> tuple[Any, ...]:
        place = {k: v for k, v in dict(request.query_params).items() if k in FILTERS and v}
        return self._show(request, {"place": place, "ids": [], "keys": {}})

    def tick(self, request: gr.Request, view: dict[str, Any]) -> tuple[Any, ...]:
        """While the machine is at work; at its end there is something to look at."""
        concept = concept_of(request)
        if concept and is_going(self._job(concept)):
            return self._top(concept), gr.skip(), gr.skip(), gr.skip(), gr.skip()
        return self._show(request, view)

    def act(self, action: Action, request: gr.Request, view: dict[str, Any]) -> tuple[Any, ...]:
        concept = concept_of(request)
        if concept is None:
            return self._show(request, view)
        try:
            said = self._do(concept, action, author_of(request), view)
        except DiscernError as error:
            return gr.skip(), gr.skip(), notice(f"{error} Nothing was changed.", "bad"), gr.skip(), gr.skip()
        return self._show(request, view, said)

    def _do(self, concept: str, action: Action, author: str, view: dict[str, Any]) -> str:
        """What there is to say about it, in words. Changes `view`."""
        workbench = self._workbench
        if action.name in ("show", "filter"):
            wanted = dict(parse_qsl(action.value)) if action.name == "show" else action.fields
            view |= {"place": {k: v for k, v in wanted.items() if k in FILTERS and v}, "ids": [], "keys": {}}
        elif action.name in ("yes", "no", "unsure"):
            picture_id, _, key = action.value.partition("|")
            workbench.answers.label(concept, picture_id, action.name, author=Author(author), key=key)
            view["keys"] = {**view["keys"], picture_id: key}
            return notice("Saved.", "good")
        elif action.name == "undo":
            undone = workbench.answers.undo(concept, author=author, only=[view["keys"].pop(action.value, "")])
            return notice("Taken back." if undone else "There was nothing to take back.", "good")
        elif action.name == "comment":
            picture_id, _, key = action.value.partition("|")
            workbench.answers.comment(
                concept, picture_id, action.fields.get("text", ""), author=author, key=key
            )
            return notice("The comment is kept.", "good")
        elif action.name == "annotate":
            budget = action.fields.get("budget", "").strip()
            workbench.answers.submit_annotate(concept, budget=_dollars(budget) if budget else None)
        elif action.name == "cancel":
            workbench.installation.cancel_job(int(action.value))
        elif action.name == "retry":
            workbench.installation.submit_retry(int(action.value))
        return ""

    def _show(self, request: gr.Request, view: dict[str, Any], said: str = "") -> tuple[Any, ...]:
        """Everything. After an answer the same pictures stay where they are until the person goes on."""
        concept = concept_of(request)
        if concept is None:
            nothing = empty(
                "Review what?",
                "The machine's labels belong to a concept. Choose one, or begin one.",
                link("Go to Start", url("/"), kind="primary"),
            )
            return "", nothing, "", view, gr.Timer(active=False)
        try:
            top, main = self._top(concept), self._main(concept, view)
        except DiscernError as error:
            return "", notice(str(error), "bad"), said, view, gr.Timer(active=False)
        return top, main, said, view, gr.Timer(active=is_going(self._job(concept)))

    def _main(self, concept: str, view: dict[str, Any]) -> str:
        place = view["place"]
        wanted = ReviewFilter(
            kind=place.get("kind", ""),
            query=place.get("query", ""),
            criterion=place.get("criterion", ""),
            verdict=place.get("verdict", ""),
            rating=_number(place.get("rating", "")),
            ids=tuple(view["ids"]),
        )
        page = self._workbench.answers.review(concept, wanted, _number(place.get("page", "")))
        if not page.annotated:
            going = is_going(self._job(concept))
            return (
                "" if going else ask_machine(self._workbench.answers.annotate_estimate(concept), first=True)
            )
        view["ids"] = [item.id for item in page.items]
        more = self._workbench.answers.annotate_estimate(concept)
        rest = ask_machine(more, first=False) if more.pictures and not is_going(self._job(concept)) else ""
        return machine_note(page) + cards(concept, page, place, view["keys"]) + rest

    def _top(self, concept: str) -> str:
        job = self._job(concept)
        progress = ""
        if job is not None and is_going(job):
            progress = job_progress(job, JOB)
        elif job is not None and job.state == "failed":
            progress = job_failure(job, JOB)
        elif job is not None and job.state == "done" and (job.result or {}).get("stopped"):
            progress = notice(str((job.result or {})["stopped"]), "warn")
        return header(concept) + progress

    def _job(self, concept: str) -> Any:
        return self._workbench.installation.latest_job(("annotate",), concept)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0


def _dollars(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise DiscernError(f"“{text}” is no sum. Write dollars, such as 2.50.") from error
    if not 0 < value < 1e6:
        raise DiscernError("A budget is more than nothing.")
    return value
