"""Encoder: what turns pictures and words into vectors, changing it, and how well neighbours are known."""

from __future__ import annotations

from fastapi import Request

from concepts.encoders import KNOWN, has_openclip, resolve_auto
from concepts.errors import DiscernError
from concepts.library.neighbourhood import QUICK
from concepts.workbench import Workbench
from web.advice import in_words
from web.jobs import is_going, outcome
from web.page import TIMER, Action, Shown, WebPage
from web.render import render, say
from web.work import OFTEN, Work, press

JOBS = ("re-embed", "find neighbours")


def build(workbench: Workbench, page: WebPage) -> None:
    page.area("encoder-head", render("settings/title.html", title="Encoder", chips=[]))
    work = Work(workbench, page, "encoder-progress", JOBS)
    area = page.area("encoder")

    def show(said: str = "") -> Shown:
        library = workbench.library.info()
        job = workbench.installation.latest_job(("add pictures", "add sample"))
        rate = (job.result or {}).get("pictures_per_second") if job else None
        html = render(
            "settings/encoder.html",
            library=library,
            alike=workbench.upkeep.neighbours() if library.encoder else None,
            seconds=library.pictures / rate if rate else None,  # at the speed of the last import
            small=QUICK,
            known=KNOWN,
            has_openclip=has_openclip(),
            auto=resolve_auto(),
        )
        return {area: said + html} | work.shown(work.newest())

    def tick(request: Request) -> Shown:
        """While a job runs. What a person may be typing changes only when it ends."""
        job = work.newest()
        if job is None or is_going(job):
            return work.shown(job)
        return show(say(f"Done: {outcome(job)}.", "good") if job.state == "done" else "")

    def act(action: Action, request: Request) -> Shown:
        try:
            if action.name == "reembed":
                choice = action.fields.get("choice", "")
                name = action.fields.get("name", "") if choice == "custom" else choice
                workbench.upkeep.reembed(name, confined=True)
            elif action.name == "find-neighbours":
                workbench.upkeep.check(only="neighbours", anew=True)
            else:
                press(workbench, action)
        except DiscernError as error:
            return show(say(in_words(error), "bad"))
        return work.shown(work.newest()) | {TIMER: OFTEN}

    page.opens = lambda request: show()
    page.on_action(act, work.area, area)
    work.on_tick(tick, of_concept=False)
