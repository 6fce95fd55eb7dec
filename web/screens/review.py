"""Review: labels worth another look, each with its reason, and the suggestions, most doubtful first.

What is shown is in the address (`?reason=&start=&kind=&rating=&query=&criterion=&page=`), so a reload shows
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from concepts.collaborator.setups import Setup
from concepts.collaborator.suggestions import ReviewFilter
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.labelling.reasons import Reason
from concepts.workbench import Workbench
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Shown, WebPage, concept_of, number_of, remembered
from web.render import render, say
from web.screens.review_picture import LABELS, labelled, opened, reader_of
from web.work import press

FILTERS = ("reason", "start", "kind", "rating", "query", "criterion", "verdict", "page")
ANNOTATE, COMPARE, LOOK_OVER, LOOK_BACK = "annotate", "compare annotators", "look over", "look back"

EVERY = 1.5  # seconds from one look at work to the next
ROWS = 12  # of the queue that are shown


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.open
    page.on_action(screen.act, screen.top, screen.main, screen.said, screen.dialog)
    page.ticks = screen.tick


class RememberedReview(BaseModel):
    """What one page shows: where in the lists, and which suggestions."""

    place: dict[str, str] = {}
    ids: list[str] = []


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("review-top")
        self.said = page.area("review-said")
        self.main = page.area("review-main")
        self.dialog = page.area("review-dialog")

    def open(self, request: Request) -> Shown:
        place = {k: v for k, v in dict(request.query_params).items() if k in FILTERS and v}
        concept = concept_of(request)
        if concept is not None:
            with suppress(DiscernError):  # which the screen says below
                self._bench.review.keep_up(concept)
        return self._show(request, RememberedReview(place=place))

    def tick(self, request: Request) -> Shown:
        """While suggestions are made; at the end they are shown, and what was said of a picture that was to
        be labelled first."""
        concept, view = concept_of(request), remembered(RememberedReview, request)
        jobs = self._jobs(concept) if concept else {}
        if any(is_going(jobs.get(kind)) for kind in (ANNOTATE, COMPARE, LOOK_BACK)):
            return {self.top: render("review/top.html", concept=concept, jobs=jobs)}
        if is_going(jobs.get(LOOK_OVER)):
            return {}
        shown = self._show(request, view)
        del shown[self.said]  # of the last press, which may have come while the work went on
        return shown

    def act(self, action: Action, request: Request) -> Shown:
        concept, view = concept_of(request), remembered(RememberedReview, request)
        if concept is None:
            return self._show(request, view)
        try:
            if action.name == "open":
                return {self.dialog: opened(self._bench, concept, action.value, request, view.ids)}
            said = self._do(concept, action, author_of(request), view)
        except DiscernError as error:
            return {self.said: say(f"{in_words(error)} Nothing was changed.", "bad")}
        return self._show(request, view, said) | {self.dialog: ""}

    def _do(self, concept: str, action: Action, author: str, view: RememberedReview) -> str:
        """HTML of what there is to say about it. Changes `view`."""
        bench = self._bench
        if action.name in ("show", "filter"):
            wanted = dict(parse_qsl(action.value)) if action.name == "show" else action.fields
            view.place = {k: v for k, v in wanted.items() if k in FILTERS and v}
            view.ids = []
        elif action.name in LABELS:
            return labelled(bench, concept, action, author)
        elif action.name == "look-over":
            bench.review.submit(concept)
        elif action.name == "annotate":
            budget = action.fields.get("budget", "").strip()
            bench.concept(concept).annotations.annotate(
                budget=_dollars(budget) if budget else None,
                rounds=1 if action.fields.get("how") == "at once" else None,
            )
        elif action.name == "compare-annotators":
            budget = action.fields.get("budget", "").strip()
            bench.concept(concept).annotators.compare(budget=_dollars(budget) if budget else None)
        elif action.name == "use-annotator":
            name, *flags = action.value.split("|")  # such as decomposed|0|1|0
            setup = Setup(name, *(flag == "1" for flag in flags[:3]))
            bench.concept(concept).annotators.choose(setup, author=author)
            return say("In use from now on. Earlier suggestions are kept.", "good")
        else:
            press(bench, action)
        return ""

    def _show(self, request: Request, view: RememberedReview, said: str = "") -> Shown:
        """Everything but the dialog. After a label the same suggestions stay until the person goes on."""
        concept = concept_of(request)
        shown = {self.said: said, MEMORY: view}
        nothing = {self.top: "", TIMER: 0}
        if concept is None:
            main = render("which_concept.html", screen="Review", what="A suggestion")
            return shown | nothing | {self.main: main}
        try:
            jobs = self._jobs(concept)
            main = self._main(concept, view, jobs, reader_of(request))
        except DiscernError as error:
            return shown | nothing | {self.main: say(in_words(error), "bad")}
        return shown | {
            self.top: render("review/top.html", concept=concept, jobs=jobs),
            self.main: main,
            TIMER: EVERY if any(map(is_going, jobs.values())) else 0,
        }

    def _main(
        self, concept: str, view: RememberedReview, jobs: Mapping[str, JobView], reader: str | None
    ) -> str:
        place = view.place
        wanted = ReviewFilter(
            kind=place.get("kind", ""),
            query=place.get("query", ""),
            criterion=place.get("criterion", ""),
            verdict=place.get("verdict", ""),
            rating=number_of(place.get("rating", "")),
            ids=tuple(view.ids),
        )
        handle = self._bench.concept(concept)
        page = handle.annotations.review(wanted, number_of(place.get("page", "")))
        view.ids = [item.id for item in page.items]
        start, reason = number_of(place.get("start", "")), place.get("reason", "")
        only = Reason(reason) if reason in [*Reason] else None
        queue = self._bench.review.queue(concept, only, ROWS, start, reader=reader)
        return render(
            "review/main.html",
            concept=concept,
            scale=handle.definition.read().scale,
            page=page,
            place=place,
            seen=view.ids,
            queue=queue,
            start=start,
            size=ROWS,
            looking=any(is_going(jobs.get(kind)) for kind in (LOOK_OVER, LOOK_BACK)),
            estimate=handle.annotations.estimate(),
            going=is_going(jobs.get(ANNOTATE)),
            compared=handle.annotators.compared(),
            used=handle.annotators.in_use(),
            consistency=handle.annotators.consistency(),
            comparing=handle.annotators.estimate(),
            comparing_now=is_going(jobs.get(COMPARE)),
        )

    def _jobs(self, concept: str) -> dict[str, JobView]:
        """The newest of each kind."""
        jobs = self._bench.installation.newest_jobs((ANNOTATE, COMPARE, LOOK_OVER, LOOK_BACK), concept)
        return {job.kind: job for job in jobs}


def _dollars(text: str) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise DiscernError(f"“{text}” is no sum. Write dollars, such as 2.50.") from error
    if not 0 < value < 1e6:
        raise DiscernError("A budget is more than nothing.")
    return value
