"""Quality: how good the newest version is, in words first, with a threshold to move and mistakes to "
"correct."""

from __future__ import annotations

import json
import uuid
from typing import Any

import gradio as gr

from concepts.classifier.quality import QualityView
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from storage.jobs import StoredJob
from storage.labels import Author
from web.live import Action, author_of, concept_of, live, on_action, on_event, on_load
from web.markup import notice
from web.progress import is_going, job_failure, job_progress
from web.screens import quality_parts as parts

WORK = ("train", "evaluate", "score library")
TITLES = {
    "train": "Training and measuring",
    "evaluate": "Measuring",
    "score library": "Counting in the whole library",
}
Shown = tuple[Any, ...]


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("quality-head")
    progress = live("quality-progress")
    said = live("quality-said")
    training = live("quality-train")
    with gr.Row(elem_classes="quality-columns"):
        main = live("quality-main", elem_classes="wide")
        side = live("quality-side")
    plots = live("quality-plots")
    mistakes = live("quality-mistakes")
    dialog = live("quality-dialog")
    timer = gr.Timer(1, active=False)
    pages = gr.State((0, 0))  # first false alarm and first missed picture shown
    areas = [top, progress, said, training, main, side, plots, mistakes, dialog, timer]
    screen = _Screen(workbench)
    on_load(blocks, lambda request: screen.everything(request), areas)
    for area in (progress, said, training, main, mistakes, dialog):
        on_action(area, screen.act, [pages], [*areas, pages])
    on_event(timer.tick, screen.tick, outputs=areas)


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench

    # What is shown, in the order of `areas`

    def everything(self, request: gr.Request, said: str = "", pages: tuple[int, int] = (0, 0)) -> Shown:
        name = concept_of(request)
        if name is None:
            return (parts.no_concept(), *[""] * 8, gr.Timer(active=False))
        try:
            view = self._bench.definitions.concept(name)
            figures = self._bench.versions.quality(name) if view.heads else None
            return self._areas(view, figures, said, pages)
        except DiscernError as error:
            return (notice(str(error), "bad"), *[""] * 8, gr.Timer(active=False))

    def _areas(
        self, view: ConceptView, figures: QualityView | None, said: str, pages: tuple[int, int]
    ) -> Shown:
        name = view.name
        drawing = is_going(self._bench.installation.latest_job(["learning curve"], name))
        new = figures.new_answers if figures else 0
        target = self._last_target(name)
        top = [parts.header(view), self._progress(name), said, parts.training_panel(view, new, target)]
        going = is_going(self._job(name)) or drawing
        if figures is None:
            return (*top, parts.untrained(view), "", "", "", "", gr.Timer(active=going))
        side = parts.comparison_panel(figures.version.report, figures.version.number)
        side += parts.curve_panel(self._bench.versions.learning_curve(name), drawing)
        return (
            *top,
            parts.main_panel(figures, name),
            f'<div class="stack">{side}</div>' if side else "",
            parts.plots_panel(figures),
            self._mistakes(view, pages),
            "",
            gr.Timer(active=going),
        )

    def _mistakes(self, view: ConceptView, pages: tuple[int, int]) -> str:
        counts = (view.labels.train, view.labels.evaluation)
        checked = sum(group["yes"] + group["no"] for group in counts)
        return parts.mistakes_panel(self._bench.versions.mistakes(view.name), *pages, checked)

    def _job(self, name: str) -> StoredJob | None:
        return self._bench.installation.latest_job(WORK, name)

    def _progress(self, name: str) -> str:
        job = self._job(name)
        if job is None or job.state in ("done", "cancelled"):
            return ""
        title = TITLES[job.kind]
        return job_progress(job, title) if is_going(job) else job_failure(job, title)

    def _last_target(self, name: str) -> str:
        job = self._bench.installation.latest_job(["train"], name)
        return str(job.arguments["target"]) if job else "f1"

    def tick(self, request: gr.Request) -> Shown:
        """Only the progress while the figures are being made, then everything."""
        name = concept_of(request)
        if name is not None and is_going(self._job(name)):
            return (gr.skip(), self._progress(name), *[gr.skip()] * 8)
        if name is not None and is_going(self._bench.installation.latest_job(["learning curve"], name)):
            seen = self.everything(request)
            # The person may be moving the threshold or looking at a picture by now.
            return (*seen[:2], gr.skip(), *seen[3:7], gr.skip(), gr.skip(), seen[9])
        shown = self.everything(request)
        return (*shown[:2], gr.skip(), *shown[3:8], gr.skip(), shown[9])

    # What is done

    def act(self, action: Action, request: gr.Request, pages: tuple[int, int]) -> Shown:
        name = concept_of(request)
        if name is None:
            return (*self.everything(request), pages)
        try:
            return self._do(action, name, request, pages)
        except DiscernError as error:
            return (*self.everything(request, notice(str(error), "bad"), pages), pages)

    def _do(self, action: Action, name: str, request: gr.Request, pages: tuple[int, int]) -> Shown:
        said = ""
        if action.name == "open":
            return self._open(name, action.value, pages)
        if action.name.startswith("page-"):
            start = max(int(action.value), 0)
            pages = (start, pages[1]) if action.name == "page-alarms" else (pages[0], start)
            view = self._bench.definitions.concept(name)
            return (*[gr.skip()] * 7, self._mistakes(view, pages), gr.skip(), gr.skip(), pages)
        if action.name == "train":
            self._bench.versions.submit_train(name, target=action.fields.get("target", "f1"))
        elif action.name == "measure":
            self._bench.versions.submit_evaluation(name, int(action.value))
        elif action.name == "score":
            self._bench.versions.submit_score_library(name, int(action.value))
        elif action.name == "threshold":
            said = self._set_threshold(name, action.value, request)
        elif action.name == "answer":
            said = self._answer(name, action, request)
        elif action.name == "undo":
            self._bench.answers.undo(name, author=author_of(request), only=[action.value])
            said = notice("Taken back: the earlier answer stands again.", "good")
        elif action.name == "cancel":
            self._bench.jobs.store.cancel(int(action.value))
        elif action.name == "retry":
            self._bench.jobs.store.retry(int(action.value))
            self._bench.jobs.wake()
        return (*self.everything(request, said, pages), pages)

    def _open(self, name: str, picture: str, pages: tuple[int, int]) -> Shown:
        found = next((m for m in self._bench.versions.mistakes(name) if m.id == picture), None)
        dialog: Any = gr.skip()
        if found is not None:
            dialog = parts.correction(found, self._bench.definitions.concept(name), uuid.uuid4().hex)
        return (*[gr.skip()] * 8, dialog, gr.skip(), pages)

    def _set_threshold(self, name: str, value: str, request: gr.Request) -> str:
        version, threshold = json.loads(value)
        number = self._bench.versions.set_threshold(
            name, int(version), float(threshold), author=author_of(request)
        )
        return notice(
            f"Version {number} says yes from {threshold:.3f} on. Version {version} is kept; Use goes back "
            f"to it.",
            "good",
        )

    def _answer(self, name: str, action: Action, request: gr.Request) -> str:
        picture, key = json.loads(action.value)
        value = action.fields.get("value", "")
        author = Author(author_of(request))
        comment = action.fields.get("comment", "").strip()
        self._bench.answers.label(name, picture, value, author=author, key=key, comment=comment)
        return parts.corrected(value, key)
