"""Activity: long work, what models were asked and what that cost, the data folder and its backup.

What is shown is in the address (`?view=models`), so a reload or a second tab shows the same.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import parse_qsl

from fastapi import Request

from concepts.errors import DiscernError
from concepts.installation.activity import CallTotalView, JobView, call_sums
from concepts.view import View
from concepts.workbench import Workbench
from web.advice import in_words
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Shown, WebPage, remembered
from web.render import render, say, url
from web.words import count, dollars
from web.work import press

HISTORY = 25
CALLS = 25
BY: tuple[Literal["concept", "purpose", "model"], ...] = ("concept", "purpose", "model")

Place = dict[str, str]


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(lambda request: screen.show(dict(request.query_params)))
    page.on_action(screen.act, screen.top, screen.going, screen.main)
    page.on_tick(screen.tick)


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

    def show(self, place: Place, said: str = "") -> Shown:
        """Everything, for what the address says."""
        view = self._view(place)
        jobs = self._bench.installation.recent_jobs()
        try:
            main = self._main(view, place)
        except DiscernError as error:
            main = say(in_words(error), "bad")
        shown: Shown = {self.said: said, self.main: main}
        return shown | self._work(jobs, view, url("/settings/activity", **place))

    def tick(self, request: Request) -> Shown:
        """While work is going on. What a person may be typing or reading changes only when work ends."""
        before = remembered(Going, request)
        place = dict(request.query_params)
        view = self._view(place)
        jobs = self._bench.installation.recent_jobs()
        shown = self._work(jobs, view)
        if shown[MEMORY] == before:
            return shown
        main = {} if view == "data" else {self.main: self._main(view, place)}
        return shown | main

    def _view(self, place: Place) -> str:
        """Settings and data are about the computer: in a demo there is the work alone."""
        return "" if self._bench.context.settings.demo else place.get("view", "")

    def _work(self, jobs: list[JobView], view: str, address: str | None = None) -> Shown:
        """What is going on, where that is what the view is about."""
        going = [job for job in jobs if is_going(job)]
        about = going if view == "" else []
        return {
            self.top: render(
                "settings/activity/head.html",
                going=len(going),
                view=view,
                address=address,
                demo=self._bench.context.settings.demo,
            ),
            self.going: render("settings/activity/going.html", jobs=about),
            MEMORY: Going(jobs=tuple(job.id for job in going)),
            TIMER: 1 if going else 0,
        }

    def act(self, action: Action, request: Request) -> Shown:
        place = dict(request.query_params)
        try:
            if action.name == "show":
                return self.show(dict(parse_qsl(action.value)))
            said = self._do(action)
        except DiscernError as error:
            return self.show(place, say(f"{in_words(error)} Nothing was changed.", "bad"))
        return self.show(place, say(said, "good") if said else "")

    def _do(self, action: Action) -> str:
        """Does it, and says what was done."""
        if press(self._bench, action):
            return {
                "cancel": "It stops after the step it is in. What is done stays, and it can go on later.",
                "retry": "It goes on where it stopped.",
            }[action.name]
        return ""

    def _main(self, view: str, place: Place) -> str:
        if view == "models":
            return self._costs(_start(place, CALLS))
        if view == "data":
            return self._data()
        return self._history(_start(place, HISTORY))

    def _history(self, start: int) -> str:
        jobs = self._bench.installation.recent_jobs(HISTORY + 1, start)
        return render(
            "settings/activity/history.html",
            jobs=[job for job in jobs[:HISTORY] if not is_going(job)],
            going=any(is_going(job) for job in jobs),
            start=start,
            size=HISTORY,
            more=len(jobs) > HISTORY,
        )

    def _costs(self, start: int) -> str:
        costs = self._bench.installation.model_costs(CALLS + 1, start)
        totals, calls = costs.totals, costs.calls
        return render(
            "settings/activity/costs.html",
            totals=totals,
            spent=_spent(totals),
            sums={by: call_sums(totals, by) for by in BY},
            calls=calls[:CALLS],
            start=start,
            size=CALLS,
            more=len(calls) > CALLS,
        )

    def _data(self) -> str:
        library = self._bench.library.info()
        return render(
            "settings/activity/data.html",
            library=library,
            about=self._bench.installation.about(),
            restore=f"discern library reembed {library.encoder or 'auto'}",
            users=self._bench.installation.has_users(),
        )


def _spent(totals: list[CallTotalView]) -> str:
    """What all calls cost, and what isn't known of it."""
    calls, answered = sum(t.calls for t in totals), sum(t.answered for t in totals)
    unpriced, cost = sum(t.unpriced for t in totals), sum(t.cost_usd for t in totals)
    said = f"{count(calls, 'question')}, {answered:,} answered"
    if unpriced == answered:
        return f"{said}; no price is set, so the cost isn’t known."
    but = f", besides {unpriced:,} without a price" if unpriced else ""
    return f"{said}, for {dollars(cost)}{but}."


def _start(place: dict[str, str], page: int) -> int:
    start = place.get("from", "")
    return int(start) // page * page if start.isdecimal() and len(start) < 9 else 0
