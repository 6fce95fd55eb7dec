"""Check: how good the newest version is, in a sentence and two bars; a threshold, mistakes to correct."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import gradio as gr

from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.jobs import newest_jobs
from concepts.labelling.labels import comments_on, give_labels
from concepts.labelling.reasons import Reason
from concepts.learning.target import Side
from concepts.library.protection import protection_on_page
from concepts.results.advice import advice_for
from concepts.results.certificates import ask_for_guarantee, guarantee_state, keep_guarantee
from concepts.results.concept_views import ConceptView
from concepts.results.concepts import concept_state
from concepts.results.heads import head_of
from concepts.results.library import import_pictures
from concepts.results.next_step import before_training, verdict_now
from concepts.results.quality import QualityView
from concepts.results.review import keep_looking_over, review_queue
from concepts.results.scores import pictures_around, score_library
from concepts.results.trained import (
    RANKED,
    compare_versions,
    evaluate,
    last_target,
    train,
    use_version,
    version_quality,
)
from concepts.use_cases import App
from storage.tables import now
from web.advice import in_words
from web.beside import Beside, one_of
from web.components.chart import Chart
from web.components.threshold import Threshold
from web.components.view import DataView
from web.handlers import EACH, PLAIN, author_of, calls, concept_of, may
from web.jobs import is_going, may_change
from web.parts import Notice, Progress, data_view, place
from web.screens.check import values
from web.tiles import labelled_grid, tiles
from web.words import count, percent

HERE = Path(__file__).parent
WORK = ("train", "evaluate", "score library")
LOOK_OVER = "look over"
THEN = "Then this page says how often the version is right, and where it is wrong."
PAGE = 60  # mistakes of each kind, and so many more at a press
FRESH = timedelta(seconds=10)  # since a training ended, in which it is said to be done
BESIDE = 6  # pictures shown on each side of the threshold
AIMS = [
    ("Balanced", "f1"),
    ("90 % right", "precision=0.9"),
    ("95 % right", "precision=0.95"),
    ("90 % found", "recall=0.9"),
    ("95 % found", "recall=0.95"),
]


def build(app: App, opened: Any) -> None:
    Check(app, opened)


class Check:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "check-head")
        self.said = Notice("check-said").view
        self.trained = Notice("check-trained").view
        self.news = gr.Textbox(visible=False, value="")  # what changed while one looked
        self.progress = Progress(app, "check-progress", WORK, of_concept=True)
        self.verdict = DataView(
            HERE / "verdict.html", script="/web/screens/check/verdict.js", elem_id="check-verdict"
        )
        with gr.Accordion("Adjust", open=False, visible=False, elem_id="check-adjust") as self.adjust:
            self.threshold = Threshold(elem_id="check-threshold")
            with gr.Row(elem_classes="around"):
                with gr.Column(min_width=280):
                    gr.Markdown("### Just missed")
                    self.below = labelled_grid("Just missed", "check-below")
                with gr.Column(min_width=280):
                    gr.Markdown("### Just made it")
                    self.above = labelled_grid("Just made it", "check-above")
            with gr.Row(elem_id="check-aim"):
                self.aim = gr.Dropdown(
                    AIMS, value="f1", label="Aim of the next training", scale=0, min_width=220
                )
                self.train_again = gr.Button("Train again", size="sm", scale=0, visible=False)
        with gr.Accordion("Mistakes", open=False, visible=False, elem_id="check-mistakes") as self.mistakes:
            self.about = data_view(HERE / "mistakes.html", "check-mistakes-about")
            with gr.Row():
                with gr.Column(scale=3, min_width=320):
                    with gr.Column(visible=False) as self.some_wrong:
                        gr.Markdown("### Wrongly found")
                        self.wrong = labelled_grid("Wrongly found", "check-wrong")
                    with gr.Column(visible=False) as self.some_missed:
                        gr.Markdown("### Missed")
                        self.missed = labelled_grid("Missed", "check-missed")
                    self.more = gr.Button("Show more", size="sm", scale=0, visible=False)
                with gr.Column(scale=1, min_width=240):
                    self.beside = Beside(app, "check-beside")
        with gr.Accordion("Test, slices and compared methods", open=False, visible=False) as self.tests:
            self.rests_on = Chart(HERE / "tests.html", elem_id="check-tests")
        with gr.Accordion("Guarantees", open=False, visible=False) as self.certified:
            self.guarantees = data_view(HERE / "guarantees.html", "check-guarantees")
        with gr.Accordion("Versions", open=False, visible=False) as self.kept:
            self.versions = data_view(HERE / "versions.html", "check-versions")
            with gr.Row(visible=False, elem_id="check-compare") as self.choice:
                self.one = gr.Dropdown([], label="Compare version", scale=0, min_width=140)
                self.other = gr.Dropdown([], label="with version", scale=0, min_width=140)
                self.compare = gr.Button("Compare", size="sm", scale=0)
            self.compared = data_view(HERE / "compared.html", "check-compared")

        first = [self.head, self.said, *self.progress.parts, self.verdict, self.adjust, self.threshold]
        first += [self.below, self.above, self.aim, self.train_again]
        grids = [self.some_wrong, self.wrong, self.some_missed, self.missed, self.more]
        later = [self.mistakes, self.about, *grids]
        later += [self.tests, self.rests_on, self.certified, self.guarantees, self.kept, self.versions]
        later += [self.choice, self.one, self.other, self.compared, self.beside.view]
        work = [self.said, self.trained, *self.progress.parts]
        opened(self.open, None, [*first, self.trained], **PLAIN)
        opened(self.details, None, later, **PLAIN)
        ticked = [self.trained, *self.progress.parts, self.news]
        self.progress.look_again(self.tick, ticked, self.trained)
        self.news.change(self.open_again, self.said, [*first, *later[:-1]], **PLAIN)
        self.progress.when_pressed(self.look, work)
        self.verdict.train(self.train, self.aim, work, **PLAIN)
        self.train_again.click(self.train, self.aim, work, **PLAIN)
        self.verdict.test(self.test, None, work, **PLAIN)
        self.threshold.score(self.score, None, work, **PLAIN)
        self.verdict.adjust(self.open_adjust, None, self.adjust, **PLAIN)
        self.threshold.around(self.look_around, None, [self.below, self.above], **EACH)
        self.threshold.use(self.use, None, work, **PLAIN)
        self.versions.again(self.again, None, work, **PLAIN)
        self.guarantees.certify(self.certify, None, [self.said, self.guarantees], **PLAIN)
        self.guarantees.keep(self.keep, None, work, **PLAIN)
        self.compare.click(self.beside_each_other, [self.one, self.other], self.compared, **PLAIN)
        self.more.click(self.show_more, [self.wrong, self.missed], grids, **PLAIN)
        self.wrong.select(self.shown_of_wrong, None, self.beside.view, **EACH)
        self.missed.select(self.shown_of_missed, None, self.beside.view, **EACH)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        """All but the details, which follow."""
        name = concept_of(request)
        if name is not None:
            with suppress(DiscernError):  # which the screen says below
                keep_looking_over(self._app.concept(name))
        return [*self._first(name, request), None]

    @calls()
    def details(self, request: gr.Request) -> list[Any]:
        return self._later(concept_of(request), request)

    def _first(self, name: str | None, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        try:
            if name is None:
                raise DiscernError("Choose a concept first.")
            jobs = self._jobs(name)  # first: what ends meanwhile ticks once more
            view, allowed = concept_state(self._app.concept(name)), _allowed(request)
            quality = version_quality(self._app.concept(name)) if view.heads else None
        except DiscernError as error:
            nothing = [None, Notice.bad(in_words(error)), None, gr.Timer(active=False), None]
            return [*nothing, gr.Accordion(visible=False), None, None, None, gr.Dropdown(), gr.Button()]
        ready = bool(view.heads or (view.answers.teach_yes and view.answers.teach_no)) and allowed["train"]
        below, above = (
            self._around(view.name, quality.version.threshold, request) if quality else (None, None)
        )
        return [
            _head(view, quality),
            said,
            *self._progress(jobs),
            self._verdict(view, quality, allowed, _work(jobs)),
            gr.Accordion(visible=bool(quality) or ready),
            values.threshold_of(quality, allowed) if quality else None,
            below,
            above,
            gr.Dropdown(value=last_target(self._app.concept(name)), visible=ready),
            gr.Button(visible=ready and quality is not None),
        ]

    def _progress(self, jobs: Sequence[JobView]) -> list[Any]:
        """Values of the progress. The timer looks after labels that are looked over, too."""
        work = _work(jobs)
        view = self.progress.shown_of(work)
        return [view, gr.Timer(active=may_change(*jobs))]

    def _verdict(
        self, view: ConceptView, quality: QualityView | None, allowed: dict[str, bool], work: JobView | None
    ) -> dict[str, Any]:
        concept = self._app.concept(view.name)
        advice = advice_for(concept)
        if quality is None:
            trainable = bool(view.answers.teach_yes and view.answers.teach_no)
            step = before_training(view.answers, enough=advice.enough, described=True)
            can = allowed.get(step.does, True)  # and there are no results to see yet
            following = values.button_of(step, view.name, allowed) if can else {}
            if not trainable:
                return {"sentence": "First some labels", "rests": view.advice, "next": following}
            if is_going(work):
                return {"sentence": "Training", "rests": THEN, "next": {}}
            early = "Train" if allowed["train"] and step.does != "train" else ""
            return {"sentence": "Ready to train", "rests": THEN, "next": following, "train": early}
        if quality.version.report is None and is_going(work):
            return _testing(view)
        said = verdict_now(quality.version.report, advice, stale=quality.stale, to_go=quality.to_go)
        tried = [guarantee_state(concept, side) for side in values.SIDES]
        failed = [found.sentence for found in tried if found and found.failed]
        return values.verdict_of(said, quality, view.name, allowed, failed)

    def _later(self, name: str | None, request: gr.Request) -> list[Any]:
        try:
            concept = self._app.concept(name) if name else None
            view = concept_state(concept) if concept else None
            quality = version_quality(concept) if concept and view and view.heads else None
        except DiscernError:  # which the page has said by now
            concept = view = quality = None
        if concept is None or view is None or quality is None:
            hidden = gr.Accordion(visible=False)
            none = gr.Column(visible=False)
            grids = [none, None, none, None, gr.Button(visible=False)]
            choice = [gr.Row(visible=False), gr.Dropdown(), gr.Dropdown(), None]
            return [hidden, None, *grids, hidden, None, hidden, None, hidden, None, *choice, None]
        allowed = _allowed(request)
        wrong, missed, changed = self._mistakes(view.name, request)
        found = {side: guarantee_state(concept, side) for side in values.SIDES}
        numbers = [str(head.number) for head in reversed(view.heads)]
        several = len(numbers) > 1
        return [
            gr.Accordion(
                visible=bool(view.answers.given), label=_titled("Mistakes", len(wrong) + len(missed))
            ),
            _about_mistakes(view.name, len(wrong), len(missed), changed),
            *self._grids(wrong, missed, PAGE, PAGE, request),
            gr.Accordion(visible=True),
            values.tests_of(quality, view),
            gr.Accordion(visible=True),
            values.guarantees_of(view.name, quality, found, allowed),
            gr.Accordion(visible=True, label=_titled("Versions", len(numbers))),
            values.versions_of(view.name, view.heads, allowed),
            gr.Row(visible=several),
            gr.Dropdown(choices=numbers, value=numbers[1] if several else None),
            gr.Dropdown(choices=numbers, value=numbers[0]),
            None,
            None,  # nothing is selected
        ]

    def _around(self, name: str, threshold: float, request: gr.Request) -> tuple[Any, Any]:
        """The pictures on both sides, the nearest to it in the middle."""
        sides = pictures_around(self._app.concept(name), threshold, BESIDE)
        if sides is None:
            return None, None
        above, below = sides
        query = self._query(name, request)

        def shown(pictures: Sequence[Any]) -> dict[str, Any]:
            return tiles(
                self._app, [(one.id, {"caption": percent(one.probability)}) for one in pictures], query
            )

        return shown(below[::-1]), shown(above)

    def _mistakes(self, name: str, request: gr.Request) -> tuple[list[Any], list[Any], int]:
        """Wrongly found, missed, and how many test labels were changed since."""
        rows = review_queue(self._app.concept(name)).rows
        found = [row for row in rows if row.reason is Reason.MISTAKE]
        ids = [row.id for row in found]
        commented = comments_on(self._app.concept(name), ids, author_of(request)).keys()
        changed = sum(row.reason is Reason.CHANGED_TEST_LABEL for row in rows)
        wrong = values.mistake_tiles(found, "no", commented)
        return wrong, values.mistake_tiles(found, "yes", commented), changed

    def _grids(self, wrong: list[Any], missed: list[Any], n: int, m: int, request: gr.Request) -> list[Any]:
        query = self._query(concept_of(request) or "", request)
        more = len(wrong) > n or len(missed) > m
        return [
            gr.Column(visible=bool(wrong)),
            tiles(self._app, wrong[:n], query),
            gr.Column(visible=bool(missed)),
            tiles(self._app, missed[:m], query),
            gr.Button(visible=more),
        ]

    def _query(self, name: str, request: gr.Request) -> str:
        return protection_on_page(self._app, author_of(request), name).query

    def _jobs(self, name: str) -> list[JobView]:
        return newest_jobs(self._app, (*WORK, LOOK_OVER), name)

    # What changes by itself

    @calls()
    def tick(self, told: Any, request: gr.Request) -> list[Any]:
        """Only the progress while figures are being made; what they changed follows, once they did."""
        name = concept_of(request)
        jobs = self._jobs(name) if name else []
        work = _work(jobs)
        news = " ".join(f"{job.id} {job.state}" for job in jobs) if name else ""
        if name and work and work.kind == "train":
            if work.state == "done" and work.finished and now() - work.finished < FRESH:
                told = Notice.good(self._told(name, work))
            elif is_going(work) and work.done >= RANKED:
                number = head_of(self._app.concept(name)).number
                told, news = Notice.good(f"Version {number} is trained. Testing it…"), f"{work.id} ranked"
        going = any(map(is_going, jobs))
        follows = not going or news.endswith("ranked")
        return [told, *self._progress(jobs), news if follows else gr.skip()]

    @calls()
    def open_again(self, said: Any, request: gr.Request) -> list[Any]:
        """All but the selected picture. What was said of the last press stays, too, which may have come while
        the work went on."""
        name = concept_of(request)
        return [*self._first(name, request, said), *self._later(name, request)[:-1]]

    def _told(self, name: str, work: JobView) -> str:
        number, found = head_of(self._app.concept(name)).number, work.result or {}
        if not found.get("new", True):
            return f"Nothing changed since version {number}."
        return f"Version {number} is trained{' and tested' if found.get('measured') else ''}."

    # What is done

    def _begun(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        """What a job that begins changes on screen."""
        name = concept_of(request)
        return [said, None, *self._progress(self._jobs(name) if name else [])]

    def _refused(self, error: DiscernError, request: gr.Request) -> list[Any]:
        return self._begun(request, Notice.bad(f"{in_words(error)} Nothing was changed."))

    @calls()
    def look(self, request: gr.Request) -> list[Any]:
        return self._begun(request)

    @calls(train)
    def train(self, aim: str, request: gr.Request) -> list[Any]:
        try:
            self._concept(request).begin(train, str(aim or "f1"))
        except DiscernError as error:
            return self._refused(error, request)
        return self._begun(request)

    @calls(evaluate)
    def test(self, request: gr.Request) -> list[Any]:
        try:
            self._concept(request).begin(evaluate)
        except DiscernError as error:
            return self._refused(error, request)
        return self._begun(request)

    @calls(score_library)
    def score(self, request: gr.Request) -> list[Any]:
        try:
            self._concept(request).begin(score_library)
        except DiscernError as error:
            return self._refused(error, request)
        return self._begun(request)

    @calls(use_version)
    def use(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            version, threshold = _number(chosen.version), _share(chosen.threshold)
            concept = self._concept(request)
            use_version(concept, version, threshold, author=author_of(request))
        except DiscernError as error:
            return self._refused(error, request)
        newest = head_of(concept).number
        said = f"Version {newest} flags from {100 * threshold:.1f} %. Version {version} is kept."
        return self._begun(request, Notice.good(said))

    @calls(use_version)
    def again(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            version, concept = _number(chosen.value), self._concept(request)
            use_version(concept, version, author=author_of(request))
        except DiscernError as error:
            return self._refused(error, request)
        newest = head_of(concept).number
        said = f"Version {version} is in use again, as version {newest}. All others are kept."
        return self._begun(request, Notice.good(said))

    @calls(ask_for_guarantee)
    def certify(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        (side, _, share), said = str(chosen.value).partition(" "), None
        concept = self._concept(request)
        try:
            ask_for_guarantee(concept, _share(share), side=_side(side), author=author_of(request))
        except DiscernError as error:
            said = Notice.bad(f"{in_words(error)} Nothing was changed.")
        found = {one: guarantee_state(concept, one) for one in values.SIDES}
        quality = version_quality(concept)
        return [said, values.guarantees_of(concept.name, quality, found, _allowed(request))]

    @calls(keep_guarantee)
    def keep(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        try:
            concept = self._concept(request)
            keep_guarantee(concept, _side(str(chosen.value)), author=author_of(request))
        except DiscernError as error:
            return self._refused(error, request)
        said = f"Version {head_of(concept).number} has the guarantee."
        return self._begun(request, Notice.good(said))

    # What is looked at

    @calls()
    def open_adjust(self, request: gr.Request) -> Any:
        return gr.Accordion(open=True)

    @calls()
    def look_around(self, chosen: gr.EventData, request: gr.Request) -> tuple[Any, Any]:
        return self._around(self._concept(request).name, _share(chosen.threshold), request)

    @calls()
    def beside_each_other(self, one: str, other: str, request: gr.Request) -> dict[str, Any]:
        found = compare_versions(self._concept(request), _number(one), _number(other))
        return values.compared_of(found)

    @calls()
    def show_more(self, wrong: dict[str, Any], missed: dict[str, Any], request: gr.Request) -> list[Any]:
        n, m = (len((one or {}).get("pictures", ())) + PAGE for one in (wrong, missed))
        flagged, others, _ = self._mistakes(self._concept(request).name, request)
        return self._grids(flagged, others, n, m, request)

    @calls()
    def shown_of_wrong(self, chosen: gr.EventData, request: gr.Request) -> Any:
        return self._beside(one_of(chosen), "check-wrong", request)

    @calls()
    def shown_of_missed(self, chosen: gr.EventData, request: gr.Request) -> Any:
        return self._beside(one_of(chosen), "check-missed", request)

    def _beside(self, picture: str, grid: str, request: gr.Request) -> Any:
        if not picture:
            return None
        rows = review_queue(self._app.concept(self._concept(request).name), Reason.MISTAKE).rows
        test = any(row.id == picture and row.purpose == "evaluation" for row in rows)
        note = "The first label stays in the test." if test else "The next training uses the new label."
        return self.beside.of(self._concept(request), picture, grid, request, note=note)

    def _concept(self, request: gr.Request) -> Any:
        name = concept_of(request)
        if name is None:
            raise DiscernError("Choose a concept first.")
        return self._app.concept(name)


def _allowed(request: gr.Request) -> dict[str, bool]:
    """What whoever asks may do here."""
    return {
        "train": may(request, train),
        "test": may(request, evaluate),
        "use": may(request, use_version),
        "certify": may(request, ask_for_guarantee),
        "label": may(request, give_labels),
        "pictures": may(request, import_pictures),
    }


def _head(view: ConceptView, quality: QualityView | None) -> dict[str, str]:
    new = quality.new_answers if quality else 0
    return {
        "concept": view.name,
        "version": f"version {view.heads[-1].number}" if view.heads else "",
        "new": count(new, "new label") if new else "",
    }


def _testing(view: ConceptView) -> dict[str, Any]:
    results = {"link": "See results", "address": place("/results", view.name)}
    return {"sentence": "Trained; the test is going on.", "next": results}


def _titled(title: str, n: int) -> str:
    return f"{title} ({n:,})" if n else title


def _about_mistakes(name: str, wrong: int, missed: int, changed: int) -> dict[str, Any]:
    known = "Corrections count from the next training on."
    unknown = "No mistakes found. Only test labels show how it does on new pictures."
    link = f"{count(changed, 'test label')} changed since" if changed else ""
    return {
        "said": known if wrong or missed else unknown,
        "counts": f"{wrong:,} wrongly found, {missed:,} missed" if wrong or missed else "",
        "changed": link,
        "address": place("/label/review", name, reason=Reason.CHANGED_TEST_LABEL.value),
    }


def _work(jobs: Sequence[JobView]) -> JobView | None:
    """The newest of the jobs that make figures."""
    return next((job for job in jobs if job.kind in WORK), None)


def _side(said: str) -> Side:
    return "no" if said == "no" else "yes"


def _number(said: object) -> int:
    if not str(said).isdecimal() or len(str(said)) > 9:
        raise DiscernError("That is no version.")
    return int(str(said))


def _share(said: object) -> float:
    try:
        share = float(str(said))
    except ValueError as error:
        raise DiscernError("That is no share.") from error
    if not 0 <= share <= 1:
        raise DiscernError("A share is between 0 and 1.")
    return share
