"""Long work as a screen shows it: how far it is, a button that stops it, and one that tries again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import gradio as gr

from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.jobs import is_going
from web.live import Action, Render, Shown, concept_of, live, on_event
from web.render import render

USUALLY, OFTEN = 1.0, 0.05  # seconds from an answer to the next look at work that goes on
AWAITED = 0.2  # seconds that a look waits for something new at most, which is shown at once so
YOUNG = timedelta(seconds=5)


class Work:
    """The area of a screen that shows the newest job of some kinds, and the timer that keeps it fresh."""

    def __init__(self, workbench: Workbench, elem_id: str, kinds: Sequence[str]) -> None:
        self.area = live(elem_id)
        self.timer = gr.Timer(USUALLY, active=False)
        self._bench = workbench
        self._kinds = kinds

    def on_tick(
        self, look: Render, inputs: Sequence[Any] = (), outputs: Sequence[Any] = (), *, of_concept: bool
    ) -> None:
        """Looks again and again while work goes on (`of_concept`: of the one in the address): `look(request,
        *inputs)`. Of work that began while it looked it knows nothing, and its answer may come behind that to
        whoever began it, so it stops no timer for that."""

        def tick(request: gr.Request, *values: Any) -> Shown:
            self._bench.jobs.news.wait(f"{request.session_hash} {self.area.elem_id}", AWAITED)
            shown: Shown = look(request, *values)
            if self.timer in shown and not shown[self.timer].active:
                job = self.newest(concept_of(request) if of_concept else None)
                shown |= {self.timer: self.ticking(job)}
            return shown

        on_event(self.timer.tick, tick, inputs, outputs)

    def newest(self, concept: str | None = None) -> JobView | None:
        """The newest of these jobs (for this concept), one that is still going first. One query."""
        return next(iter(self.newest_of_each(concept)), None)

    def newest_of_each(self, concept: str | None = None) -> list[JobView]:
        """The newest of each kind, in the same order, by one query too."""
        return self._bench.installation.newest_jobs(self._kinds, concept)

    def shown(self, job: JobView | None, template: str = "work.html", **values: object) -> Shown:
        """The job's progress or failure. A screen with more to say there has a template of its own."""
        return {self.area: render(template, job=job, **values), self.timer: self.ticking(job)}

    def once_more(self) -> gr.Timer:
        """For a look that has something to show. That takes a while, and if it stopped the timer that would
        stop for what was begun meanwhile, too: its answer comes last. The next look, a quick one, may."""
        return gr.Timer(OFTEN, active=True)

    def ticking(self, *jobs: JobView | None) -> gr.Timer:
        """Often while work is young: it may be done in less time than lies between two looks."""
        going = [job for job in jobs if job and is_going(job)]
        is_young = any(datetime.now(UTC) - job.created < YOUNG for job in going)
        return gr.Timer(OFTEN if is_young else USUALLY, active=bool(going))


def press(workbench: Workbench, action: Action) -> bool:
    """Stops a job or tries it again, if that is what was pressed. Raises `DiscernError`."""
    if action.name not in ("cancel", "retry"):
        return False
    job_id = int(action.value) if action.value.isdecimal() else 0
    if action.name == "cancel":
        workbench.installation.cancel_job(job_id)
    else:
        workbench.installation.retry_job(job_id)
    return True
