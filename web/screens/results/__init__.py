"""Results: what a concept or a rule flags, new finds first, and what is done with it.

What is shown is in the address (`?concept=…&order=top`, `?rule=…&sure=50`, `?kept=name`,
`?concept=…&watch=3`), so Back, a reload and a second tab show the same.
"""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode

import gradio as gr

from concepts.errors import DiscernError, NotScoredError
from concepts.installation.activity import JobView
from concepts.installation.jobs import newest_jobs
from concepts.labelling.labels import give_labels
from concepts.learning.report import about_unlabelled
from concepts.library.collections import (
    change_collection,
    collection_names,
    make_collection,
    put_into_collection,
    undo_collection_change,
)
from concepts.library.protection import protection_on_page
from concepts.results.bundles import could_go_along, export_page, version_card
from concepts.results.concept_views import ConceptView
from concepts.results.concepts import concept_state
from concepts.results.keywords import copy_files, pictures_that_count, write_keywords
from concepts.results.rules import (
    flagged_by_rule,
    keep_rule,
    kept_rule,
    pictures_by_rule,
    read_rule,
    try_rule,
    write_table,
    written_tables,
)
from concepts.results.scores import (
    Finds,
    concepts_that_score,
    find_page,
    keep_scored,
    score_folder,
    score_library,
    scored_files,
)
from concepts.results.trained import RANKED, train
from concepts.results.trash import put_into_trash, restore
from concepts.results.verdict import verdict
from concepts.results.watcher import look_at_folder
from concepts.results.watching import (
    ASK_FLAGGED,
    begin_watching,
    list_flagged,
    list_watches,
    stop_watching,
    watch_state,
)
from concepts.use_cases import App
from web.advice import in_words
from web.components.grid import PictureGrid
from web.components.view import DataView
from web.handlers import EACH, PLAIN, author_of, calls, may
from web.jobs import is_going
from web.parts import GO, Notice, Progress, data_view
from web.parts import place as address
from web.rule_rows import RuleBar, bar_of
from web.screens.results.place import NEW, Place
from web.screens.results.shown import (
    blocks_of,
    code_of,
    goes_along,
    groups_of,
    saved_rules,
    watches_of,
    written_files,
)
from web.words import ago, count, percent

HERE = Path(__file__).parent
OF_ALL = ("score table", "try rule")  # work that is of no concept
OUT = ("write keywords", "copy files")  # to where pictures are
AWAY = "away"  # in the address: the rule that was put away where it was shown
SCORES = ("score library", "train", "try rule")  # work that brings pictures into another order
JOBS = (*OUT, "score files", "score library", "evaluate", "train", "look at folder", *OF_ALL)
ORDERS = ((NEW, "New finds"), ("top", "Surest"), ("borderline", "Borderline"), ("bottom", "Least likely"))
FORMATS = [
    ("Table (CSV)", "csv"),
    ("JSONL", "jsonl"),
    ("FiftyOne dataset", "fiftyone"),
    ("Label Studio tasks", "label-studio"),
    ("COCO-style JSON", "coco"),
    ("Hugging Face (Parquet)", "hugging-face"),
    ("Folders with the pictures", "image-folder"),
]
WHAT = [
    ("Labelled", "answers"),
    ("All, with labels and scores", "both"),
    ("All, with scores only", "scores"),
]
TABLES = [("This concept", "concept"), ("All concepts", "all")]
SUFFIXES = [("CSV", "csv"), ("Parquet", "parquet")]


def build(app: App, opened: Any) -> None:
    Results(app, opened)


class JobsHere(Progress):
    """Work of the concept, or of none in particular."""

    def newest(self, request: gr.Request | None = None) -> JobView | None:
        concept = Place.of(self._app, request.query_params).concept if request else ""
        jobs = newest_jobs(self._app, self._kinds, concept or None)
        return next((job for job in jobs if concept or job.kind in OF_ALL), None)


class Results:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "results-head")
        notice = Notice("results-said")
        self.said = notice.view
        self.progress = JobsHere(app, "results-progress", JOBS)
        self.rules = data_view(HERE / "rules.html", "results-rule-bar")
        with gr.Column(elem_id="results-rules", elem_classes="opens panel"):
            with gr.Row(elem_classes="use"):
                self.rule = gr.Textbox(
                    label="Rule, with AND, OR, NOT and brackets",
                    scale=4,
                    value="",
                    placeholder="messy room AND NOT (people OR pets)",
                    max_length=2000,
                )
                self.sure = gr.Number(label="Flag from (%)", value=50, minimum=0, maximum=100, min_width=100)
                self.apply = gr.Button("Apply", size="md", scale=0)
            with gr.Row(elem_classes="use", visible=False) as self.saving:
                self.rule_name = gr.Textbox(
                    label="Save with today’s versions as", value="", max_length=120, scale=3
                )
                self.save = gr.Button("Save rule", size="md", scale=0)
            self.rule_refused = Notice("results-rule-refused").view
            self.saved = data_view(HERE / "saved.html", "results-saved-rules")
        with gr.Column(elem_id="results-watch", elem_classes="opens panel"):
            self.watched = data_view(HERE / "watched.html", "results-watched")
            with gr.Column(visible=False) as self.new_watch:
                with gr.Row(elem_classes="use"):
                    self.watch_folder = gr.Textbox(
                        label="Folder on this computer", value="", placeholder="/home/ana/Incoming", scale=3
                    )
                    self.watch = gr.Button("Watch", size="md", scale=0)
                with gr.Accordion("Options", open=False), gr.Row(elem_classes="use"):
                    self.webhook = gr.Textbox(
                        label="Webhook for flagged pictures",
                        value="",
                        placeholder="https://example.com/hook",
                        scale=2,
                    )
                    self.ask = gr.Number(
                        label="Share of finds to check (%)",
                        value=100 * ASK_FLAGGED,
                        minimum=0,
                        maximum=100,
                    )
                    self.promised = gr.Textbox(
                        label="Warn below (% right)", value="", placeholder="As tested"
                    )
            self.watch_said = Notice("results-watch-said").view
        with gr.Column(elem_id="results-export", elem_classes="results-popover"):
            self.counts = data_view(HERE / "counts.html", "results-counts")
            with gr.Row(elem_classes="use", visible=False) as self.copying:
                self.folder = gr.Textbox(
                    label="Copy files to", value="", placeholder="/home/ana/Found", scale=3
                )
                self.links = gr.Checkbox(label="Links", value=False, min_width=90)
                self.copy = gr.Button("Copy files", size="md", scale=0)
            with gr.Row(elem_classes="use", visible=False) as self.keywords:
                self.keywords_said = gr.Textbox(
                    label="Keywords, in XMP files beside the pictures",
                    value="",
                    interactive=False,
                    placeholder="For digiKam, Lightroom, darktable and Immich",
                    scale=3,
                )
                self.take_back = gr.Button(
                    "Take back", visible=False, size="md", scale=0, elem_classes="take-back"
                )
                self.write = gr.Button("Write keywords", size="md", scale=0)
            with gr.Row(elem_classes="use", visible=False) as self.into_album:
                self.album = gr.Dropdown(
                    [], label="Album, or the name of a new one", allow_custom_value=True, scale=3
                )
                self.put = gr.Button("Add to album", size="md", scale=0)
            with gr.Row(elem_classes="use", visible=False) as self.tables:
                self.table_of = gr.Dropdown(TABLES, value="concept", label="Scores of", min_width=130)
                self.table_folder = gr.Textbox(
                    label="Folder", value="", placeholder="Your library", min_width=110, visible=False
                )
                self.suffix = gr.Dropdown(SUFFIXES, value="csv", label="File", min_width=90)
                self.table = gr.Button("Write table", size="md", scale=0)
            self.files = data_view(HERE / "written.html", "results-files")
            self.export_said = Notice("results-export-said").view
            with gr.Accordion("Labels for other tools", open=False, visible=False) as self.labels:
                with gr.Row(elem_classes="use"):
                    self.format = gr.Dropdown(FORMATS, value="csv", label="Format")
                    self.what = gr.Dropdown(WHAT, value="answers", label="Pictures")
                self.label_files = data_view(HERE / "labels.html", "results-labels")
        with gr.Column(elem_id="results-take", elem_classes="results-popover"):
            self.take = data_view(HERE / "take.html", "results-bundle")
        self.dialog = DataView(
            HERE / "dialog.html", script="/web/screens/results/dialog.js", elem_id="results-dialog"
        )
        self.order = data_view(HERE / "order.html", "results-order")
        self.grid = PictureGrid(
            script="/web/screens/results/results.js",
            style="/web/components/grid/grid.css",
            thumbnails="/media/thumbnail/",
            label="Pictures as they are scored",
            elem_id="results-grid",
        )
        gone = gr.Textbox(visible=False)
        shown = [
            self.head,
            self.said,
            self.rules,
            self.rule,
            self.sure,
            self.saving,
            self.saved,
            self.order,
            gone,
            self.grid,
            *self.progress.parts,
        ]
        export = [
            self.counts,
            self.copying,
            self.keywords,
            self.keywords_said,
            self.take_back,
            self.into_album,
            self.album,
            self.tables,
            self.table_folder,
            self.files,
            self.labels,
            self.label_files,
        ]
        began = [self.export_said, *self.progress.parts]
        watch = [self.watched, self.new_watch]

        opened(self.open, None, shown, **PLAIN)
        self.progress.look_again(self.tick, [*shown, *export, *watch])
        self.progress.when_pressed(self.open, shown)
        gone.change(None, gone, js=GO())

        self.head.exports(self.fill_export, None, export, **PLAIN)
        self.copy.click(self.copy_flagged, [self.folder, self.links], began, **PLAIN)
        self.write.click(self.keep_keywords, None, began, **PLAIN)
        self.take_back.click(self.remove_keywords, None, began, **PLAIN)
        self.put.click(self.put_into_album, self.album, [self.export_said, self.album], **PLAIN)
        self.export_said.undo(self.undo_album, None, self.export_said, **PLAIN)
        table = [self.table_of, self.table_folder, self.suffix]
        self.table.click(self.write_table, table, began, **PLAIN)
        gr.on(
            [self.format.input, self.what.input],
            self.show_label_files,
            [self.format, self.what],
            self.label_files,
            **PLAIN,
        )

        self.head.takes(self.fill_take, None, self.take, **PLAIN)
        self.take.card(self.show_card, None, self.dialog, **PLAIN)
        self.take.code(self.show_code, None, self.dialog, **PLAIN)

        self.head.watches(self.fill_watches, None, watch, **PLAIN)
        fields = [self.watch_folder, self.webhook, self.ask, self.promised]
        self.watch.click(self.begin_watch, fields, [self.watch_said, *watch, *self.progress.parts], **PLAIN)
        self.watched.look(self.look_now, None, [self.watch_said, *self.progress.parts], **EACH)
        self.watched.end(self.stop_watch, None, [self.watch_said, *watch], **EACH)

        rule = [self.rule, self.sure]
        gr.on([self.apply.click, self.rule.submit], self.apply_rule, rule, [self.rule_refused, gone], **PLAIN)
        gr.on(
            [self.save.click, self.rule_name.submit],
            self.save_rule,
            self.rule_name,
            [self.rule_refused, gone],
            **PLAIN,
        )
        self.saved.trash(self.put_rule_away, None, [*shown], **EACH)
        self.said.undo(self.restore_rule, None, [*shown], **PLAIN)
        self.order.score(self.score_library, None, [self.said, *self.progress.parts], **PLAIN)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        place = self._place(request)
        with suppress(DiscernError):  # which the rest says
            if place.concept and not place.is_rule:
                keep_scored(self._app.concept(place.concept))
        away = request.query_params.get(AWAY)
        return self.shown(request, Notice.good("The rule is in the trash.", away) if away else None)

    def shown(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        place, job = self._place(request), self.progress.newest(request)
        try:
            head, order, grid = self._of(place, request)
            bar = bar_of(self._app, "/results", place.values)
        except DiscernError as error:
            head, order, grid = {"title": place.concept or "Results", "chips": []}, None, None
            bar, said = None, Notice.bad(in_words(error))
        is_saved = bool(bar and place.is_rule and not bar.problem and may(request, keep_rule))
        return [
            head,
            said,
            self._bar(bar),
            bar.rule if bar else "",
            self._sure(place, bar),
            gr.Row(visible=is_saved),
            saved_rules(bar, may(request, put_into_trash)) if bar else None,
            order,
            "",
            (grid or {"pictures": []})
            | {"ranked": job.id if job and _is_ranked(job) else 0, "asked": time.time()},
            *self.progress.shown(request),
        ]

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        """Only the progress while something runs; but the new order of the library as soon as it is there,
        and what was written once it is. What somebody types, and pictures in the same order, stay."""
        job, skip = self.progress.newest(request), gr.skip()
        if job is not None and is_going(job) and not _is_ranked(job):
            return [*[skip] * 10, *self.progress.shown(request), *[skip] * 14]
        shown = self.shown(request)
        shown[1] = shown[3] = shown[4] = shown[8] = skip
        if job is None or job.kind not in SCORES:
            shown[7] = shown[9] = skip
        else:
            shown[9].pop("asked")
        watches = self._watches(request) if job and job.kind == "look at folder" else [skip, skip]
        return [*shown, *self._export(request), *watches]

    def _of(self, place: Place, request: gr.Request) -> tuple[Any, Any, Any]:
        """The head, what is said of the pictures, and those."""
        app = self._app
        could = concepts_that_score(app)
        if place.is_rule:
            return self._of_rule(place, request)
        if not place.concept:
            nothing = {"title": "Choose a concept", "text": "A concept with a version has results."}
            return {"title": "Results", "chips": [], "exports": bool(could), "nothing": nothing}, None, None
        concept = app.concept(place.concept)
        view = concept_state(concept)
        head: dict[str, Any] = {"title": view.name, "chips": [], "exports": True}
        if not view.heads:
            trains = may(request, train)
            head["nothing"] = {
                "title": "No results yet",
                "text": "Train a version to see what it finds in your library.",
                "address": address("/check", view.name) if trains else "",
                "next": "Train the first version",
            }
            return head, None, None
        newest = view.heads[-1]
        head |= {
            "chips": [f"version {newest.number}", verdict(newest.report).short],
            "takes": True,
            "watches": not app.settings.demo,
        }
        if place.watch:
            return head, *self._of_watch(view, place, request)
        return head, *self._of_concept(view, place, request)

    def _of_concept(self, view: ConceptView, place: Place, request: gr.Request) -> tuple[Any, Any]:
        """New finds, or what is asked for; of a version without any the surest."""
        concept, newest = self._app.concept(view.name), view.heads[-1]
        finds = find_page(concept, 0)
        if finds is None:
            job = self.progress.newest(request)
            going = job is not None and is_going(job) and job.kind in SCORES
            text = (
                "The pictures appear here by themselves."
                if going
                else "Your library is large, so scoring runs in the background."
            )
            nothing = {
                "title": "Scoring the library" if going else "Not scored yet",
                "text": text,
                "scores": not going and may(request, score_library),
            }
            return {"nothing": nothing}, None
        page, order = finds.page, place.order or (NEW if finds.count else "top")
        address_of = f"/api/v1/concepts/{_quoted(view.name)}"
        source = (
            f"{address_of}/finds?limit=60"
            if order == NEW
            else f"{address_of}/versions/{newest.number}/scores?order={order}&limit=60"
        )
        orders = [*ORDERS, *([("unfamiliar", "Unfamiliar")] if page.unfamiliar is not None else [])]
        return {
            "flagged": f"{page.flagged:,}",
            "of": f"of {page.total:,} flagged",
            "new": [{"number": str(finds.count), "words": f"{finds.count:,}"}],
            "hidden": _hidden(page.total - page.listed),
            "orders": _tabs(place, orders, order),
            "map": address("/library", view.name, view="map", by="score"),
            "note": self._note(order, finds, newest.report),
            "selects": page.flagged and order in (NEW, "top") and may(request, give_labels),
            "nothing": {
                "title": "No new finds",
                "text": "Everything it flags has a label or is your example.",
            }
            if order == NEW and not finds.count
            else None,
        }, self._grid(request, view.name, source, page.threshold, order)

    def _note(self, order: str, finds: Finds, report: Any) -> str:
        page = finds.page
        if order == NEW and report:
            return about_unlabelled(report.unlabelled, finds.count)
        if order == "borderline":
            return f"Nearest to {percent(page.threshold)} first."
        if order == "unfamiliar":
            return (
                f"{count(page.unfamiliar or 0, 'picture')} look like nothing you labelled, so their scores "
                "mean little. Label some of them here."
            )
        return ""

    def _of_watch(self, view: ConceptView, place: Place, request: gr.Request) -> tuple[Any, Any]:
        concept = self._app.concept(view.name)
        watch, page = watch_state(concept, place.watch), list_flagged(concept, place.watch, 60)
        source = f"/api/v1/concepts/{_quoted(view.name)}/watches/{watch.id}/flagged?limit=60"
        held = f"· {count(page.held, 'new picture')} hidden until labelled" if page.held else ""
        return {
            "flagged": f"{watch.flagged:,}",
            "of": f"of {count(watch.seen, 'picture')} flagged in {watch.folder}",
            "hidden": held,
            "orders": [{"words": "All results", "address": place.to(watch="")}],
            "nothing": None
            if page.flagged or page.held
            else {"title": "Nothing flagged", "text": "New pictures are scored as they come."},
        }, self._grid(request, view.name, source, 0, "watch")

    def _of_rule(self, place: Place, request: gr.Request) -> tuple[Any, Any, Any]:
        app, bar = self._app, bar_of(self._app, "/results", place.values)
        saved = kept_rule(app, place.kept) if place.kept else None
        head = {"title": saved.name if saved else "Rule", "chips": [], "exports": True, "takes": True}
        if bar.problem:
            return head | {"takes": False}, None, None
        text, kept, line = bar.asked
        try:
            page = pictures_by_rule(app, text, kept, line, place.rule_order, 1)
        except NotScoredError:
            nothing = {
                "title": "Not scored yet",
                "text": "Your library is large, so scoring runs in the background.",
                "scores": may(request, try_rule),
            }
            return head, {"nothing": nothing}, None
        asked = {"rule": text, "kept": kept, "order": place.rule_order, "limit": "60"}
        asked |= {"threshold": f"{page.threshold:g}"}
        source = address("/api/v1/combine", **{name: value for name, value in asked.items() if value})
        members = ", ".join(f"{one.concept} (version {one.version})" for one in page.members)
        members_of = [*(("of", one.concept) for one in page.members), ("order", "mixed")]
        beside = len(page.members) <= 6 and may(request, give_labels)
        order = {
            "flagged": f"{page.flagged:,}",
            "of": f"of {page.total:,} flagged · {page.nearly:,} nearly flagged",
            "hidden": _hidden(page.total - page.listed) if page.order == "top" else "",
            "orders": _tabs(place, [("top", "Surest"), ("nearly", "Nearly flagged")], page.order),
            "note": f"Scores of {members} are multiplied; flagged from {percent(page.threshold)}.",
            "selects": page.flagged and may(request, give_labels),
            "beside": f"/library/side-by-side?{urlencode(members_of)}" if beside else "",
            "nothing": None if page.pictures else {"title": "No pictures", "text": "None is that close."},
        }
        # Pictures of several concepts are protected as the strictest of them asks for.
        grid = self._grid(request, "", source, page.threshold, page.order)
        return head, order, grid | {"rule": True}

    def _grid(
        self, request: gr.Request, concept: str, source: str, threshold: float, order: str
    ) -> dict[str, Any]:
        shown = protection_on_page(self._app, author_of(request), concept or None).query
        return {
            "source": source,
            "pages": "offset",
            "shown": shown,
            "threshold": threshold,
            "line": percent(threshold),
            "order": order,
        }

    def _bar(self, bar: RuleBar | None) -> dict[str, Any] | None:
        if bar is None or not bar.could:
            return None
        menus, names = [("and", "Choose a concept")], bar.could
        if bar.rule:
            menus = [("and", "and"), ("not", "and not"), ("or", "or")]
            names = [] if bar.problem else bar.others
        return {
            "groups": groups_of(bar),
            "text": bar.rule if bar.rule and not bar.rows else "",
            "adders": [
                {
                    "words": words,
                    "menu": f"results-add-{how}",
                    "names": [{"name": name, "address": bar.longer(name, how)} for name in names],
                }
                for how, words in menus
                if names
            ],
            "open": True,
            "problem": bar.problem,
        }

    def _sure(self, place: Place, bar: RuleBar | None) -> float:
        """Percent: that of the concept, where it is shown; that of the saved rule; else what was chosen."""
        with suppress(DiscernError):
            if place.kept:
                return round(100 * kept_rule(self._app, place.kept).threshold, 1)
            if place.concept and not place.is_rule:
                heads = concept_state(self._app.concept(place.concept)).heads
                return round(100 * heads[-1].threshold, 1) if heads else 50
        return bar.sure if bar else 50

    # Rules

    @calls()
    def apply_rule(self, rule: str, sure: float | None, request: gr.Request) -> tuple[Any, str]:
        place = self._place(request)
        bar = bar_of(self._app, "/results", place.values)
        chosen = "" if sure is None or sure == self._sure(place, bar) else f"{sure:.0f}"
        if not rule.strip():
            return Notice.bad("Write a rule first."), ""
        try:
            read_rule(self._app, rule)
        except DiscernError as error:
            return Notice.bad(in_words(error)), ""
        kept = {"sure": place.values["sure"]} if not chosen and place.values.get("sure") else {}
        concept = {"concept": place.concept} if place.concept else {}
        chosen_too = {"sure": chosen} if chosen else kept
        return None, address("/results", **concept | {"rule": rule.strip()} | chosen_too)

    @calls(keep_rule)
    def save_rule(self, name: str, request: gr.Request) -> tuple[Any, str]:
        bar = bar_of(self._app, "/results", self._place(request).values)
        try:
            line = bar.sure / 100
            if kept := bar.asked[1]:
                line = kept_rule(self._app, kept).threshold
            saved = keep_rule(self._app, name, bar.rule, line, author=author_of(request))
        except DiscernError as error:
            return Notice.bad(f"{in_words(error)} Nothing was saved."), ""
        return Notice.good(f"Saved as “{saved.name}”."), bar.to_saved(saved.name)

    @calls(put_into_trash)
    def put_rule_away(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        name = str(chosen.value)
        moved = put_into_trash(self._app, rule=name, author=author_of(request))
        shown = self.shown(request, Notice.good(f"“{name}” is in the trash.", moved.ids[0]))
        place = self._place(request)
        if place.kept == name:  # so it is shown no more, and said where one is then
            shown[8] = address("/results", place.concept, **{AWAY: moved.ids[0]})
        return shown

    @calls(restore)
    def restore_rule(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        moved = restore(self._app, rule=str(chosen.value), author=author_of(request))
        return self.shown(request, Notice.good(f"“{moved.names[0]}” is restored."))

    @calls(score_library, try_rule)
    def score_library(self, request: gr.Request) -> list[Any]:
        place = self._place(request)
        try:
            if place.is_rule:
                self._app.begin(try_rule, *bar_of(self._app, "/results", place.values).asked[:2])
            else:
                self._app.concept(place.concept).begin(score_library)
        except DiscernError as error:
            return [Notice.bad(in_words(error)), *self.progress.shown(request)]
        return [None, *self.progress.shown(request)]

    # Export

    @calls()
    def fill_export(self, request: gr.Request) -> list[Any]:
        return self._export(request)

    def _export(self, request: gr.Request) -> list[Any]:
        place, app = self._place(request), self._app
        of_concept = bool(place.concept) and not place.is_rule
        jobs: dict[str, JobView] = {}
        files: list[Any] = written_tables(app)
        scored = False
        if of_concept:
            concept = app.concept(place.concept)
            scored = bool(concept_state(concept).heads)
            found = newest_jobs(app, OUT, place.concept)
            jobs = {job.kind: job for job in found if job.state == "done"}
            files = [*scored_files(concept), *files]
        keywords, copied = (jobs.get(kind) for kind in OUT)
        has_tables = bool(concepts_that_score(app))
        return [
            self._counted(place, copied),
            gr.Row(visible=scored and may(request, copy_files)),
            gr.Row(visible=scored and may(request, write_keywords)),
            _outcome(keywords),
            gr.Button(visible=keywords is not None),
            gr.Row(visible=(scored or place.is_rule) and may(request, change_collection)),
            gr.Dropdown(choices=[(name, str(i)) for i, name in collection_names(app).items()]),
            gr.Row(visible=has_tables and may(request, score_folder)),
            gr.Textbox(visible=not app.settings.demo),
            written_files(sorted(files, key=lambda one: one.finished, reverse=True)[:5]),
            gr.Accordion(visible=of_concept),
            self._labels(place, "csv", "answers", request),
        ]

    def _counted(self, place: Place, copied: JobView | None) -> dict[str, str] | None:
        try:
            number = len(self._flagged(place))
        except DiscernError:
            return None
        if place.is_rule:
            about = "flagged, without unlabelled test pictures"
        else:
            about = "flagged or labelled yes, without what you labelled no and unlabelled test pictures"
        said = ""
        if copied and copied.result:
            result, when = copied.result, ago(copied.finished or copied.created)
            said = f"{count(result['copied'], 'file')} in {result['folder']}, {when}"
        return {"number": count(number, "picture"), "about": about, "copied": said}

    def _flagged(self, place: Place) -> list[str]:
        if place.is_rule:
            return flagged_by_rule(self._app, *bar_of(self._app, "/results", place.values).asked)
        return list(pictures_that_count(self._app.concept(place.concept)))

    @calls(copy_files)
    def copy_flagged(self, folder: str, links: bool, request: gr.Request) -> list[Any]:
        if not folder.strip():
            return self._refused("Say where the files go, such as /home/ana/Found.", request)
        return self._begun(
            request,
            lambda concept: concept.begin(copy_files, Path(folder.strip()), link=links, confined=True),
        )

    @calls(write_keywords)
    def keep_keywords(self, request: gr.Request) -> list[Any]:
        return self._begun(request, lambda concept: concept.begin(write_keywords, confined=True))

    @calls(write_keywords)
    def remove_keywords(self, request: gr.Request) -> list[Any]:
        return self._begun(request, lambda concept: concept.begin(write_keywords, remove=True, confined=True))

    @calls(score_folder, write_table)
    def write_table(self, of: str, folder: str, suffix: str, request: gr.Request) -> list[Any]:
        kind: Literal["csv", "parquet"] = "parquet" if suffix == "parquet" else "csv"
        place = self._place(request)
        if of == "all" or place.is_rule or not place.concept:
            return self._begun(request, lambda _: write_table(self._app, kind), concept=False)
        return self._begun(request, lambda concept: score_folder(concept, folder.strip(), format=kind))

    def _begun(self, request: gr.Request, begin: Any, *, concept: bool = True) -> list[Any]:
        try:
            begin(self._app.concept(self._place(request).concept) if concept else None)
        except DiscernError as error:
            return self._refused(in_words(error), request)
        return [None, *self.progress.shown(request)]

    def _refused(self, why: str, request: gr.Request) -> list[Any]:
        return [Notice.bad(f"{why} Nothing was changed."), *self.progress.shown(request)]

    @calls(make_collection, change_collection)
    def put_into_album(self, album: str | None, request: gr.Request) -> tuple[Any, Any]:
        author, app = author_of(request), self._app
        named, known = (album or "").strip(), collection_names(app)
        skip = gr.skip()
        if not named:
            return Notice.bad("Choose an album, or write the name of a new one. Nothing was changed."), skip
        try:
            chosen = self._flagged(self._place(request))
            number = int(named) if named.isdecimal() and int(named) in known else 0
            number = number or next((i for i, name in known.items() if name == named), 0)
            if not number:
                made = make_collection(app, named, chosen, author=author)
                said = f"“{made.name}” created: {count(made.pictures, 'picture')}."
                names = [(name, str(i)) for i, name in collection_names(app).items()]
                return Notice.good(said, f"{made.id}:"), gr.Dropdown(choices=names, value=str(made.id))
            change = put_into_collection(app, number, chosen, author=author)
        except DiscernError as error:
            return Notice.bad(f"{in_words(error)} Nothing was changed."), skip
        if change is None:
            return Notice.good(f"All of them are in “{known[number]}” already."), skip
        already = len(chosen) - change.pictures
        there = f", {already:,} {'was' if already == 1 else 'were'} already in it" if already else ""
        said = f"{count(change.pictures, 'picture')} added to “{known[number]}”{there}."
        return Notice.good(said, f"{number}:{change.number}"), skip

    @calls(change_collection, put_into_trash)
    def undo_album(self, chosen: gr.EventData, request: gr.Request) -> Any:
        album, _, change = str(chosen.value).partition(":")
        if not album.isdecimal():
            return None
        if not change.isdecimal():
            put_into_trash(self._app, collection=f"id:{album}", author=author_of(request))
            return Notice.good("Undone. The album is in the trash.")
        undone = undo_collection_change(self._app, int(album), int(change), author=author_of(request))
        return Notice.good("Undone." if undone else "There was nothing left to undo.")

    @calls()
    def show_label_files(self, format: str, what: str, request: gr.Request) -> Any:
        return self._labels(self._place(request), format, what, request)

    def _labels(self, place: Place, format: str, what: str, request: gr.Request) -> dict[str, Any]:
        path = f"/api/v1/concepts/{_quoted(place.concept)}/labels/export"
        out = address(path, format=format, what=what)
        return {"address": out, "imports": may(request, give_labels)}

    # The classifier

    @calls()
    def fill_take(self, request: gr.Request) -> dict[str, Any]:
        place, app = self._place(request), self._app
        if place.is_rule:
            if not place.kept:
                return {"unsaved": "Save the rule to download it."}
            return {
                "about": "The rule and its versions in one file, which runs anywhere.",
                "version": "Download",
                "address": address("/app/rule.zip", name=place.kept),
                "page": True,
            }
        view = concept_state(app.concept(place.concept))
        number, along = view.heads[-1].number, goes_along(app)
        pages = may(request, export_page)
        page = address("/app/version.html", view.name, version=number)
        return {
            "about": "One zip: the classifier, a program that runs it, figures and a card. None of your "
            "pictures.",
            "version": f"Download version {number}",
            "address": address(f"/app/bundles/{number}.zip", view.name),
            "code": True,
            "page": along,
            "others": could_go_along(app.concept(view.name)),
            "story": page if pages else "",
            "whole": f"{page}&classifier=true" if pages and along else "",
        }

    @calls()
    def show_card(self, request: gr.Request) -> dict[str, Any]:
        card = version_card(self._app.concept(self._place(request).concept))
        return {"title": "Model card", "card": blocks_of(card), "asked": time.time()}

    @calls()
    def show_code(self, request: gr.Request) -> dict[str, Any]:
        view = concept_state(self._app.concept(self._place(request).concept))
        return {"title": "Code", "snippets": code_of(self._app, view), "asked": time.time()}

    # Watched folders

    @calls()
    def fill_watches(self, request: gr.Request) -> list[Any]:
        return self._watches(request)

    def _watches(self, request: gr.Request) -> list[Any]:
        place = self._place(request)
        watches = list_watches(self._app.concept(place.concept))
        labels, stops = may(request, give_labels), may(request, stop_watching)
        return [watches_of(watches, place, labels=labels, stops=stops), gr.Column(visible=stops)]

    @calls(begin_watching, look_at_folder)
    def begin_watch(
        self, folder: str, webhook: str, ask: float | None, promised: str, request: gr.Request
    ) -> list[Any]:
        try:
            concept = self._app.concept(self._place(request).concept)
            begun = begin_watching(
                concept,
                folder,
                webhook=webhook.strip(),
                ask_flagged=ASK_FLAGGED if ask is None else ask / 100,
                promised=_share(promised),
                author=author_of(request),
                confined=True,
            )
            concept.begin(look_at_folder, begun.watch.id)
        except DiscernError as error:
            said = Notice.bad(f"{in_words(error)} Nothing was changed.")
            return [said, gr.skip(), gr.skip(), *self.progress.shown(request)]
        secret = (
            f" This secret signs its messages, and is shown only now: {begun.secret}" if begun.secret else ""
        )
        said = Notice.good(f"Watching {begun.watch.folder}.{secret}")
        return [said, *self._watches(request), *self.progress.shown(request)]

    @calls(look_at_folder)
    def look_now(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        concept = self._app.concept(self._place(request).concept)
        concept.begin(look_at_folder, int(chosen.value))
        said = Notice.good(f"Scanning {watch_state(concept, int(chosen.value)).folder}.")
        return [said, *self.progress.shown(request)]

    @calls(stop_watching)
    def stop_watch(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        watch = stop_watching(self._app.concept(self._place(request).concept), int(chosen.value))
        said = f"{watch.folder} is no longer watched. Its pictures stay, and what was flagged is still sent."
        return [Notice.good(said), *self._watches(request)]

    def _place(self, request: gr.Request) -> Place:
        return Place.of(self._app, request.query_params)


def _is_ranked(job: JobView) -> bool:
    """Whether a training has scored the library, which is before it has tested the version."""
    return job.kind == "train" and (job.done >= RANKED or job.state == "done")


def _hidden(number: int) -> str:
    return f"· {number:,} kept back" if number else ""


def _tabs(place: Place, orders: Any, now: str) -> list[dict[str, str]]:
    return [
        {"words": words, "address": place.to(order=key), "current": "true" if key == now else ""}
        for key, words in orders
    ]


def _outcome(job: JobView | None) -> str:
    """What became of the last writing of keywords."""
    if job is None or not job.result:
        return ""
    result, finished = job.result, job.finished or job.created
    said = [f"{count(result['written'], 'file')} written"]
    said += [f"{result[name]:,} {words}" for name, words in OUTCOME if result.get(name)]
    said += [f"{number:,} left out: {why}" for why, number in result.get("left_out", {}).items()]
    return f"{', '.join(said)}, {ago(finished)}"


OUTCOME = (("removed", "removed"), ("unchanged", "as before"))


def _share(text: str) -> float | None:
    """What was typed, of 100; None where nothing was. Raises `DiscernError`."""
    if not text.strip():
        return None
    try:
        return float(text) / 100
    except ValueError as error:
        raise DiscernError(f"“{text}” is no number.") from error


def _quoted(name: str) -> str:
    return quote(name, safe="")
