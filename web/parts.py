"""Parts that screens share: views of data, the way elsewhere, and the progress of long work."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from time import time
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from concepts.installation.activity import JobView
from concepts.installation.jobs import cancel_job, newest_jobs, retry_job
from concepts.use_cases import App
from web.components.view import DataView
from web.handlers import PLAIN, calls, concept_of
from web.jobs import how_far, is_going, job_title, may_change

COMPONENTS = Path(__file__).parent / "components"
OFTEN = 0.5  # seconds between two looks at work that goes on


def place(path: str, concept: str = "", **query: object) -> str:
    """The address of a screen, of a concept where one is named."""
    values = ({"concept": concept} if concept else {}) | query
    return path + (f"?{urlencode(values)}" if values else "")


def GO(path: str = "") -> str:  # noqa: N802  in the place of a script
    """Script that goes to a screen: to this one, or to the address in the event's first value."""
    where = f"const to = {json.dumps(path)} || place;"
    return f"(place) => {{ {where} if (to) dispatchEvent(new CustomEvent('go', {{detail: to}})); }}"


def FOCUS(selector: str) -> str:  # noqa: N802  in the place of a script
    """Script that moves the focus, once what is asked for is there."""
    return f"() => setTimeout(() => document.querySelector({json.dumps(selector)})?.focus(), 80)"


def data_view(template: Path, elem_id: str, events: Sequence[str] = ()) -> DataView:
    return DataView(template, script="/web/components/view/view.js", elem_id=elem_id, events=events)


@calls()
def closed(request: gr.Request) -> Any:
    """A form or a group, put out of sight."""
    return gr.Column(visible=False)


class Notice:
    """One sentence about what was done or went wrong, perhaps with the way back. `view` is a component."""

    def __init__(self, elem_id: str) -> None:
        self.view = data_view(COMPONENTS / "view" / "notice.html", elem_id)

    @staticmethod
    def good(text: str, undo: str = "") -> dict[str, str]:
        """`undo`: what the event `undo` of the view is given, where there is a way back."""
        return {"text": text, "style": "notice good", "role": "status", "undo": undo}

    @staticmethod
    def bad(text: str) -> dict[str, str]:
        return {"text": text, "style": "notice bad", "role": "alert", "undo": ""}


class Progress:
    """The newest job of some kinds, as it goes on, and a timer that looks again while it does."""

    def __init__(self, app: App, elem_id: str, kinds: Sequence[str], *, of_concept: bool = False) -> None:
        self._app, self._kinds, self._of_concept = app, kinds, of_concept
        self.view = data_view(COMPONENTS / "view" / "job.html", elem_id, events=("late",))
        self.timer = gr.Timer(OFTEN, active=False)
        self.parts = [self.view, self.timer]

    def follow(self, open_again: Callable[..., Any], shown: Sequence[Any]) -> None:
        """Has the screen drawn again while work goes on, when it ends, and when it is stopped."""
        self.look_again(open_again, shown)
        self.when_pressed(open_again, shown)

    def when_pressed(self, look: Callable[..., Any], shown: Sequence[Any]) -> None:
        """Calls `look` once the work was stopped, or begun again."""
        self.view.pressed(self.press, None, None, **PLAIN).then(look, None, list(shown), **PLAIN)

    def look_again(self, tick: Callable[..., Any], shown: Sequence[Any], given: Any = None) -> None:
        """Calls `tick` while work goes on. An answer may arrive too late. If the address has changed by
        then, the screen opens again. If the progress on screen is newer, `tick` is called once more."""
        asked = f"(window.askedFrom ||= {{}})[{json.dumps(self.view.elem_id)}]"
        noted = f"(...given) => {{ {asked} = location.href; return given; }}"
        self.timer.tick(tick, given, list(shown), js=noted, **PLAIN).then(
            None,
            js=f"() => {{ const before = new URL({asked});"
            " if (before.pathname === location.pathname && before.search !== location.search)"
            f" ({GO()})(location.href); }}",
        )
        self.view.late(tick, given, list(shown), **PLAIN)

    def newest(self, request: gr.Request | None = None) -> JobView | None:
        concept = concept_of(request) if request and self._of_concept else None
        return next(iter(newest_jobs(self._app, self._kinds, concept)), None)

    def shown(self, request: gr.Request | None = None) -> list[Any]:
        """Values of `parts`."""
        job = self.newest(request)
        return [self.shown_of(job), gr.Timer(active=may_change(job))]

    @staticmethod
    def shown_of(job: JobView | None) -> dict[str, Any]:
        """The value of `view` for one job."""
        drawn = drawn_job(job) if job and (is_going(job) or job.state == "failed") else {}
        return drawn | {"asked_at": time()}

    @calls(cancel_job, retry_job)
    def press(self, chosen: gr.EventData, request: gr.Request) -> None:
        """Stops the work, or begins it again: what a button of `drawn_job` says."""
        does, job = str(chosen.value).split()
        {"stop": cancel_job, "retry": retry_job}[does](self._app, int(job))


def drawn_job(job: JobView) -> dict[str, Any]:
    going = is_going(job)
    return {
        "id": str(job.id),
        "state": job.state,
        "title": job_title(job),
        "how_far": how_far(job) if going else "",
        "stop": f"stop {job.id}" if going and not job.cancel_requested else "",
        "retry": "" if going else f"retry {job.id}",
        "total": str(job.total) if going and job.total else "",
        "done": str(min(job.done, job.total or 0)),
        "endless": going and not job.total,
        "error": "" if going else f"{job.error} Everything done until then is kept.",
    }
