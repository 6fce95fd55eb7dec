"""Combine: finished concepts put together by and, or, not, tried on the library at once, kept, taken along.

What is shown is in the address (`?rule=…&sure=50&order=nearly&start=24`, or `?kept=name`), and every button
carries the whole of it, so a reload or a second tab shows the same.
"""

from __future__ import annotations

from typing import cast, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import Request

from concepts.bundle.rule_text import quoted
from concepts.classifier.rule_scores import RuleOrder
from concepts.errors import DiscernError, NotScoredError
from concepts.workbench import Workbench
from web.advice import in_words
from web.http.guard import author_of
from web.jobs import is_going
from web.page import Action, Shown, WebPage, concept_of
from web.render import Notice, render, url
from web.rule_rows import longer, rows_of
from web.screens.trash import move
from web.work import Work, press

JOBS = ("score table", "try rule")
PAGE = 24
MOST_KEPT = 50
SURE = 50  # percent, where nobody chose
PARTS = ("concept", "rule", "kept", "sure", "order", "start")

Place = dict[str, str]


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.on_open(lambda request: screen.show(dict(request.query_params)))
    page.on_action(
        screen.act, screen.top, screen.work.area, screen.rule, screen.found, screen.kept, screen.table
    )
    screen.work.on_tick(screen.tick, of_concept=False)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("combine-head")
        self.rule = page.area("combine-rule")
        self.work = Work(workbench, page, "combine-progress", JOBS)
        self.found = page.area("combine-found")
        self.kept = page.area("combine-kept")
        self.table = page.area("combine-table")

    # What is shown

    def show(self, asked: Place, said: Notice | None = None) -> Shown:
        place = {name: asked[name] for name in PARTS if asked.get(name)}
        job = self.work.newest()
        could = self._bench.scoring.concepts()
        if not (place.get("rule") or place.get("kept")) and place.get("concept") in could:
            place["rule"] = quoted(place["concept"])
        builder, found = self._built(place, could)
        return {
            self.top: render("combine/head.html", address=url("/results/rule", **place), said=said),
            self.rule: builder,
            self.found: found,
            self.kept: self._list(),
            self.table: self._table(could),
        } | self.work.shown(job if is_going(job) else None)

    def _built(self, place: Place, could: list[str]) -> tuple[str, str]:
        """The rows of buttons, and what the rule makes of the library."""
        names: list[str] = []
        rows, problem, found = None, "", ""
        try:
            if kept := place.get("kept"):
                place["rule"] = self._bench.rules.one(kept).rule
            if place.get("rule"):
                expression, names = self._bench.rules.read(place["rule"])
                rows = rows_of(expression, names)
                found = self._found(place)
        except DiscernError as error:
            problem = in_words(error)
        html = render(
            "combine/rule.html",
            place=place,
            names=names,
            could=could,
            rows=rows,
            problem=problem,
            sure=self._sure(place),
            to=_to,
        )
        return html, found

    def _found(self, place: Place) -> str:
        order = place.get("order", "top")
        kept = place.get("kept", "")
        try:
            page = self._bench.rules.tried(
                place["rule"],
                kept,
                None if kept else self._sure(place) / 100,
                cast(RuleOrder, order if order in get_args(RuleOrder) else "top"),
                PAGE,
                int(place["start"]) if place.get("start", "").isdecimal() else 0,
            )
        except NotScoredError:
            page = None
        return render("combine/found.html", page=page, place=place, size=PAGE, to=_to)

    def _list(self) -> str:
        return render("combine/kept.html", kept=self._bench.rules.kept(limit=MOST_KEPT))

    def _table(self, could: list[str]) -> str:
        if not could:
            return ""
        rules = self._bench.rules
        return render("combine/table.html", columns=rules.columns(), written=rules.written())

    def _sure(self, place: Place) -> int:
        sure = place.get("sure", "")
        return min(max(int(sure), 1), 99) if sure.isdecimal() and len(sure) < 4 else SURE

    def tick(self, request: Request) -> Shown:
        job = self.work.newest()
        return self.work.shown(job) if is_going(job) else self.show(dict(request.query_params))

    # What is done

    def act(self, action: Action, request: Request) -> Shown:
        here = {"concept": now} if (now := concept_of(request)) else {}  # of the sidebar: it stays
        asked = dict(parse_qsl(action.value))
        place = here | asked
        try:
            if action.name == "open-rule":
                return self.show(here | {"kept": action.value})
            if action.name == "rule":
                return self.show(place)
            if action.name == "write-rule":
                return self.show(self._written(place, action.fields))
            return self._do(action, place, here, author_of(request))
        except DiscernError as error:
            return self.show(place if asked else dict(request.query_params), Notice(in_words(error), "bad"))

    def _written(self, place: Place, fields: dict[str, str]) -> Place:
        """What a form of the rule asks for: one more concept, another text, or how sure it has to be."""
        changed = {name: value for name, value in place.items() if name not in ("kept", "start")}
        if "add" in fields:
            changed["rule"] = longer(place.get("rule", ""), fields["add"], fields.get("how", "and"))
        if "rule" in fields:
            changed["rule"] = " ".join(fields["rule"].split())
        if "sure" in fields:
            changed["sure"] = fields["sure"]
        return changed

    def _do(self, action: Action, place: Place, here: Place, author: str) -> Shown:
        rules = self._bench.rules
        if action.name == "try-rule":
            rules.score(place.get("rule", ""), place.get("kept", ""))
            return self.show(place)
        if action.name == "keep-rule":
            name = action.fields.get("name", "")
            kept = rules.keep(name, place.get("rule", ""), self._sure(place) / 100, author=author)
            again = f", number {kept.number}; the one before is kept too" if kept.number > 1 else ""
            return self.show(here | {"kept": kept.name}, Notice(f"Kept as “{kept.name}”{again}.", "good"))
        if action.name in ("trash-rule", "restore-rule"):
            return self.show(here, move(self._bench, action, place, author))
        if action.name == "score-table":
            rules.write_table("parquet" if action.fields.get("suffix") == "parquet" else "csv")
            return self.show(place)
        press(self._bench, action)
        return self.show(place)


def _to(place: Place, **changed: object) -> str:
    """What a button carries: the place with something else in it. Another rule is no longer the kept one, and
    begins with its first pictures."""
    kept = {} if "rule" in changed else {"kept": place.get("kept", "")}
    start = {"start": ""} if changed.keys() & {"rule", "order"} else {}
    values = place | kept | start | {name: str(value) for name, value in changed.items()}
    if "rule" in changed:
        values.pop("kept", None)
    return urlencode({name: value for name, value in values.items() if value})
