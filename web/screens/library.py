"""The library: adding pictures, browsing, searching by words and pictures, its health and its encoder.

What is shown is in the address (`?q=words&like=id&at=page`), so a reload or a second tab shows the same.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from web.live import Action, live, on_action, on_event, on_load
from web.markup import button, escape, notice
from web.progress import is_going, job_failure, job_progress
from web.screens.library_parts import (
    adding_panel,
    encoder_panel,
    header,
    health_panel,
    picture_dialog,
    pictures_panel,
)
from web.words import count

JOBS = {
    "add pictures": "Adding pictures",
    "add sample": "Getting the sample pictures",
    "re-embed": "Embedding again",
}
STILL_NEWS = timedelta(minutes=10)  # how long the end of a job is told
# Where the browser puts what an upload has to say; Python never touches it.
UPLOADS = (
    '<div id="upload-status" role="status" aria-live="polite"></div>'
    '<button type="button" id="upload-done" data-action="uploaded" hidden>Add what was uploaded</button>'
)


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("library-head")
    progress = live("library-progress")
    uploads = live("library-uploads", value=UPLOADS)
    main = live("library-main")
    dialog = live("library-dialog")
    timer = gr.Timer(1, active=False)
    areas = [top, progress, main, dialog, timer]
    screen = _Screen(workbench)
    on_load(blocks, lambda request: screen.show(dict(request.query_params)), areas)
    for area in (top, progress, uploads, main, dialog):
        on_action(area, screen.act, outputs=areas)
    on_event(timer.tick, screen.tick, outputs=areas)


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._workbench = workbench

    def show(self, place: dict[str, str], said: str = "") -> tuple[Any, ...]:
        """Everything, for what the address says."""
        view = place.get("view", "")
        try:
            if view == "health":
                main = health_panel(self._workbench, place)
            elif view == "encoder":
                main = encoder_panel(self._workbench)
            else:
                empty = not self._workbench.pictures.library_info().pictures
                main = adding_panel(is_open=empty or bool(said)) + pictures_panel(self._workbench, place)
        except DiscernError as error:
            main = notice(str(error), "bad")
        address = "/library" + (f"?{urlencode(place)}" if place else "")
        head = header(self._workbench, view, address)
        return head, self._progress(said), main, "", gr.Timer(active=self._going())

    def tick(self, request: gr.Request) -> tuple[Any, ...]:
        """While a job runs; at its end the counts are new and the person is told."""
        place, skip = dict(request.query_params), gr.skip()
        job = self._workbench.installation.latest_job(tuple(JOBS))
        if not is_going(job) and job and self._was_empty(job.result or {}):
            return self.show(place)
        head = header(self._workbench, place.get("view", ""))
        return head, self._progress(), skip, skip, gr.Timer(active=is_going(job))

    def _was_empty(self, result: dict[str, Any]) -> bool:
        """All pictures are from this job: what is shown says that there are none."""
        return (
            bool(result.get("added")) and result["added"] == self._workbench.pictures.library_info().pictures
        )

    def act(self, action: Action, request: gr.Request) -> tuple[Any, ...]:
        skip = gr.skip()
        try:
            if action.name == "show":
                return self.show(dict(parse_qsl(action.value)))
            if action.name == "search":
                kept = dict(parse_qsl(action.value))
                return self.show(_without_empty({**kept, "q": action.fields.get("q", "").strip()}))
            if action.name == "open":
                return skip, skip, skip, picture_dialog(self._workbench, action.value), skip
            self._do(action)
        except DiscernError as error:
            return skip, notice(str(error), "bad"), skip, skip, gr.Timer(active=self._going())
        return skip, self._progress(), skip, skip, gr.Timer(active=True)

    def _do(self, action: Action) -> None:
        workbench = self._workbench
        if action.name == "add":
            workbench.pictures.submit_typed(action.fields.get("paths", ""))
        elif action.name == "uploaded":
            workbench.pictures.submit_uploads(action.value)
        elif action.name == "sample":
            workbench.pictures.submit_sample()
        elif action.name == "reembed":
            choice = action.fields.get("choice", "")
            workbench.pictures.submit_reembed(action.fields.get("name", "") if choice == "custom" else choice)
        elif action.name == "cancel":
            workbench.jobs.store.cancel(int(action.value))
        elif action.name == "retry":
            workbench.jobs.store.retry(int(action.value))
            workbench.jobs.wake()

    def _going(self) -> bool:
        return is_going(self._workbench.installation.latest_job(tuple(JOBS)))

    def _progress(self, said: str = "") -> str:
        job = self._workbench.installation.latest_job(tuple(JOBS))
        if job is None:
            return said
        title = JOBS[job.kind]
        if is_going(job):
            return said + job_progress(job, title)
        if job.state == "failed":
            return said + job_failure(job, title)
        fresh = job.finished is not None and datetime.now(UTC) - job.finished < STILL_NEWS
        return said + (_outcome(job.kind, job.result or {}) if job.state == "done" and fresh else "")


def _outcome(kind: str, result: dict[str, Any]) -> str:
    """The end of the last job in one sentence: what is new, what wasn't, what was skipped."""
    if kind == "re-embed":
        return notice(f"Done: {count(int(result.get('embedded', 0)), 'picture')} embedded again.", "good")
    skipped = sum(result.get("skipped", {}).values())
    parts = [f"{count(int(result.get('added', 0)), 'new picture')}"]
    if result.get("duplicates"):
        parts.append(f"{count(int(result['duplicates']), 'copy', 'copies')} of what was there")
    if result.get("unchanged"):
        parts.append(f"{int(result['unchanged']):,} known already")
    if skipped:
        parts.append(f"{count(skipped, 'file')} skipped (Health says why)")
    said = escape(f"Last added: {', '.join(parts)}.")
    show = button("Show the newest", "show", kind="small") if result.get("added") else ""
    kind = "warn" if skipped else "good"
    return f'<div class="notice {kind}" role="status"><div class="row">{said}{show}</div></div>'


def _without_empty(place: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in place.items() if value and name != "at"}
