"""Use: take a version along, see what it makes of the library, score other pictures, go back to older."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, cast, get_args

from fastapi import Request

from concepts.bundle import usage
from concepts.classifier.library_scores import ScoreOrder
from concepts.classifier.versions import file_stem, origin
from concepts.encoders.base import MAY_BE_PASSED_ON, OPEN_CLIP, licence_of, registered_as
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import TIMER, Action, Shown, WebPage, concept_of
from web.render import render, say
from web.screens.watched import Watched
from web.work import Work, press

JOBS = ("measure int8", "score files", "score library", "evaluate", "train", "watch")
PAGE = 24
FILES = 5  # the last ones that were scored


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(screen.open)
    areas = (
        screen.work.area,
        screen.library,
        screen.take,
        screen.score,
        screen.watched.area,
        screen.versions,
    )
    page.on_action(screen.act, *areas)
    screen.work.on_tick(screen.tick, of_concept=True)


@dataclass(frozen=True)
class Snippet:
    """Code that uses the bundle, and what it needs to run."""

    title: str
    needs: str
    code: str


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("results-head")
        self.work = Work(workbench, page, "results-progress", JOBS)
        self.said = page.area("results-said")
        self.library = page.area("results-library")
        self.take = page.area("results-take")
        self.score = page.area("results-score")
        self.share = page.area("results-share")
        self.watched = Watched(workbench, page)
        self.versions = page.area("results-versions")
        self.compared = page.area("results-compared")
        self.files = page.area("results-files")  # drawn when the page opens, and then the browser's
        self.card = page.area("results-card")
        self.html = [area for area in page.areas.values() if area is not self.files]

    # What is shown

    def open(self, request: Request) -> Shown:
        """Everything, and answers in files, which needs no version."""
        name, files = concept_of(request), ""
        if name is not None:
            with suppress(DiscernError):  # which the rest says
                view = self._bench.concept(name).definition.read()
                files = render(
                    "results/files.html", name=view.name, scale=view.scale, scored=bool(view.heads)
                )
                if view.heads:
                    self._bench.concept(name).scores.keep_scored()
        return self.everything(request) | {self.files: files}

    def everything(self, request: Request, said: str = "") -> Shown:
        name = concept_of(request)
        if name is None:
            return self._bare(render("which_concept.html", screen="Results", what="A classifier"))
        try:
            job = self.work.newest(name)  # first: what ends meanwhile ticks once more
            view = self._bench.concept(name).definition.read()
            if not view.heads:
                return self._bare(render("results/no_version.html", name=view.name))
            shown = self._figures(view, job, request.state.role)
            library = self._library(view, request, "top", 0, looking=_looking(job))
        except DiscernError as error:
            return self._bare(say(in_words(error), "bad"))
        return shown | {self.library: library, self.said: said, self.compared: ""}

    def _figures(self, view: ConceptView, job: JobView | None, role: Role) -> Shown:
        newest = view.heads[-1].number
        files = self._bench.concept(view.name).scores.files()[:FILES]
        along = _goes_along(self._bench.context.collection.recorded().name)
        return {
            self.top: render("results/head.html", concept=view),
            self.take: render(
                "results/take.html",
                name=view.name,
                version=newest,
                others=self._bench.concept(view.name).exports.could_go_along(),
                goes_along=along,
                of_classes=view.scale.kind == "classes",
                int8=self._bench.concept(view.name).exports.int8(newest),
                snippets=self._code(view),
            ),
            self.score: render(
                "results/score.html", version=newest, files=files, demo=self._bench.context.settings.demo
            ),
            self.share: render("results/share.html", name=view.name, version=newest, goes_along=along)
            if role >= Role.OWNER
            else "",
            self.watched.area: "" if self._bench.context.settings.demo else self.watched.html(view.name),
            self.versions: render(
                "results/versions.html",
                name=view.name,
                versions=view.heads,
                origins={head.number: origin(head.details) for head in view.heads},
            ),
        } | self.work.shown(job)

    def _bare(self, top: str) -> Shown:
        return dict.fromkeys(self.html, "") | {self.top: top, TIMER: 0}

    def _library(
        self, view: ConceptView, request: Request, order: str, start: int, *, looking: bool = False
    ) -> str:
        checked = cast(ScoreOrder, order if order in get_args(ScoreOrder) else "top")
        page = self._bench.concept(view.name).scores.page(checked, offset=max(start, 0), limit=PAGE)
        return render(
            "results/library.html",
            page=page,
            looking=looking,
            order=order,
            version=view.heads[-1].number,
            size=PAGE,
            name=view.name,
            scale=view.scale,
            may_answer=request.state.role >= Role.LABELLER,
        )

    def _code(self, view: ConceptView) -> list[Snippet]:
        number = view.heads[-1].number
        folder = file_stem(view.name, number)
        archive = f"{folder}.zip"
        encoder = self._bench.context.collection.recorded()
        vectors = usage.with_numpy(folder, encoder.fingerprint, encoder.dimension)
        return [
            *self._from_pictures(folder, encoder.name, columns=view.scale.kind != "yes or no"),
            Snippet("Python, from vectors", "needs NumPy and safetensors; unpacked", vectors),
            Snippet("ONNX Runtime, from vectors", "unpacked", usage.with_onnx(folder)),
            Snippet("Command line of Discern", "needs Discern", usage.in_a_shell(archive)),
            Snippet("REST", "asks this Discern", usage.over_rest(view.name, number)),
        ]

    def _from_pictures(self, folder: str, encoder: str, *, columns: bool) -> list[Snippet]:
        """A large encoder may be missing in the bundle though it may be passed on; its card says so."""
        if not _goes_along(encoder):
            code = usage.from_pictures(f"{folder}.zip", encoder, columns=columns)
            return [
                Snippet("Command line, anywhere", "needs Python; unpacked", usage.named(folder, encoder)),
                Snippet("Python, from pictures", "needs Discern", code),
            ]
        return [
            Snippet("Command line, anywhere", "needs Python; unpacked", usage.anywhere(folder)),
            Snippet(
                "Python, from pictures", "its requirements.txt; unpacked", usage.from_pictures_alone(folder)
            ),
        ]

    def tick(self, request: Request) -> Shown:
        """Only the progress while something runs; then what has changed, and not what the person looks at."""
        name = concept_of(request)
        if name is None:
            return {TIMER: 0}
        job = self.work.newest(name)
        if is_going(job):
            return self.work.shown(job)
        shown = self.everything(request)
        return {area: value for area, value in shown.items() if area not in (self.said, self.compared)}

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        name = concept_of(request)
        if name is None:
            return self.everything(request)
        try:
            look = self._look(action, name, request)
            if look:
                return look
            return self.everything(request, self._do(action, name, author_of(request)))
        except DiscernError as error:
            return {self.said: say(f"{in_words(error)} Nothing was changed.", "bad")}

    def _look(self, action: Action, name: str, request: Request) -> Shown:
        """What a press shows without changing anything; nothing where it does."""
        if action.name == "order":
            order, _, start = action.value.partition(":")
            view = self._bench.concept(name).definition.read()
            return {self.library: self._library(view, request, order, int(start or 0))}
        if action.name == "compare":
            one, other = (int(action.fields[key]) for key in ("one", "other"))
            found = self._bench.concept(name).versions.compare(one, other)
            return {self.compared: render("results/compared.html", found=found)}
        if action.name == "flagged":
            may_answer = request.state.role >= Role.LABELLER
            return self.watched.flagged(name, action.value, may_answer=may_answer)
        if action.name == "card":
            return {self.card: render("results/card.html", card=self._bench.concept(name).exports.card())}
        return {}

    def _do(self, action: Action, name: str, author: str) -> str:
        """Does it, and says what was done."""
        concept = self._bench.concept(name)
        if press(self._bench, action):
            return ""
        if said := self.watched.do(action, name, author):
            return said
        if action.name == "again":
            concept.versions.use(int(action.value), author=author)
            number = concept.versions.head().number
            said = f"Version {action.value} is in use again, as version {number}. All others are kept."
            return say(said, "good")
        if action.name == "score-library":
            concept.scores.score_library(int(action.value))
        elif action.name == "int8":
            concept.exports.measure_int8(int(action.value))
        elif action.name == "score-files":
            wanted: Literal["csv", "parquet"] = (
                "parquet" if action.fields.get("suffix") == "parquet" else "csv"
            )
            concept.scores.score_files(action.fields.get("folder", ""), int(action.value), wanted)
        return ""


def _looking(job: JobView | None) -> bool:
    return job is not None and is_going(job) and job.kind == "score library"


def _goes_along(encoder: str) -> bool:
    """As far as its licence says."""
    return registered_as(encoder) != OPEN_CLIP or licence_of(encoder) in MAY_BE_PASSED_ON
