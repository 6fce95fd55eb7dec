"""Activity: running and finished jobs. The page of finished ones is in the address (`?from=12`)."""

from __future__ import annotations

from fastapi import Request
from starlette.datastructures import QueryParams

from concepts.errors import DiscernError
from concepts.view import View
from concepts.workbench import Workbench
from web.advice import in_words
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Shown, WebPage, concept_of, number_of, remembered
from web.render import render, say
from web.work import press

PAGE = 12
SAID = {
    "cancel": "It stops after this step. What is done stays, and you can run it again.",
    "retry": "It continues where it stopped.",
}


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.show
    page.on_action(screen.act, screen.going, screen.main)
    page.ticks = screen.tick


class Going(View):
    """The ids of the jobs that go on."""

    jobs: tuple[int, ...] = ()


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("activity-head")
        self.said = page.area("activity-said")
        self.going = page.area("activity-going")
        self.main = page.area("activity-main")

    def show(self, request: Request, said: str = "") -> Shown:
        return {self.said: said, self.main: self._history(request)} | self._running()

    def tick(self, request: Request) -> Shown:
        """While a job runs. The list that a person may be reading changes only when one ends."""
        before, shown = remembered(Going, request), self._running()
        return shown if shown[MEMORY] == before else shown | {self.main: self._history(request)}

    def act(self, action: Action, request: Request) -> Shown:
        try:
            said = say(SAID[action.name], "good") if press(self._bench, action) else ""
        except DiscernError as error:
            said = say(f"{in_words(error)} Nothing was changed.", "bad")
        return self.show(request, said)

    def _running(self) -> Shown:
        going = [job for job in self._bench.installation.recent_jobs() if is_going(job)]
        chips = [(f"{len(going)} running", "yes")] if going else []
        return {
            self.top: render("settings/title.html", title="Activity", chips=chips),
            self.going: render("settings/going.html", jobs=going),
            MEMORY: Going(jobs=tuple(job.id for job in going)),
            TIMER: 1 if going else 0,
        }

    def _history(self, request: Request) -> str:
        start = start_of(request.query_params, PAGE)
        jobs = self._bench.installation.recent_jobs(PAGE + 1, start)
        return render(
            "settings/history.html",
            jobs=[job for job in jobs[:PAGE] if not is_going(job)],
            going=any(is_going(job) for job in jobs),
            concept=concept_of(request),
            start=start,
            size=PAGE,
            more=len(jobs) > PAGE,
        )


def start_of(query: QueryParams, page: int) -> int:
    """The place in a list at which the page in the address begins."""
    return number_of(query.get("from", "")) // page * page
