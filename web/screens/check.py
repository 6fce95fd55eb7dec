"""Check: how good the newest version is in one sentence, a threshold to move, and mistakes to correct."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from concepts.bundle import figures
from concepts.bundle.figures import PlotFigure
from concepts.classifier.quality import QualityView
from concepts.classifier.rarity import FIND_MORE, is_rare
from concepts.classifier.verdict import verdict
from concepts.classifier.versions import origin
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.labelling.reasons import Reason
from concepts.learning.certificates import ERROR, needed
from concepts.learning.report import WIDE, CutFigures, Guarantee
from concepts.learning.target import Side
from concepts.view import View
from concepts.workbench import Concept, Workbench
from concepts.workbench.concept_views import ConceptView
from concepts.workbench.versions import RANKED
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Area, Shown, WebPage, concept_of, remembered
from web.render import Button, render, say
from web.work import OFTEN, Work, press, ticking

WORK = ("train", "evaluate", "score library")
LOOK_OVER = "look over"
BEGINS = ("train", "measure", "score")
PAGE = 12  # mistakes of each kind
LABELS = {"yes": "it counts", "no": "it doesn’t count", "unsure": "unsure"}
BESIDE = 6  # pictures shown on each side of the threshold
TARGETS = (
    ("f1", "Aim: balanced"),
    ("precision=0.9", "Aim: 90 % right"),
    ("precision=0.95", "Aim: 95 % right"),
    ("recall=0.9", "Aim: 90 % found"),
    ("recall=0.95", "Aim: 95 % found"),
)
GUARANTEED: dict[Side, tuple[float, ...]] = {  # shares that a guarantee of each side can promise here
    "yes": (0.8, 0.9, 0.95),
    "no": (0.9, 0.95, 0.98),
}

First = Annotated[int, Field(ge=0, le=2**31 - 1)]


class CheckMemory(View):
    """`pages`: first false positive and first missed picture shown; `seen`: `_seen` of the jobs; `told`: the
    training that the page has said is done."""

    pages: tuple[First, First] = (0, 0)
    seen: tuple[int | None, int | None] = (None, None)
    told: int | None = None


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.open
    page.follows = screen.opened
    page.on_action(screen.act, *page.areas.values(), screen.around, screen.mistakes)
    screen.work.on_tick(screen.tick, of_concept=True)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("check-head")
        self.work = Work(workbench, page, "check-progress", (*WORK, LOOK_OVER))
        self.said = page.area("check-said")
        self.trained = page.area("check-trained")
        self.covered = page.area("check-covered")
        self.main = page.area("check-main")
        self.pictures = page.area("check-pictures")
        self.around, self.mistakes = Area("check-around"), Area("check-mistakes")  # parts of `pictures`
        with page.row("panel fold details", "Details"):
            self.figures = page.area("check-figures")
            self.guarantees = page.area("check-guarantees")
            self.versions = page.area("check-versions")
        self.dialog = page.area("check-dialog")
        self.html = list(page.areas.values())

    # What is shown

    def open(self, request: Request) -> Shown:
        """All but the details, which follow."""
        name = concept_of(request)
        if name is not None:
            with suppress(DiscernError):  # which the screen says below
                self._bench.review.keep_up(name)
        return self.everything(request, whole=False)

    def opened(self, request: Request) -> Shown:
        name = concept_of(request)
        if name is None:
            return {}
        try:
            view = self._bench.concept(name).definition.read()
            return self._details(view, self._bench.concept(name).versions.quality()) if view.heads else {}
        except DiscernError:  # which the page has said by now
            return {}

    def everything(
        self, request: Request, said: str = "", pages: tuple[int, int] = (0, 0), *, whole: bool = True
    ) -> Shown:
        name = concept_of(request)
        if name is None:
            return self._nothing(render("which_concept.html", screen="Check", what="A version"))
        try:
            jobs = self.work.newest_of_each(name)  # first: what ends meanwhile ticks once more
            view = self._bench.concept(name).definition.read()
            quality = self._bench.concept(name).versions.quality() if view.heads else None
            return {
                self.top: self._top(view, quality),
                self.said: said,
                self.dialog: "",
                MEMORY: CheckMemory(pages=pages, seen=_seen(jobs)),
                **self.work.shown(_work(jobs)),
                **(
                    self._version(view, quality, request, pages)
                    if quality
                    else {self.main: render("check/untrained.html", concept=view)}
                ),
                **(self._details(view, quality) if whole and quality else {}),
                TIMER: ticking(*jobs),
            }
        except DiscernError as error:
            return self._nothing(say(in_words(error), "bad"))

    def _nothing(self, top: str) -> Shown:
        return dict.fromkeys(self.html, "") | {self.top: top, TIMER: 0}

    def _top(self, view: ConceptView, quality: QualityView | None = None) -> str:
        new = quality.new_answers if quality else 0
        target = self._bench.concept(view.name).versions.last_target()
        return render("check/head.html", concept=view, new=new, targets=TARGETS, target=target)

    def _version(
        self, view: ConceptView, quality: QualityView, request: Request, pages: tuple[int, int]
    ) -> Shown:
        """The verdict, the threshold, and the pictures that show both."""
        advice = self._bench.concept(view.name).labels.advice()
        sides = self._bench.concept(view.name).scores.around(quality.version.threshold, BESIDE)
        wrong = _mistakes(self._bench, view, author_of(request), pages)
        version = quality.version
        guarantee = Guarantee.of(version.details)
        main = render(
            "check/main.html",
            view=quality,
            name=view.name,
            verdict=verdict(
                version.report,
                labels=advice.missing,
                test_labels=quality.to_go,
                stale=quality.stale,
                done=bool(advice.done),
            ),
            rows=[_numbers(row) for row in quality.rows],
            at=_numbers(quality.at) if quality.at else None,
            guarantee=guarantee.sentence if guarantee else "",
            wide=WIDE,
            scores=drawn(quality).get("scores"),
        )
        return {
            self.covered: _covered(quality, self._failed(view.name)),
            self.main: main,
            self.pictures: render(
                "check/pictures.html",
                sides=sides,
                name=view.name,
                scale=view.scale,
                **wrong,
            ),
        }

    def _details(self, view: ConceptView, quality: QualityView) -> Shown:
        certificates = self._bench.concept(view.name).certificates
        guarantees = render(
            "check/guarantees.html",
            name=view.name,
            version=quality.version,
            takes={
                side: {share: needed(share, ERROR) for share in shares} for side, shares in GUARANTEED.items()
            },
            found={side: certificates.state(side) for side in GUARANTEED},
        )
        report = quality.version.report
        yes, covered = (report.yes, report.covered) if report else (None, None)
        rare = yes and covered and is_rare(yes.value or 0, covered if yes.high is None else yes.high, covered)
        return {
            # The test set, what simpler ways reach, and the curves and parts.
            self.figures: render(
                "check/figures.html",
                concept=view,
                view=quality,
                report=report,
                find_more=FIND_MORE if rare else "",
                drawn=drawn(quality),
            ),
            self.guarantees: guarantees,
            self.versions: render(
                "check/versions.html",
                name=view.name,
                versions=view.heads,
                origins={head.number: origin(head.details) for head in view.heads},
                wide=WIDE,
            ),
        }

    def _failed(self, name: str) -> list[str]:
        """What is said of guarantees that failed."""
        tried = [self._bench.concept(name).certificates.state(side) for side in GUARANTEED]
        return [found.sentence for found in tried if found and found.failed]

    # What changes by itself

    def tick(self, request: Request) -> Shown:
        """One query. Only the progress while figures are being made, then what they changed.

        The person may be moving the threshold or looking at a picture by now: what was said and the dialog
        stay.
        """
        name, memory = concept_of(request), remembered(CheckMemory, request)
        jobs = self.work.newest_of_each(name) if name else []
        work, seen = _work(jobs), _seen(jobs)
        if name and is_going(work):
            return self.work.shown(work) | self._told(name, work, memory)
        before = memory.seen
        if name and seen[0] != before[0]:
            shown = self.everything(request) | self._told(name, work, memory)
            shown[MEMORY] = CheckMemory(seen=seen, told=work.id if work else None)
            shown[TIMER] = OFTEN
            return {area: value for area, value in shown.items() if area not in (self.said, self.dialog)}
        if name and seen[1] != before[1]:  # the labels were looked over
            view = self._bench.concept(name).definition.read()
            quality = self._bench.concept(name).versions.quality() if view.heads else None
            new: Shown = {self.top: self._top(view, quality)}
            if quality:
                new[self.covered] = _covered(quality, self._failed(name))
            return new | {TIMER: OFTEN, MEMORY: memory.model_copy(update={"seen": seen})}
        return {TIMER: ticking(*jobs)}

    def _told(self, name: str, work: JobView | None, memory: CheckMemory) -> Shown:
        """Says once that a training is done, as soon as the library is in its new order: that may be long
        before it is measured."""
        if work is None or work.kind != "train" or memory.told == work.id:
            return {}
        if work.done < RANKED and work.state != "done":
            return {}
        view = self._bench.concept(name).definition.read()
        number, is_new = view.heads[-1].number, work.state != "done" or (work.result or {}).get("new", True)
        said = f"Version {number} is trained." if is_new else f"Nothing changed since version {number}."
        shown: Shown = {
            self.trained: say(said, "good"),
            MEMORY: memory.model_copy(update={"told": work.id}),
        }
        if len(view.heads) == 1 and is_going(work):  # of a later one the rest is about the one before
            shown |= {self.top: self._top(view), self.main: ""}
        return shown

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        name, memory = concept_of(request), remembered(CheckMemory, request)
        if name is None:
            return self.everything(request)
        try:
            shown = self._look(action, name, memory, request)
            if shown:
                return shown
            said = self._do(action, name, author_of(request))
            if action.name in BEGINS:  # which changes nothing else that is shown, and the work wants the time
                return {self.said: said, self.trained: ""} | self.work.shown(self.work.newest(name))
            return self.everything(request, said, memory.pages) | {self.trained: ""}
        except DiscernError as error:
            return self.everything(request, say(in_words(error), "bad"), memory.pages)

    def _look(self, action: Action, name: str, memory: CheckMemory, request: Request) -> Shown:
        """What a press shows without changing anything; nothing if it changes something."""
        author, versions = author_of(request), self._bench.concept(name).versions
        if action.name == "around":
            sides = self._bench.concept(name).scores.around(float(action.value), BESIDE)
            return {self.around: render("check/around.html", sides=sides, name=name)}
        if action.name.startswith("page-"):
            start, (alarms, missed) = max(int(action.value), 0), memory.pages
            turned = (start, missed) if action.name == "page-alarms" else (alarms, start)
            view = self._bench.concept(name).definition.read()
            kept = memory.model_copy(update={"pages": turned})
            wrong = _mistakes(self._bench, view, author, turned)
            return {self.mistakes: render("check/mistakes.html", **wrong), MEMORY: kept}
        if action.name == "open":
            rows = self._bench.review.queue(name, Reason.MISTAKE).rows
            found = next((row for row in rows if row.id == action.value), None)
            if found is None:
                return {}
            view = self._bench.concept(name).definition.read()
            dialog = render(
                "check/correction.html",
                mistake=found,
                concept=view.name,
                version=view.heads[-1].number,
                description=view.revision.definition.description,
                said=self._bench.concept(name).labels.comments([found.id], author).get(found.id, ()),
            )
            return {self.dialog: dialog}
        if action.name == "compare":
            one, other = (int(action.fields[key]) for key in ("one", "other"))
            return {self.dialog: render("check/compared.html", found=versions.compare(one, other))}
        if action.name == "table":
            quality, dialog = versions.quality(), ""
            if action.value == "slices":
                report = quality.version.report
                dialog = render("check/slices.html", slices=report.slices if report else ())
            elif figure := drawn(quality).get(action.value):
                dialog = render("check/table.html", figure=figure)
            return {self.dialog: dialog}
        return {}

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
        elif action.name == "certify":
            side = _yes_or_no(action.fields.get("side", ""))
            at_least = float(action.fields.get("at-least", 0.9))
            concept.certificates.begin(at_least, side=side, author=author)
        elif action.name == "keep-line":
            concept.certificates.keep(_yes_or_no(action.value), author=author)
            return say(f"Version {concept.versions.head().number} has the guarantee.", "good")
        elif action.name == "threshold":
            version, threshold = json.loads(action.value)
            concept.versions.use(int(version), float(threshold), author=author)
            number = concept.versions.head().number
            said = f"Version {number} flags from {threshold:.3f} on. Version {version} is kept under Details."
            return say(said, "good")
        elif action.name == "again":
            concept.versions.use(int(action.value), author=author)
            number = concept.versions.head().number
            said = f"Version {action.value} is in use again, as version {number}. All others are kept."
            return say(said, "good")
        elif action.name == "answer":
            return _answered(concept, action, author)
        elif action.name == "undo":
            concept.labels.take_back(author=author, only=[action.value])
            return say("Undone: the earlier label stands again.", "good")
        return ""


def _mistakes(bench: Workbench, view: ConceptView, author: str, pages: Sequence[int]) -> dict[str, Any]:
    """What `check/mistakes.html` shows, by name. `pages`: the first false positive and the first missed
    picture that are shown."""
    rows = bench.review.queue(view.name).rows
    found = [row for row in rows if row.reason is Reason.MISTAKE]
    remarks = bench.concept(view.name).labels.comments([row.id for row in found], author)
    return {
        "found": found,
        "changed": [row for row in rows if row.reason is Reason.CHANGED_TEST_LABEL],
        "labelled": view.answers.given,
        "pages": pages,
        "size": PAGE,
        "commented": remarks.keys(),
    }


def _answered(concept: Concept, action: Action, author: str) -> str:
    """Commits the label, and the comment that stands in the box now; says so."""
    picture, key = json.loads(action.value)
    value, comment = action.fields.get("value", ""), action.fields.get("comment", "").strip()
    before = concept.labels.own_comments([picture], author).get(picture, "")
    why = "" if before else comment  # an earlier one was in the box: this one takes its place
    concept.labels.give(picture, value, author=author, key=key, comment=why, in_view=True)
    if before and comment.split() != before.split():
        concept.labels.comment(picture, comment, author=author, key=f"{key}-comment")
    return say(f"Saved: {LABELS[value]}.", "good", Button("Undo", "undo", key, "undo-2"))


def _work(jobs: Sequence[JobView]) -> JobView | None:
    """The newest of the jobs that make figures."""
    return next((job for job in jobs if job.kind in WORK), None)


def _seen(jobs: Sequence[JobView]) -> tuple[int | None, int | None]:
    """Which figures are shown: the job that made the newest ones, and the last look over the labels."""
    looked = next((job for job in jobs if job.kind == LOOK_OVER), None)
    work, over = (job.id if job and not is_going(job) else None for job in (_work(jobs), looked))
    return work, over


def _yes_or_no(said: str) -> Side:
    return "no" if said == "no" else "yes"


def _covered(view: QualityView, failed: Sequence[str] = ()) -> str:
    return render("check/covered.html", view=view, failed=failed)


def _numbers(row: CutFigures) -> list[float | int | None]:
    """A row as `check.js` reads it."""
    shares = [x for s in (row.precision, row.recall) for x in (s.value, s.low, s.high)]
    return [row.threshold, row.flagged, row.right, *(x if x is None else round(x, 4) for x in shares)]


def drawn(view: QualityView) -> dict[str, PlotFigure]:
    """Scores, precision and recall with the threshold's place, and reliability, by their names."""
    if view.curves is None:
        return {}
    curves, at = view.curves, view.at
    place = figures.place(at.recall, at.precision) if at else None
    base = view.version.report.metric("base_rate") if view.version.report else None
    found = (
        figures.scores(curves, view.version.threshold),
        figures.precision_recall(curves, base.value if base else None, place),
        figures.reliability(curves),
    )
    return {figure.name: figure for figure in found}
