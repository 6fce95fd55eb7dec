"""Long work as a screen shows it: how far it is, a button that stops it, and one that tries again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from fastapi import Request

from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.jobs import is_going
from web.page import TIMER, Action, Look, Shown, WebPage, concept_of, number_of
from web.render import render

USUALLY, OFTEN = 1.0, 0.05  # seconds between two requests for progress
AWAITED = 0.2  # seconds that such a request waits for news
YOUNG = timedelta(seconds=5)


class Work:
    """The area of a screen that shows the newest job of some kinds, and how often it is looked at."""

    def __init__(self, workbench: Workbench, page: WebPage, elem_id: str, kinds: Sequence[str]) -> None:
        self.area = page.area(elem_id)
        self._page = page
        self._bench = workbench
        self._kinds = kinds

    def on_tick(self, look: Look, *, of_concept: bool) -> None:
        """Sets the handler for progress (`of_concept`: of the concept in the address). If a job began during
        the call, the page keeps asking."""

        def tick(request: Request) -> Shown:
            self._bench.jobs.news.wait(f"{request.state.tab} {self.area.elem_id}", AWAITED)
            shown = look(request)
            if shown.get(TIMER) == 0:
                shown[TIMER] = ticking(self.newest(concept_of(request) if of_concept else None))
            return shown

        self._page.ticks = tick

    def newest(self, concept: str | None = None) -> JobView | None:
        """The newest of these jobs (for this concept, or for none), a going one first. One query."""
        return next(iter(self.newest_of_each(concept)), None)

    def newest_of_each(self, concept: str | None = None) -> list[JobView]:
        """The newest of each kind, in the same order, by one query too."""
        return self._bench.installation.newest_jobs(self._kinds, concept)

    def shown(self, job: JobView | None, template: str = "work.html", **values: object) -> Shown:
        """The job's progress or failure. A screen with more to say there has a template of its own."""
        return {self.area: render(template, job=job, **values), TIMER: ticking(job)}


def ticking(*jobs: JobView | None) -> float:
    """Seconds until the page asks for progress again; 0 if no job is running. Young jobs are asked about more
    often, because they may end soon."""
    going = [job for job in jobs if job and is_going(job)]
    is_young = any(datetime.now(UTC) - job.created < YOUNG for job in going)
    return (OFTEN if is_young else USUALLY) if going else 0


def press(workbench: Workbench, action: Action) -> bool:
    """Stops a job or tries it again, if that is what was pressed. Raises `DiscernError`."""
    if action.name not in ("cancel", "retry"):
        return False
    job_id = number_of(action.value)
    if action.name == "cancel":
        workbench.installation.cancel_job(job_id)
    else:
        workbench.installation.retry_job(job_id)
    return True
