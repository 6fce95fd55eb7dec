"""Results: what a concept or a rule flags, new finds first, and what is done with it.

What is shown is in the address (`?concept=…&order=top&start=24`, `?rule=…&sure=50` or `?kept=name`), so Back,
a reload and a second tab show the same. A rule changes by links, because its pictures may be protected
otherwise than those of the concept.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args
from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import BaseModel

from concepts.bundle import usage
from concepts.bundle.rule_text import quoted
from concepts.classifier.library_scores import ScoreOrder
from concepts.classifier.quality import HeadView
from concepts.classifier.rule_scores import RuleOrder
from concepts.classifier.versions import file_stem
from concepts.encoders.base import ELSEWHERE, GIVEN, MAY_BE_PASSED_ON, licence_of, registered_as
from concepts.errors import DiscernError, NotScoredError
from concepts.installation.activity import JobView
from concepts.learning.report import about_unlabelled
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView
from concepts.workbench.versions import RANKED
from concepts.workbench.watching import ASK_FLAGGED
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, Action, Shown, WebPage, number_of, remembered
from web.render import render, say, url
from web.rule_rows import RuleBar, bar_of
from web.screens import collections
from web.screens.trash import MOVES, move
from web.work import Work, press

OF_ALL = ("score table", "try rule")  # work that is of no concept
OUT = ("write keywords", "copy files")  # to where pictures are
JOBS = (*OUT, "score files", "score library", "evaluate", "train", "watch", *OF_ALL)
FILES_WRITTEN = ("score-files", "score-table", "keywords", "copy-files")  # they leave pictures as they are
SCORES = ("score library", "train")  # work that brings pictures into another order
PAGE = 24
FILES = 5  # the last ones that were scored
FLAGGED = 12  # pictures that a watched folder had flagged, the newest
PARTS = ("concept", "rule", "kept", "sure", "order", "start")

Place = dict[str, str]


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.open
    page.on_action(screen.act, *page.areas.values())
    screen.work.on_tick(screen.tick, of_concept=True)


class ResultsMemory(BaseModel):
    """`ranked`: the training whose scores are shown already."""

    ranked: int | None = None


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
        with page.row("export"):
            self.score = page.area("results-export")
            self.files = page.area("results-files")  # drawn when the page opens, and then the browser's
        self.take = page.area("results-download")
        self.watched = page.area("results-watch")
        self.bar = page.area("results-rule")
        self.library = page.area("results-library")
        self.dialog = page.area("results-dialog")
        self.html = [area for area in page.areas.values() if area not in (self.files, self.work.area)]

    @property
    def _demo(self) -> bool:
        return self._bench.context.settings.demo

    # What is shown

    def open(self, request: Request) -> Shown:
        place = self._place(request.query_params)
        with suppress(DiscernError):  # which the rest says
            if place.get("concept") and not _is_rule(place):
                self._bench.concept(place["concept"]).scores.keep_scored()
        return {self.files: ""} | self.show(place)

    def show(self, place: Place, said: str = "", *, pictures: bool = True) -> Shown:
        """HTML of all areas. `pictures=False` leaves out that of pictures, which takes longest to draw."""
        job = self._job(place)  # first: what ends meanwhile ticks once more
        try:
            shown = self._shown(place, job, pictures)
        except DiscernError as error:
            head = self._head(place, place.get("concept") or "Results")
            shown, said = {self.top: head}, say(in_words(error), "bad")
        memory = ResultsMemory(ranked=job.id if job and _is_ranked(job) else None)
        drawn = (
            dict.fromkeys(self.html, "") | shown | {self.said: said, MEMORY: memory} | self.work.shown(job)
        )
        return drawn if pictures else {area: value for area, value in drawn.items() if area != self.library}

    def _shown(self, place: Place, job: JobView | None, pictures: bool) -> Shown:
        bar = bar_of(self._bench, "/results", place)
        if not _is_rule(place) and not place.get("concept") and not bar.could:
            return {self.top: render("which_concept.html", screen="Results", what="A classifier")}
        shown: Shown = {
            self.top: self._head(place, "Results", "export"),
            self.score: self._table(),
            self.bar: render("results/bar.html", bar=bar, is_rule=_is_rule(place)),
        }
        if _is_rule(place):
            return shown | self._of_rule(place, bar)
        return shown | self._of_concept(place, job, pictures) if place.get("concept") else shown

    def _of_concept(self, place: Place, job: JobView | None, pictures: bool) -> Shown:
        concept = self._bench.concept(place["concept"])
        view = concept.definition.read()
        files = render("results/files.html", name=view.name, scale=view.scale, scored=bool(view.heads))
        if not view.heads:
            untrained = render("results/no_version.html", name=view.name)
            head = self._head(place, view.name, "export")
            return {self.top: head, self.library: untrained, self.files: files}
        newest = view.heads[-1]
        along = _goes_along(self._bench.context.collection.recorded().name)
        scores = render(
            "results/score.html",
            version=newest.number,
            files=concept.scores.files()[:FILES],
            demo=self._demo,
        )
        uses, out = ["export", "download"], ""
        if not self._demo:
            uses.append("watch")
            jobs = self._bench.installation.newest_jobs(OUT, view.name)
            done = {job.kind: job for job in jobs if job.state == "done"}
            keywords, copied = (done.get(kind) for kind in OUT)  # what became of the last ones
            out = render("results/keywords.html", name=view.name, keywords=keywords, copied=copied)
        return {
            self.top: self._head(place, view.name, *uses, newest=newest),
            self.score: scores + out + self._table(),
            self.files: files,
            self.take: render(
                "results/take.html",
                name=view.name,
                version=newest.number,
                others=concept.exports.could_go_along(),
                goes_along=along,
            ),
            self.watched: "" if self._demo else self._watches(view.name),
            self.library: self._pictures(view, place, job) if pictures else "",
        }

    def _of_rule(self, place: Place, bar: RuleBar) -> Shown:
        saved = self._bench.rules.one(place["kept"]) if place.get("kept") else None
        if bar.problem:
            return {}
        order = place.get("order", "")
        ordered = cast(RuleOrder, order if order in get_args(RuleOrder) else "top")
        try:
            page = self._bench.rules.tried(*bar.asked, ordered, PAGE, number_of(place.get("start", "")))
        except NotScoredError:
            page = None
        known = self._bench.concepts.scales()
        return {
            self.top: self._head(place, saved.name if saved else "Rule", "export", "download"),
            self.take: render("results/take_rule.html", saved=saved),
            self.library: render(
                "results/rule.html",
                page=page,
                size=PAGE,
                concept=place.get("concept"),
                scales={name: known[name] for name in bar.names if name in known},
            ),
        }

    def _table(self) -> str:
        """The form for one table of all concepts, with those so far; empty if there can be none."""
        rules = self._bench.rules
        try:
            return render("results/table.html", columns=rules.columns(), tables=rules.written())
        except DiscernError:
            return ""

    def _watches(self, name: str, opened: int | None = None) -> str:
        """The watched folders. `opened`: the watch whose flagged pictures are shown."""
        concept = self._bench.concept(name)
        watches = concept.watches.all()
        return render(
            "results/watched.html",
            name=name,
            going=[watch for watch in watches if watch.stopped is None],
            stopped=[watch for watch in watches if watch.stopped is not None],
            opened=opened,
            page=concept.watches.flagged(opened, FLAGGED) if opened else None,
            scale=concept.definition.read().scale if opened else None,
            ask=100 * ASK_FLAGGED,
        )

    def _head(self, place: Place, title: str, *uses: str, newest: HeadView | None = None) -> str:
        """`uses`: what can be done with what is shown. `newest`: the version that flags."""
        return render(
            "results/head.html",
            title=title,
            uses=uses,
            newest=newest,
            albums=self._bench.collections.names() if "download" in uses else None,
            address=url("/results", **{name: value for name, value in place.items() if value}),
        )

    def _pictures(self, view: ConceptView, place: Place, job: JobView | None) -> str:
        """New finds, or what is asked for; of a version without any the surest."""
        scores, order = self._bench.concept(view.name).scores, place.get("order", "")
        start = number_of(place.get("start", ""))
        is_new = order not in get_args(ScoreOrder)
        finds = scores.finds(PAGE if is_new else 0, start)
        if is_new and not order and finds and not finds.count:
            is_new, order = False, "top"
        page, report = finds.page if finds else None, view.heads[-1].report
        if finds and not is_new:
            page = scores.page(cast(ScoreOrder, order), limit=PAGE, offset=start)
        return render(
            "results/pictures.html",
            finds=finds,
            page=page,
            more=finds.more if finds else 0,
            right_of_new=about_unlabelled(report.unlabelled, finds.count) if finds and report else "",
            order="new" if is_new else order,
            going=job is not None and is_going(job) and job.kind in SCORES,
            version=view.heads[-1].number,
            size=PAGE,
            name=view.name,
            scale=view.scale,
        )

    def _code(self, view: ConceptView) -> list[Snippet]:
        number = view.heads[-1].number
        folder = file_stem(view.name, number)
        archive = f"{folder}.zip"
        encoder = self._bench.context.collection.recorded()
        vectors = usage.with_numpy(folder, encoder.fingerprint, encoder.dimension)
        shell, python = usage.anywhere(folder), usage.from_pictures_alone(folder)
        needs = "requirements.txt"
        if not _goes_along(encoder.name):  # a large one may be missing all the same; its card says so
            columns = view.scale.kind != "yes or no"
            shell = usage.anywhere(folder, encoder.name)
            python = usage.from_pictures(archive, encoder.name, columns=columns)
            needs = "Discern"
        return [
            Snippet("Command line, anywhere", "Python", shell),
            Snippet("Python, from pictures", needs, python),
            Snippet("Python, from vectors", "NumPy and safetensors", vectors),
            Snippet("ONNX Runtime, from vectors", "", usage.with_onnx(folder)),
            Snippet("Command line", "Discern", usage.in_a_shell(archive)),
            Snippet("REST", "this Discern", usage.over_rest(view.name, number)),
        ]

    def tick(self, request: Request) -> Shown:
        """Only the progress while something runs, but the new order of the library as soon as it is there;
        then what has changed, and not what the person looks at."""
        place, memory = self._place(request.query_params), remembered(ResultsMemory, request)
        job = self._job(place)
        is_news = job is not None and _is_ranked(job) and memory.ranked != job.id
        if is_going(job) and not is_news:
            return self.work.shown(job)
        shown = self.show(place, pictures=is_news or (job is not None and job.kind == "score library"))
        kept = {self.said, self.dialog, self.files}
        return {area: value for area, value in shown.items() if area not in kept}

    def _place(self, query: Mapping[str, str]) -> Place:
        """What the address asks for. A rule that is one concept, at its own threshold, is the concept."""
        place = {name: query[name] for name in PARTS if query.get(name)}
        if "rule" in place and not place.keys() & {"kept", "sure"}:
            names = self._bench.scoring.concepts()
            if alone := next((name for name in names if quoted(name) == place["rule"]), ""):
                place |= {"concept": alone, "rule": ""}
        return place

    def _job(self, place: Place) -> JobView | None:
        """The newest of the concept or of none."""
        concept = place.get("concept")
        jobs = self.work.newest_of_each(concept)
        return next((job for job in jobs if concept or job.kind in OF_ALL), None)

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        place, given, said = self._place(request.query_params), dict(parse_qsl(action.value)), ""
        try:
            if look := self._look(action, place.get("concept", "")):
                return look
            if action.name == "show":
                place |= {"order": given.get("order", ""), "start": given.get("start", "")}
            else:
                changed, said = self._do(action, place, given, author_of(request))
                place |= changed
        except DiscernError as error:
            return {self.said: say(f"{in_words(error)} Nothing was changed.", "bad")}
        job, pictures = self._job(place), action.name not in FILES_WRITTEN
        if is_going(job) and not pictures:  # a later tick shows the file
            return {self.said: said} | self.work.shown(job)
        shown = self.show(place, said, pictures=pictures)
        shown.pop(self.files, None)
        return shown

    def _look(self, action: Action, name: str) -> Shown:
        """What a press shows without changing anything; nothing where it does."""
        if action.name == "flagged":
            return {self.watched: self._watches(name, number_of(action.value) or None)}
        if action.name == "code":
            snippets = self._code(self._bench.concept(name).definition.read())
            return {self.dialog: render("results/code.html", snippets=snippets)}
        if action.name == "card":
            return {self.dialog: render("results/card.html", card=self._bench.concept(name).exports.card())}
        return {}

    def _do(self, action: Action, place: Place, given: Mapping[str, str], author: str) -> tuple[Place, str]:
        """Does it: what it changes in the address, and what was done."""
        if press(self._bench, action):
            return {}, ""
        if action.name in MOVES:
            is_open = given.get("ids") == place.get("kept")
            said = render("notice.html", said=move(self._bench, action, dict(given), author))
            return {"kept": ""} if is_open else {}, said
        if action.name == "score-table":
            self._bench.rules.write_table(_suffix(action))
            return {}, ""
        if action.name in collections.ACTIONS:
            return {}, self._album(action, place, given, author)
        if action.name in ("try-rule", "keep-rule"):
            rules, bar = self._bench.rules, bar_of(self._bench, "/results", place)
            if action.name == "try-rule":
                rules.score(*bar.asked[:2])
                return {}, ""
            saved = rules.keep(action.fields.get("name", ""), bar.rule, bar.sure / 100, author=author)
            return {"kept": saved.name, "rule": "", "sure": ""}, say(f"Saved as “{saved.name}”.", "good")
        return {}, self._do_with_concept(action, place.get("concept", ""), author)

    def _album(self, action: Action, place: Place, given: Mapping[str, str], author: str) -> str:
        """Into an album go the selected pictures, or all that count where none is selected."""
        if action.name == "put-chosen" and not action.fields.get("pictures"):
            if _is_rule(place):
                found = self._bench.rules.flagged(*bar_of(self._bench, "/results", place).asked)
            else:
                found = list(self._bench.concept(place.get("concept", "")).keywords.counting())
            action = replace(action, fields=action.fields | {"pictures": " ".join(found)})
        said = collections.do(self._bench, action, dict(given), author)
        return render("notice.html", said=said)

    def _do_with_concept(self, action: Action, name: str, author: str) -> str:
        concept, said = self._bench.concept(name), "results/watch_said.html"
        if action.name == "watch":
            ask, promised = (_share(action.fields.get(field, "")) for field in ("ask", "promised"))
            begun = concept.watches.begin(
                action.fields.get("folder", ""),
                webhook=action.fields.get("webhook", "").strip(),
                ask_flagged=ASK_FLAGGED if ask is None else ask,
                promised=promised,
                author=author,
                confined=True,
            )
            concept.watches.look(begun.watch.id)
            return render(said, said="begun", watch=begun.watch, secret=begun.secret)
        if action.name == "look-now":
            concept.watches.look(number_of(action.value))
            return render(said, said="looking", watch=concept.watches.get(number_of(action.value)), secret="")
        if action.name == "stop-watch":
            stopped = concept.watches.stop(number_of(action.value))
            return render(said, said="stopped", watch=stopped, secret="")
        if action.name == "keywords":
            concept.keywords.write(remove=action.value == "remove", confined=True)
        elif action.name == "copy-files":
            folder = Path(action.fields.get("folder", "").strip())
            concept.keywords.copy(folder, link=bool(action.fields.get("link")), confined=True)
        elif action.name == "score-library":
            concept.scores.score_library(int(action.value))
        elif action.name == "score-files":
            concept.scores.score_files(action.fields.get("folder", ""), int(action.value), _suffix(action))
        return ""


def _share(text: str) -> float | None:
    """What was typed, of 100; None where nothing was. Raises `DiscernError`."""
    if not text.strip():
        return None
    try:
        return float(text) / 100
    except ValueError as error:
        raise DiscernError(f"“{text}” is no number.") from error


def _is_rule(place: Mapping[str, str]) -> bool:
    return bool(place.get("rule") or place.get("kept"))


def _suffix(action: Action) -> Literal["csv", "parquet"]:
    return "parquet" if action.fields.get("suffix") == "parquet" else "csv"


def _is_ranked(job: JobView) -> bool:
    """Whether a training has scored the library, which is before it has tested the version."""
    return job.kind == "train" and (job.done >= RANKED or job.state == "done")


def _goes_along(encoder: str) -> bool:
    """As far as its licence says."""
    return registered_as(encoder) not in {*ELSEWHERE, GIVEN} or licence_of(encoder) in MAY_BE_PASSED_ON
