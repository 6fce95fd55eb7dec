"""Review: labels worth a second look, each with its reason, then what the machine said and why, most doubtful
first; agree, disagree or remark.

What is shown is in the address (`?reason=&start=&kind=&rating=&query=&criterion=&page=`), so a reload shows
the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from concepts.collaborator import AUTO
from concepts.collaborator.comparing import AnnotatorsCompared
from concepts.collaborator.setups import Setup
from concepts.collaborator.suggestions import ReviewFilter
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.labelling.reasons import Reason
from concepts.workbench import Workbench
from concepts.workbench.annotations import Annotators
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Shown, WebPage, concept_of, remembered
from web.render import Notice, render, say
from web.work import press

FILTERS = ("reason", "start", "kind", "rating", "query", "criterion", "verdict", "page")
ANNOTATE, COMPARE, LOOK_OVER, LOOK_BACK = "annotate", "compare annotators", "look over", "look back"

EVERY = 1.5  # seconds from one look at work to the next
ROWS = 12  # of the queue that are shown
RIGHT = 0.95  # of what each step decides, where cheap models come first


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(screen.open)
    page.on_action(screen.act, screen.top, screen.main, screen.said)
    page.on_tick(screen.tick)


class RememberedReview(BaseModel):
    """What one page shows: where in the list, which pictures, and the keys of its answers."""

    place: dict[str, str] = {}
    ids: list[str] = []
    keys: dict[str, str] = {}


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("review-top")
        self.main = page.area("review-main")
        self.said = page.area("review-said")

    def open(self, request: Request) -> Shown:
        place = {k: v for k, v in dict(request.query_params).items() if k in FILTERS and v}
        concept = concept_of(request)
        if concept is not None:
            with suppress(DiscernError):  # which the screen says below
                self._bench.review.keep_up(concept)
        return self._show(request, RememberedReview(place=place))

    def tick(self, request: Request) -> Shown:
        """While the machine is at work; at its end there is something to look at."""
        concept, view = concept_of(request), remembered(RememberedReview, request)
        jobs = self._jobs(concept) if concept else {}
        if any(is_going(jobs.get(kind)) for kind in (ANNOTATE, COMPARE, LOOK_BACK)):
            return {self.top: self._top(concept, jobs)}
        return {} if is_going(jobs.get(LOOK_OVER)) else self._show(request, view)

    def act(self, action: Action, request: Request) -> Shown:
        concept, view = concept_of(request), remembered(RememberedReview, request)
        if concept is None:
            return self._show(request, view)
        try:
            said = self._do(concept, action, author_of(request), view)
        except DiscernError as error:
            return {self.said: say(f"{in_words(error)} Nothing was changed.", "bad")}
        return self._show(request, view, said)

    def _do(self, concept: str, action: Action, author: str, view: RememberedReview) -> str:
        """What there is to say about it, in words. Changes `view`."""
        bench = self._bench
        if action.name in ("show", "filter"):
            wanted = dict(parse_qsl(action.value)) if action.name == "show" else action.fields
            view.place = {k: v for k, v in wanted.items() if k in FILTERS and v}
            view.ids, view.keys = [], {}
        elif action.name in ("yes", "no", "unsure"):
            # A grade or class that is right comes last: its name may be any.
            picture_id, key, how, given = (*action.value.split("|", 3), "", "")[:4]
            # Nothing that speaks for one or the other stands beside a picture that people disagree about.
            in_view = how != "blind" or picture_id in view.ids
            bench.concept(concept).labels.give(
                picture_id, given or action.name, author=author, key=key, in_view=in_view
            )
            view.keys[picture_id] = key
            return "Saved."
        elif action.name == "undo":
            undone = bench.concept(concept).labels.take_back(
                author=author, only=[view.keys.pop(action.value, "")]
            )
            return "Taken back." if undone else "There was nothing to take back."
        elif action.name == "comment":
            picture_id, _, key = action.value.partition("|")
            text = action.fields.get("text", "")
            bench.concept(concept).labels.comment(picture_id, text, author=author, key=key)
            return "The comment is kept." if text.strip() else "The comment is taken back."
        elif action.name == "look-over":
            bench.review.submit(concept)
        elif action.name == "annotate":
            budget = action.fields.get("budget", "").strip()
            how = action.fields.get("how", "")
            bench.concept(concept).annotations.annotate(
                budget=_dollars(budget) if budget else None,
                rounds=1 if how == "at once" else None,
                cascade=RIGHT if how == "cheap first" else None,
            )
        elif action.name == "compare-annotators":
            budget = action.fields.get("budget", "").strip()
            bench.concept(concept).annotators.compare(budget=_dollars(budget) if budget else None)
        elif action.name == "use-annotator":
            bench.concept(concept).annotators.choose(_setup(action.value), author=author)
            return "From now on this one labels. What was said before is kept."
        else:
            press(bench, action)
        return ""

    def _show(self, request: Request, view: RememberedReview, said: str = "") -> Shown:
        """Everything. After an answer the same pictures stay where they are until the person goes on."""
        concept = concept_of(request)
        shown = {self.said: say(said, "good") if said else "", MEMORY: view}
        nothing = {self.top: "", TIMER: 0}
        if concept is None:
            main = render("which_concept.html", screen="Review", what="What the machine said")
            return shown | nothing | {self.main: main}
        try:
            jobs = self._jobs(concept)
            reader = author_of(request) if request.state.role >= Role.LABELLER else None
            main = self._main(concept, author_of(request), view, jobs, reader)
        except DiscernError as error:
            return shown | nothing | {self.main: say(in_words(error), "bad")}
        return shown | {
            self.top: self._top(concept, jobs),
            self.main: main,
            TIMER: EVERY if any(map(is_going, jobs.values())) else 0,
        }

    def _main(
        self,
        concept: str,
        author: str,
        view: RememberedReview,
        jobs: Mapping[str, JobView],
        reader: str | None = None,
    ) -> str:
        """`reader`: who gets what others said of a picture only once they have answered, as they may."""
        place = view.place
        wanted = ReviewFilter(
            kind=place.get("kind", ""),
            query=place.get("query", ""),
            criterion=place.get("criterion", ""),
            verdict=place.get("verdict", ""),
            rating=_number(place.get("rating", "")),
            ids=tuple(view.ids),
        )
        handle = self._bench.concept(concept)
        page = handle.annotations.review(wanted, _number(place.get("page", "")))
        view.ids = [item.id for item in page.items]
        start, reason = _number(place.get("start", "")), place.get("reason", "")
        only = Reason(reason) if reason in [*Reason] else None
        queue = self._bench.review.queue(concept, only, ROWS, start, reader=reader)
        shown = [*view.ids, *(row.id for row in queue.rows)]
        return render(
            "review/main.html",
            concept=concept,
            page=page,
            place=place,
            keys=view.keys,
            remarks=self._bench.concept(concept).labels.comments(shown, author),
            own={
                event.picture_id: event.value
                for event in self._bench.concept(concept).labels.own(shown, author)
            },
            queue=queue,
            start=start,
            size=ROWS,
            looking=any(is_going(jobs.get(kind)) for kind in (LOOK_OVER, LOOK_BACK)),
            estimate=handle.annotations.estimate(),
            going=is_going(jobs.get(ANNOTATE)),
            compared=self._compared(handle.annotators),
            consistency=handle.annotators.consistency(),
            comparing=handle.annotators.estimate(),
            comparing_now=is_going(jobs.get(COMPARE)),
        )

    def _compared(self, annotators: Annotators) -> AnnotatorsCompared | None:
        """With the mark of being in use where it is now."""
        found, used = annotators.compared(), annotators.in_use()
        if found is None or used.annotator == AUTO:
            return found
        now = [
            one.model_copy(
                update={"in_use": Setup(one.annotator, one.large, one.examples, one.repeats) == used}
            )
            for one in found.setups
        ]
        return found.model_copy(update={"setups": now})

    def _top(self, concept: str | None, jobs: Mapping[str, JobView]) -> str:
        job, comparing = jobs.get(ANNOTATE), jobs.get(COMPARE)
        stopped = (job.result or {}).get("stopped") if job and job.state == "done" else ""
        return render(
            "review/top.html",
            concept=concept,
            job=job,
            comparing=comparing,
            looking=jobs.get(LOOK_BACK),
            stopped=Notice(str(stopped), "warn") if stopped else None,
            steps=(job.result or {}).get("steps", []) if job and job.state == "done" else [],
        )

    def _jobs(self, concept: str) -> dict[str, JobView]:
        """The newest of each kind."""
        jobs = self._bench.installation.newest_jobs((ANNOTATE, COMPARE, LOOK_OVER, LOOK_BACK), concept)
        return {job.kind: job for job in jobs}


def _setup(value: str) -> Setup:
    """Of a button: "decomposed|0|1|0"."""
    name, *flags = value.split("|")
    return Setup(name, *(flag == "1" for flag in flags[:3]))


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
