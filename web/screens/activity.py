"""Activity and settings: long work, the model endpoint and what it costs, the data folder and its backup.

What is shown is in the address (`?view=models`), so a reload or a second tab shows the same.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

import gradio as gr

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from web.live import Action, live, on_action, on_event, on_load
from web.markup import notice
from web.progress import is_going
from web.screens.activity_parts import (
    CALLS,
    HISTORY,
    costs_panel,
    data_panel,
    endpoint_form,
    going_panel,
    header,
    history_panel,
    test_panel,
)

FIELDS = ("openai_base_url", "llm_model", "vlm_model", "llm_price", "vlm_price", "model_concurrency")


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("activity-head")
    said = live("activity-said")
    going = live("activity-going")
    main = live("activity-main")
    side = live("activity-side")
    going_ids = gr.State([])
    timer = gr.Timer(1, active=False)
    areas = [top, said, going, main, side, going_ids, timer]
    screen = _Screen(workbench)
    on_load(blocks, lambda request: screen.show(dict(request.query_params)), areas)
    for area in (top, going, main, side):
        on_action(area, screen.act, outputs=areas)
    on_event(timer.tick, screen.tick, [going_ids], [top, going, main, side, going_ids, timer])


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench

    def show(self, place: dict[str, str], said: str = "") -> tuple[Any, ...]:
        """Everything, for what the address says."""
        view = place.get("view", "")
        address = "/activity" + (f"?{urlencode(place)}" if place else "")
        try:
            main, side = self._main(view, place), self._side(view, place)
        except DiscernError as error:
            main, side = notice(str(error), "bad"), ""
        ids = self._going()
        going = going_panel(self._bench, view)
        return (
            header(self._bench, view, address),
            said,
            going,
            main,
            side,
            ids,
            gr.Timer(active=bool(ids)),
        )

    def tick(self, request: gr.Request, before: list[int]) -> tuple[Any, ...]:
        """While work is going on. What a person may be typing or reading changes only when work ends."""
        place = dict(request.query_params)
        view = place.get("view", "")
        ids = self._going()
        changed = ids != before
        main = self._main(view, place) if changed and view == "" else gr.skip()
        side = self._side(view, place) if changed else gr.skip()
        going = going_panel(self._bench, view)
        return header(self._bench, view), going, main, side, ids, gr.Timer(active=bool(ids))

    def act(self, action: Action, request: gr.Request) -> tuple[Any, ...]:
        place = dict(request.query_params)
        try:
            if action.name == "show":
                return self.show(dict(parse_qsl(action.value)))
            if action.name == "cancel":
                self._bench.installation.cancel_job(int(action.value))
                said = "It stops after the step it is in. What is done stays, and it can go on later."
            elif action.name == "retry":
                self._bench.installation.submit_retry(int(action.value))
                said = "It goes on where it stopped."
            elif action.name == "test":
                self._bench.installation.submit_endpoint_test()
                said = ""
            else:
                said = self._save(action.fields)
        except DiscernError as error:
            return self.show(place, notice(f"{error} Nothing was changed.", "bad"))
        return self.show(place, notice(said, "good") if said else "")

    def _save(self, fields: dict[str, str]) -> str:
        fixed = self._bench.installation.endpoint_settings().fixed
        changes: dict[str, Any] = {
            name: fields[name].strip() or None for name in FIELDS if name in fields and name not in fixed
        }
        if fields.get("remove_key"):
            changes["openai_api_key"] = None
        if fields.get("openai_api_key", "").strip():
            changes["openai_api_key"] = fields["openai_api_key"].strip()
        had_key = self._bench.installation.endpoint_settings().has_key
        now = self._bench.installation.save_settings(changes)
        if fields.get("then") == "test":
            self._bench.installation.submit_endpoint_test()
        lost = had_key and not now.has_key and not fields.get("remove_key")
        said = "Saved. It counts from the next call on."
        return (
            f"{said} The key was for another address, so it was taken away: give it again." if lost else said
        )

    def _main(self, view: str, place: dict[str, str]) -> str:
        if view == "models":
            return endpoint_form(self._bench)
        if view == "data":
            return data_panel(self._bench)
        return history_panel(self._bench, _start(place, HISTORY))

    def _side(self, view: str, place: dict[str, str]) -> str:
        if view != "models":
            return ""
        return test_panel(self._bench) + costs_panel(self._bench, _start(place, CALLS))

    def _going(self) -> list[int]:
        return [job.id for job in self._bench.installation.recent_jobs() if is_going(job)]


def _start(place: dict[str, str], page: int) -> int:
    start = place.get("from", "")
    return int(start) // page * page if start.isdecimal() and len(start) < 9 else 0
