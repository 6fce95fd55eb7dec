"""Check: how good the newest version is, in words first, with a threshold to move and mistakes to mend."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from fastapi import Request
from pydantic import Field

from concepts.bundle import figures
from concepts.classifier.quality import HeadView, QualityView
from concepts.classifier.rarity import FIND_MORE, is_rare
from concepts.definition.document import Change
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.users import Role
from concepts.learning.permutation import about_chance
from concepts.learning.report import CutFigures, EvaluationReport, Guarantee, of_hundred
from concepts.learning.target import Side
from concepts.view import View
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from concepts.workbench.versions import RANKED
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Shown, WebPage, concept_of, remembered
from web.render import render, say
from web.screens import mistakes
from web.screens.check_plots import plots
from web.work import OFTEN, Work, press, ticking

WORK = ("train", "evaluate", "score library")
CURVE = "learning curve"
STEADY = "robustness"
LOOK_OVER = "look over"
BEGINS = ("train", "measure", "score")
SUREST = 12  # pictures of the library, after a training
TARGETS = (
    ("f1", "Balance both kinds of mistake"),
    ("precision=0.9", "Few false alarms: 90 of 100 flagged are right"),
    ("precision=0.95", "Very few false alarms: 95 of 100 flagged are right"),
    ("recall=0.9", "Miss little: find 90 of 100 that count"),
    ("recall=0.95", "Miss very little: find 95 of 100 that count"),
)
LINES: dict[Side, tuple[float, ...]] = {  # shares that a line of each side can be certified for here
    "yes": (0.8, 0.9, 0.95),
    "no": (0.9, 0.95, 0.98),
}

First = Annotated[int, Field(ge=0, le=2**31 - 1)]


class QualityMemory(View):
    """`pages`: first false alarm and first missed picture shown; `seen`: `_seen` of the jobs; `ranked`: the
    job whose order of the library is shown."""

    pages: tuple[First, First] = (0, 0)
    seen: tuple[int | None, int | None, int | None, int | None] = (None, None, None, None)
    ranked: int | None = None


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(screen.open)
    pressed = (screen.work.area, screen.said, screen.training, screen.main, screen.steady, screen.line)
    page.on_action(screen.act, *pressed, screen.mistakes, screen.dialog)
    screen.work.on_tick(screen.tick, of_concept=True)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("check-head")
        self.work = Work(workbench, page, "check-progress", (*WORK, CURVE, STEADY, LOOK_OVER))
        self.said = page.area("check-said")
        self.training = page.area("check-train")
        self.ranked = page.area("check-ranked")
        self.covered = page.area("check-covered")
        # One below the other: panels of unequal height beside each other would leave a hole.
        self.main = page.area("check-main")
        self.side = page.area("check-side")
        self.plots = page.area("check-plots")
        self.parts = page.area("check-parts")
        self.steady = page.area("check-steady")
        self.line = page.area("check-line")
        self.mistakes = page.area("check-mistakes")
        self.dialog = page.area("check-dialog")
        self.html = list(page.areas.values())

    # What is shown

    def open(self, request: Request) -> Shown:
        name = concept_of(request)
        if name is not None:
            with suppress(DiscernError):  # which the screen says below
                self._bench.review.keep_up(name)
        return self.everything(request)

    def everything(self, request: Request, said: str = "", pages: tuple[int, int] = (0, 0)) -> Shown:
        name = concept_of(request)
        if name is None:
            return self._nothing(render("which_concept.html", screen="Check", what="Quality"))
        try:
            jobs = self.work.newest_of_each(name)  # first: what ends meanwhile ticks once more
            view = self._bench.concept(name).definition.read()
            quality = self._bench.concept(name).versions.quality() if view.heads else None
            return {
                self.top: self._top(view),
                self.said: said,
                self.training: self._training(view, quality.new_answers if quality else 0),
                self.dialog: "",
                MEMORY: QualityMemory(pages=pages, seen=_seen(jobs)),
                **self.work.shown(_work(jobs)),
                **self._figures(view, quality, jobs),
                **(self._mistakes(view, request, pages) if quality else {}),
                TIMER: ticking(*jobs),
            }
        except DiscernError as error:
            return self._nothing(say(in_words(error), "bad"))

    def _top(self, view: ConceptView) -> str:
        return render("check/head.html", concept=view)

    def tick(self, request: Request) -> Shown:
        """One query. Only the progress while figures are being made, then what they changed.

        The person may be moving the threshold or looking at a picture by now: what was said and the dialog
        stay, and so does everything else while only the curve is being worked out.
        """
        name, memory = concept_of(request), remembered(QualityMemory, request)
        jobs = self.work.newest_of_each(name) if name else []
        work, seen = _work(jobs), _seen(jobs)
        looking = {self.steady: _looking(jobs)} if is_going(_newest(jobs, STEADY)) else {}
        if name and is_going(work):
            return self.work.shown(work) | looking | self._ranked(name, work, memory)
        before = memory.seen
        if name and seen[0] != before[0]:
            shown = self._ranked(name, work, memory) | self.everything(request)
            shown[MEMORY] = QualityMemory(seen=seen, ranked=work.id if work else None)
            shown[TIMER] = OFTEN
            return {area: value for area, value in shown.items() if area not in (self.said, self.dialog)}
        still = {TIMER: ticking(*jobs)} | looking
        new = self._new_curve(name, jobs) if name and seen[1] != before[1] else {}
        new |= {self.steady: self._steady(name, jobs)} if name and seen[2] != before[2] else {}
        new |= self._looked_over(name) if name and seen[3] != before[3] else {}
        if new:
            going_on = {
                TIMER: OFTEN,
                MEMORY: memory.model_copy(update={"seen": seen}),
            }
            return looking | new | going_on
        return {} if _curve(jobs) and not looking else still

    def _nothing(self, top: str) -> Shown:
        return dict.fromkeys(self.html, "") | {self.top: top, TIMER: 0}

    def _ranked(self, name: str, work: JobView | None, memory: QualityMemory) -> Shown:
        """Whoever waited for a training sees the library in its new order before that is measured: once,
        so that the pictures stay what they are."""
        if work is None or work.kind != "train" or memory.ranked == work.id:
            return {}
        if work.done < RANKED and work.state != "done":
            return {}
        try:
            page = self._bench.concept(name).scores.page("top", limit=SUREST)
            # Of a later version the rest is about the one before, until this one is measured.
            is_first = page is not None and page.version == 1
            view = self._bench.concept(name).definition.read() if is_first else None
        except (
            DiscernError
        ):  # such as a library that was embedded anew meanwhile: the rest of the screen says so
            return {}
        shown: Shown = {
            self.ranked: render("check/ranked.html", page=page, name=name),
            MEMORY: memory.model_copy(update={"ranked": work.id}),
        }
        if view:
            shown |= {self.top: self._top(view), self.main: ""}
        return shown

    def _training(self, view: ConceptView, new_answers: int) -> str:
        target = self._bench.concept(view.name).versions.last_target()
        return render(
            "check/train.html", concept=view, new_answers=new_answers, targets=TARGETS, target=target
        )

    def _figures(self, view: ConceptView, quality: QualityView | None, jobs: Sequence[JobView]) -> Shown:
        if quality is None:
            main = render("check/untrained.html", concept=view)
            return dict.fromkeys(self.html[self.html.index(self.covered) :], "") | {self.main: main}
        return {
            self.covered: _covered(quality, view.name),
            self.main: _main(quality, view.name, self._words(quality, view.name)),
            self.side: self._side(view.name, quality.version.number, quality.version.report, jobs),
            self.plots: plots(quality),
            self.parts: render("check/parts.html", report=quality.version.report),
            self.steady: self._steady(view.name, jobs),
            self.line: self._line(view.name, quality.version),
        }

    def _words(self, quality: QualityView, name: str) -> list[tuple[Change, str]]:
        """What has changed since most of the answers were given that the figures rest on."""
        under = quality.under
        return self._bench.concept(name).definition.diff(under.most, under.newest) if under else []

    def _new_curve(self, name: str, jobs: Sequence[JobView]) -> Shown:
        version = self._bench.concept(name).definition.read().heads[-1]
        return {self.side: self._side(name, version.number, version.report, jobs)}

    def _looked_over(self, name: str) -> Shown:
        """What a look over the answers has changed."""
        view = self._bench.concept(name).definition.read()
        if not view.heads:
            return {self.training: self._training(view, 0)}
        quality = self._bench.concept(name).versions.quality()
        return {
            self.training: self._training(view, quality.new_answers),
            self.covered: _covered(quality, name),
        }

    def _side(self, name: str, number: int, report: EvaluationReport | None, jobs: Sequence[JobView]) -> str:
        points = self._bench.concept(name).versions.learning_curve()
        return render(
            "check/side.html",
            number=number,
            report=report,
            chance=about_chance(report.baselines) if report else [],
            drawing_curve=bool(_curve(jobs)),
            points=points,
            curve=figures.learning_curve([(p.labels, p.value, p.low, p.high) for p in points])
            if points
            else None,
        )

    def _steady(self, name: str, jobs: Sequence[JobView]) -> str:
        """What came of looking again last, or how far that is."""
        job = _newest(jobs, STEADY)
        if is_going(job):
            return _looking(jobs)
        newest = self._bench.concept(name).definition.read().heads[-1].number
        return render(
            "check/steady.html",
            job=job,
            found=self._bench.concept(name).versions.robustness(),
            newest=newest,
        )

    def _line(self, name: str, newest: HeadView) -> str:
        """How far the lines one can rely on are."""
        certificates = self._bench.concept(name).certificates
        base = newest.report.metric("base_rate") if newest.report else None
        return render(
            "check/line.html",
            name=name,
            newest=newest.number,
            takes={s: {share: certificates.takes(share) for share in LINES[s]} for s in LINES},
            lines={side: certificates.state(side) for side in LINES},
            not_at_random=of_hundred(1 - base.value) if base and base.value is not None else "",
        )

    def _mistakes(self, view: ConceptView, request: Request, pages: Sequence[int]) -> Shown:
        may_answer = request.state.role >= Role.LABELLER
        shown = mistakes.listed(self._bench, view, author_of(request), pages, may_answer=may_answer)
        return {self.mistakes: shown}

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        name, memory = concept_of(request), remembered(QualityMemory, request)
        pages = memory.pages
        if name is None:
            return self.everything(request)
        try:
            if action.name == "open":
                dialog = mistakes.opened(self._bench, name, action.value, author_of(request))
                return {} if dialog is None else {self.dialog: dialog}
            if action.name.startswith("page-"):
                return self._turn(name, action, memory, request)
            said = self._do(action, name, author_of(request))
            if action.name in BEGINS:  # which changes nothing else that is shown, and the work wants the time
                return {self.said: said, self.ranked: ""} | self.work.shown(self.work.newest(name))
            return self.everything(request, said, pages)
        except DiscernError as error:
            return self.everything(request, say(in_words(error), "bad"), pages)

    def _do(self, action: Action, name: str, author: str) -> str:
        """Does it, and says what was done."""
        concept = self._bench.concept(name)
        if press(self._bench, action):
            return ""
        if action.name == "train":
            concept.versions.train(action.fields.get("target", "f1"))
        elif action.name == "measure":
            concept.versions.evaluate(int(action.value))
        elif action.name == "score":
            concept.scores.score_library(int(action.value))
        elif action.name == "steady":
            concept.versions.examine_robustness()
        elif action.name == "certify":
            side = _yes_or_no(action.fields.get("side", ""))
            at_least = float(action.fields.get("at-least", 0.9))
            concept.certificates.begin(at_least, side=side, author=author)
        elif action.name == "keep-line":
            concept.certificates.keep(_yes_or_no(action.value), author=author)
            number = concept.versions.head().number
            return say(f"Version {number} has the certified line.", "good")
        elif action.name == "threshold":
            return self._set_threshold(name, action.value, author)
        elif action.name == "answer":
            return mistakes.answered(self._bench, name, action, author)
        elif action.name == "undo":
            self._bench.concept(name).labels.take_back(author=author, only=[action.value])
            return say("Taken back: the earlier answer stands again.", "good")
        return ""

    def _turn(self, name: str, action: Action, memory: QualityMemory, request: Request) -> Shown:
        start, (alarms, missed) = max(int(action.value), 0), memory.pages
        turned = (start, missed) if action.name == "page-alarms" else (alarms, start)
        view = self._bench.concept(name).definition.read()
        kept = memory.model_copy(update={"pages": turned})
        return self._mistakes(view, request, turned) | {MEMORY: kept}

    def _set_threshold(self, name: str, value: str, author: str) -> str:
        version, threshold = json.loads(value)
        versions = self._bench.concept(name).versions
        versions.use(int(version), float(threshold), author=author)
        number = versions.head().number
        says = f"Version {number} says yes from {threshold:.3f} on."
        return say(f"{says} Version {version} is kept; Use goes back to it.", "good")


def _work(jobs: Sequence[JobView]) -> JobView | None:
    """The newest of the jobs that make figures."""
    return next((job for job in jobs if job.kind in WORK), None)


def _curve(jobs: Sequence[JobView]) -> JobView | None:
    """The learning curve while it is being worked out."""
    return next((job for job in jobs if job.kind == CURVE and is_going(job)), None)


def _newest(jobs: Sequence[JobView], kind: str) -> JobView | None:
    return next((job for job in jobs if job.kind == kind), None)


def _looking(jobs: Sequence[JobView]) -> str:
    """How far looking again at changed pictures is."""
    return render("check/steady.html", job=_newest(jobs, STEADY), found=None, newest=None)


def _seen(jobs: Sequence[JobView]) -> tuple[int | None, int | None, int | None, int | None]:
    """Which figures are shown: the job that made the newest ones, the curve that is being worked out, the
    last look at changed pictures and the last look over the answers."""
    work, curve, steady, looked = _work(jobs), _curve(jobs), _newest(jobs, STEADY), _newest(jobs, LOOK_OVER)
    ended = [job.id if job and not is_going(job) else None for job in (work, steady, looked)]
    return ended[0], curve.id if curve else None, ended[1], ended[2]


def _covered(view: QualityView, name: str) -> str:
    return render("check/covered.html", view=view, name=name)


def _is_rare(report: EvaluationReport | None) -> bool:
    if report is None or report.yes is None or report.yes.value is None or not report.covered:
        return False
    return is_rare(report.yes.value / report.covered)


def _yes_or_no(said: str) -> Side:
    return "no" if said == "no" else "yes"


def _main(view: QualityView, name: str, words: Sequence[tuple[Change, str]] = ()) -> str:
    """The figures in words and the threshold that moves them; or what is missing."""
    shares = (view.at.precision, view.at.recall) if view.at else ()
    notes = dict.fromkeys(share.note for share in shares if share.value is None)
    report, guarantee = view.version.report, Guarantee.of(view.version.details)
    sure_no = Guarantee.of(view.version.details, "no")
    base = report.metric("base_rate") if report else None
    return render(
        "check/main.html",
        view=view,
        name=name,
        words=words,
        rows=[_numbers(row) for row in view.rows],
        missing=" ".join(note.replace("the head calls yes", "it flags") for note in notes),
        at=_numbers(view.at) if view.at else None,
        guarantee=guarantee.sentence if guarantee else "",
        sure_no=sure_no,
        rare=_is_rare(report),
        find_more=FIND_MORE,
        base=of_hundred(base.value) if base and base.value is not None else "",
        own=min(max(round(1000 * view.version.threshold), 1), 999),
        scores=figures.scores(view.curves, view.version.threshold) if view.curves else None,
    )


def _numbers(row: CutFigures) -> list[float | int | None]:
    """A row as `check.js` reads it."""
    shares = [x for s in (row.precision, row.recall) for x in (s.value, s.low, s.high)]
    return [row.threshold, row.flagged, row.right, *(x if x is None else round(x, 4) for x in shares)]
