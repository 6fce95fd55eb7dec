"""Activity: running and finished jobs. The page of finished ones is in the address (`?from=12`)."""

from __future__ import annotations

from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.jobs import cancel_job, list_jobs, retry_job
from concepts.use_cases import App
from web.advice import in_words
from web.handlers import EACH, PLAIN, calls, may
from web.http.roles import OWNER
from web.jobs import facts, is_going, job_title, outcome, reached
from web.parts import OFTEN, Notice, data_view, drawn_job
from web.screens.settings.head import HERE, head_view, headed, pager, start_of
from web.words import ago, count, dollars, duration

PATH = "/settings/activity"
PAGE = 12
STATES = {"done": ("Done", "chip yes"), "failed": ("Failed", "chip no"), "cancelled": ("Stopped", "chip")}


class Activity:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = head_view("activity")
        self.said = Notice("activity-said").view
        self.jobs = data_view(HERE / "activity.html", "activity")
        self.timer = gr.Timer(OFTEN, active=False)
        shown = [self.head, self.jobs, self.timer]
        opened(self.open, None, [self.said, *shown], **PLAIN)
        self.timer.tick(self.tick, None, shown, **PLAIN)
        self.jobs.stop(self.stop, None, [self.said, *shown], **EACH)
        self.jobs.retry(self.retry, None, [self.said, *shown], **EACH)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return [None, *self._shown(request)]

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        return self._shown(request)

    @calls(cancel_job)
    def stop(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            cancel_job(self._app, int(chosen.value))
        except DiscernError as error:
            return [Notice.bad(f"{in_words(error)} Nothing was changed."), *self._shown(request)]
        said = "It stops after this step. What is done stays, and you can run it again."
        return [Notice.good(said), *self._shown(request)]

    @calls(retry_job)
    def retry(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            retry_job(self._app, int(chosen.value))
        except DiscernError as error:
            return [Notice.bad(f"{in_words(error)} Nothing was changed."), *self._shown(request)]
        return [Notice.good("It continues where it stopped."), *self._shown(request)]

    def _shown(self, request: gr.Request) -> list[Any]:
        start = start_of(request, PAGE)
        app, owner = self._app, may(request, cancel_job)
        going = [job for job in list_jobs(app) if is_going(job)]
        found = list_jobs(app, PAGE + 1, start)
        ended = [job for job in found[:PAGE] if not is_going(job)]
        jobs = {
            "going": [
                drawn_job(job)
                | {"title": _whose(job), "key": f"stop-{job.id}"}
                | ({} if owner else {"stop": ""})
                for job in going
            ],
            "jobs": [_ended(job, owner) for job in ended],
            "pager": pager(PATH, request, start, PAGE, len(found) > PAGE),
            "none": not (going or ended or start),
            "imports": request.state.role >= OWNER,
        }
        chip = f"{len(going)} running" if going else ""
        return [headed(PATH, request, chip=chip), jobs, gr.Timer(active=bool(going))]


def _whose(job: JobView) -> str:
    return job_title(job) + (f" · {job.concept}" if job.concept else "")


def _ended(job: JobView, owner: bool) -> dict[str, Any]:
    """What came of it is folded, but not why it failed."""
    state, style = STATES.get(job.state, (job.state, "chip"))
    done, price = job.state == "done", ", no price set"
    if job.cost_usd is not None:
        price = f", {dollars(job.cost_usd)}"
    told = {
        "Result": outcome(job) or facts(job),
        "Got to": "" if done else reached(job),
        "Took": "" if job.seconds is None else duration(job.seconds),
        "Models": f"{count(job.calls, 'call')}{price}" if job.calls else "",
        "Last step": "" if done else job.message,
        "Job": f"{job.id}, begun {job.created:%d %b %Y, %H:%M UTC}",
    }
    return {
        "id": str(job.id),
        "key": f"job-{job.id}",
        "state": state,
        "style": style,
        "title": _whose(job),
        "when": ago(job.finished or job.created),
        "facts": [{"name": name, "value": value} for name, value in told.items() if value],
        "details": job.details,
        "error": job.error if job.state == "failed" else "",
        "again": f"again-{job.id}" if owner and job.state in ("failed", "cancelled") else "",
    }
