"""Files and duplicates: what the library takes, what was skipped and why, and what is there twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from concepts.installation.jobs import newest_jobs
from concepts.library.browsing import Repetition
from concepts.library.health import Checked
from concepts.library.protection import protection_on_page
from concepts.library.upkeep import vectors_on_disk
from concepts.results.library import (
    exact_duplicates,
    library_info,
    list_bad_files,
    look_after,
    near_duplicates,
)
from concepts.use_cases import App
from web.handlers import PLAIN, author_of, calls, concept_of, may
from web.jobs import is_going
from web.parts import Progress, data_view, place
from web.words import count, size

HERE = Path(__file__).parent
JOBS = ("check library", "tidy vectors")
BAD_FILES = 50
GROUPS = 12
PATH = "/library/health"


class Health:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.progress = Progress(app, "health-progress", JOBS)
        self.view = data_view(HERE / "health.html", "library-health")
        shown = [self.view, *self.progress.parts]
        opened(self.open, None, shown, **PLAIN)
        self.progress.follow(self.open, shown)
        self.view.check(self.check, None, shown, **PLAIN)
        self.view.tidy(self.tidy, None, shown, **PLAIN)

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        return [self._drawn(request), *self.progress.shown(request)]

    @calls(look_after)
    def check(self, request: gr.Request) -> list[Any]:
        look_after(self._app, repair=True)
        return self.open(request=request)

    @calls(look_after)
    def tidy(self, request: gr.Request) -> list[Any]:
        look_after(self._app, only="tidy")
        return self.open(request=request)

    def _drawn(self, request: gr.Request) -> dict[str, Any]:
        app, said = self._app, dict(request.query_params)
        info, concept = library_info(app), concept_of(request) or ""
        shown = protection_on_page(app, author_of(request), concept_of(request)).query
        first = int(said["bad"]) if said.get("bad", "").isdecimal() and len(said["bad"]) < 9 else 0
        copies = exact_duplicates(app, GROUPS, said.get("copies", "")) if info.exact_duplicates else []
        alike = near_duplicates(app, GROUPS, said.get("near", "")) if info.near_duplicates else []
        job = next(iter(newest_jobs(app, JOBS[:1])), None)
        checked = job.result if job and job.state == "done" and not is_going(job) else None
        disk = vectors_on_disk(app) if info.encoder else None
        index = size(disk.table + disk.copied + disk.graph) if disk else ""
        others = f", and {size(disk.others)} of earlier encoders" if disk and disk.others else ""

        def drawn(group: Repetition) -> dict[str, Any]:
            return {
                "pictures": [
                    {
                        "id": one.id,
                        "name": one.path.rpartition("/")[2],
                        "src": f"/media/thumbnail/{one.id}{shown}",
                        "address": place("/library", concept, open=one.id),
                    }
                    for one in group.pictures
                ],
                "places": group.places,
            }

        pictures = count(info.pictures, "picture")
        return {
            "back": place("/library", concept),
            "sizes": f"{pictures}, {size(info.bytes)} in {count(info.sources, 'file')}.",
            "home": info.home,
            "index": f"Search index: {index}{others}." if index else "",
            "too_much": bool(disk and disk.is_too_much) and may(request, look_after),
            "may_check": may(request, look_after),
            "checked": f"Last check: {Checked.model_validate(checked).says()}." if checked else "",
            "wrong": [
                {"what": one["what"], "place": one["place"]} for one in (checked or {}).get("named", [])
            ],
            "bad_title": f"Skipped files ({info.bad_files:,})",
            "bad": [
                {"path": one.path, "message": one.message}
                for one in (list_bad_files(app, BAD_FILES, first) if info.bad_files else [])
            ],
            "more_bad": place(PATH, concept, bad=first + BAD_FILES)
            if first + BAD_FILES < info.bad_files
            else "",
            "copies_title": f"Duplicates ({info.exact_duplicates:,})",
            "copies": [drawn(one) for one in copies],
            "more_copies": place(PATH, concept, copies=copies[-1].key) if len(copies) == GROUPS else "",
            "near_title": f"Near-duplicates ({info.near_duplicates:,})",
            "near": [drawn(one) for one in alike],
            "more_near": place(PATH, concept, near=alike[-1].key) if len(alike) == GROUPS else "",
        }
