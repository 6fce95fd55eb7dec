"""Use: take a version along, see what it makes of the library, score other pictures, go back to older "
"ones."""

from __future__ import annotations

from typing import Any, cast, get_args

import gradio as gr

from concepts.classifier.library_scores import Order
from concepts.classifier.versions import file_stem, origin
from concepts.errors import DiscernError
from concepts.export import usage
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from web.live import Action, author_of, concept_of, live, on_action, on_event, on_load
from web.markup import notice
from web.progress import is_going, job_failure, job_progress
from web.screens import use_parts as parts

TITLES = {
    "score files": "Scoring pictures",
    "score library": "Looking at the whole library",
    "evaluate": "Measuring",
    "train": "Training and measuring",
}
Shown = tuple[Any, ...]


def build(workbench: Workbench, blocks: gr.Blocks) -> None:
    top = live("use-head")
    progress = live("use-progress")
    said = live("use-said")
    library = live("use-library")
    with gr.Row(elem_classes="use-columns"):
        take = live("use-take")
        score = live("use-score")
    versions = live("use-versions")
    compared = live("use-compared")
    card = gr.Markdown(elem_id="use-card", visible=False, elem_classes="panel", container=False)
    timer = gr.Timer(1, active=False)
    areas = [top, progress, said, library, take, score, versions, compared, card, timer]
    screen = _Screen(workbench)
    on_load(blocks, lambda request: screen.everything(request), areas)
    for area in (progress, library, take, score, versions):
        on_action(area, screen.act, outputs=areas)
    on_event(timer.tick, screen.tick, outputs=areas)


class _Screen:
    def __init__(self, workbench: Workbench) -> None:
        self._bench = workbench

    # What is shown, in the order of `areas`

    def everything(self, request: gr.Request, said: str = "") -> Shown:
        name = concept_of(request)
        if name is None:
            return self._bare(parts.no_concept())
        try:
            view = self._bench.definitions.concept(name)
            return self._areas(view, said) if view.heads else self._bare(parts.no_version(view.name))
        except DiscernError as error:
            return self._bare(notice(str(error), "bad"))

    def _bare(self, top: str) -> Shown:
        return (top, *[""] * 7, gr.Markdown(visible=False), gr.Timer(active=False))

    def _areas(self, view: ConceptView, said: str) -> Shown:
        newest = view.heads[-1]
        previous = view.heads[-2].number if len(view.heads) > 1 else newest.number
        origins = {head.number: origin(head.details) for head in view.heads}
        return (
            parts.header(view),
            self._progress(view.name),
            said,
            self._library(view.name, "top", 0),
            parts.take_panel(view.name, newest, self._snippets(view)),
            self._score(view),
            parts.versions_panel(view, previous, newest.number, origins),
            "",
            gr.skip(),
            gr.Timer(active=self._going(view.name)),
        )

    def _library(self, name: str, order: str, start: int) -> str:
        newest = self._bench.definitions.concept(name).heads[-1].number
        checked = cast(Order, order if order in get_args(Order) else "top")
        page = self._bench.versions.scored_pictures(name, checked, start=max(start, 0), size=parts.PAGE)
        return parts.library_panel(page, order, newest)

    def _score(self, view: ConceptView) -> str:
        jobs = self._bench.jobs.store.about(view.name, ["score files"])
        return parts.score_panel(view.heads[-1].number, jobs)

    def _snippets(self, view: ConceptView) -> list[tuple[str, str, str]]:
        newest = view.heads[-1]
        stem = file_stem(view.name, newest.number)
        encoder = self._bench.context.collection.recorded()
        return [
            ("Python, from pictures", "needs Discern", usage.from_pictures(f"{stem}.zip")),
            (
                "Python, from vectors",
                "needs NumPy and safetensors; in the unpacked folder",
                usage.with_numpy(encoder.fingerprint, encoder.dimension),
            ),
            ("ONNX Runtime, from vectors", "in the unpacked folder", usage.with_onnx()),
            ("Command line", "needs Discern", usage.in_a_shell(f"{stem}.zip")),
            ("REST", "asks this Discern", usage.over_rest(view.name, newest.number)),
        ]

    def _going(self, name: str) -> bool:
        return is_going(self._bench.installation.latest_job(list(TITLES), name))

    def _progress(self, name: str) -> str:
        job = self._bench.installation.latest_job(list(TITLES), name)
        if job is None or job.state in ("done", "cancelled"):
            return ""
        title = TITLES[job.kind]
        return job_progress(job, title) if is_going(job) else job_failure(job, title)

    def tick(self, request: gr.Request) -> Shown:
        """Only the progress while something runs; then what has changed, and not what the person looks at."""
        name = concept_of(request)
        if name is None:
            return (*[gr.skip()] * 9, gr.Timer(active=False))
        if self._going(name):
            return (gr.skip(), self._progress(name), *[gr.skip()] * 8)
        shown = self.everything(request)
        return (*shown[:2], gr.skip(), *shown[3:7], gr.skip(), gr.skip(), shown[9])

    # What is done

    def act(self, action: Action, request: gr.Request) -> Shown:
        name = concept_of(request)
        if name is None:
            return self.everything(request)
        try:
            return self._do(action, name, request)
        except DiscernError as error:
            said = notice(f"{error} Nothing was changed.", "bad")
            return (gr.skip(), gr.skip(), said, *[gr.skip()] * 7)

    def _do(self, action: Action, name: str, request: gr.Request) -> Shown:
        nothing = gr.skip()
        said = ""
        if action.name == "order":
            order, _, start = action.value.partition(":")
            page = self._library(name, order, int(start or 0))
            return (nothing, nothing, nothing, page, *[nothing] * 6)
        if action.name == "compare":
            one, other = (int(action.fields[key]) for key in ("one", "other"))
            found = parts.comparison(self._bench.versions.compare_versions(name, one, other))
            return (*[nothing] * 7, found, nothing, nothing)
        if action.name == "card":
            card = gr.Markdown(self._bench.versions.model_card(name), visible=True)
            return (*[nothing] * 8, card, nothing)
        if action.name == "again":
            number = self._bench.versions.use_again(name, int(action.value), author=author_of(request))
            said = notice(
                f"Version {action.value} is in use again, as version {number}. All others are kept.", "good"
            )
        elif action.name == "score-library":
            self._bench.versions.submit_score_library(name, int(action.value))
        elif action.name == "score-files":
            folder, suffix = (action.fields.get(key, "") for key in ("folder", "suffix"))
            self._bench.versions.submit_score_files(name, int(action.value), folder, suffix)
        elif action.name == "cancel":
            self._bench.jobs.store.cancel(int(action.value))
        elif action.name == "retry":
            self._bench.jobs.store.retry(int(action.value))
            self._bench.jobs.wake()
        return self.everything(request, said)
