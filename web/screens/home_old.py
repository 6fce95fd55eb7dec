"""Home: every concept and its next step. Before the first one: the way to it, and an example result."""

from __future__ import annotations

import json
from functools import cache
from math import floor
from pathlib import Path
from typing import Any

from fastapi import Request

from concepts.classifier.versions import file_stem
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.trash import Moved
from web.advice import in_words
from web.concept_menu import chosen
from web.http.guard import author_of
from web.jobs import is_going
from web.page import Action, Shown, WebPage
from web.render import Notice, render, url
from web.screens.scales import YES_OR_NO, scale_of
from web.screens.trash_old import in_the_trash
from web.work import Work, press

IMPORTING = ("add pictures", "add sample")
AWAY = "away"  # in the address: the concept that was put away on another screen, from where one comes
EXAMPLE = Path(__file__).parents[1] / "static" / "start" / "result.json"
PUT_AWAY = "put-away"  # the place on the page that says so


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    page.opens = screen.open
    page.on_action(screen.act, screen.head, screen.first, screen.concepts, screen.dialog, screen.work.area)
    screen.work.on_tick(lambda request: screen.tick(), of_concept=False)


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.head = page.area("home-head")
        self.work = Work(workbench, page, "home-progress", IMPORTING)
        self.first = page.area("home-first")
        self.concepts = page.area("home-concepts")
        self.dialog = page.area("home-dialog")

    # What is shown

    def open(self, request: Request) -> Shown:
        """After something was put away elsewhere with the way back, as long as it is away."""
        name = request.query_params.get(AWAY)
        gone = next((one for one in self._bench.trash.items("concept") if one.name == name), None)
        if gone is None:
            return self.everything()
        moved = Moved(kind=gone.kind, ids=[gone.id], names=[gone.name])
        return self.everything(in_the_trash(self._bench, moved))

    def everything(self, said: Notice | None = None) -> Shown:
        library, job = self._bench.library.info(wait=False), self.work.newest()
        # What changed last first.
        concepts = sorted(self._bench.concepts.all(None), key=lambda one: one.changed, reverse=True)
        values = {
            "pictures": library.pictures,
            "importing": is_going(job),
            "concepts": concepts,
            "local": not self._bench.context.settings.reaches_out,
        }
        first = "" if concepts else render("home/first.html", example=example(), **values)
        # A failure is news where there are no pictures; elsewhere Library tells it.
        told = job if is_going(job) or not library.pictures else None
        return {
            self.head: render("home/head.html", said=said, **values),
            self.first: first,
            self.concepts: render(
                "home/concepts.html", concepts=concepts, trashed=self._bench.trash.items("concept", 1)
            ),
        } | self.work.shown(told)

    def tick(self) -> Shown:
        """While pictures come in only the progress changes."""
        job = self.work.newest()
        return self.work.shown(job) if is_going(job) else self.everything()

    def _form(self, fields: dict[str, str] | None = None, said: Notice | None = None) -> Shown:
        typed = {"name": "", "sentence": "", "not": ""} | YES_OR_NO | (fields or {})
        return {self.dialog: render("home/new.html", fields=typed, said=said)}

    # What can be done

    def act(self, action: Action, request: Request) -> Shown:
        if action.name == "ask-new":
            return self._form()
        if action.name == "begin":
            return self._begin(action.fields, author_of(request))
        try:
            if action.name == "sample":
                self._bench.library.add(sample=True)
                return self.everything()
            if press(self._bench, action):
                return self.everything()
            outcome = chosen(self._bench, action, author_of(request))
        except DiscernError as error:
            return self.everything(Notice(in_words(error), "bad"))
        if outcome is None:
            return {}
        shown: Shown = {self.dialog: outcome.dialog}
        return shown if outcome.dialog else shown | self.everything(outcome.said)

    def _begin(self, fields: dict[str, str], author: str) -> Shown:
        try:
            begun = self._bench.concepts.begin(
                fields.get("name", ""),
                fields.get("sentence", ""),
                excluding=fields.get("not", "").splitlines(),
                author=author,
                scale=scale_of(fields),
            )
        except DiscernError as error:
            return self._form(fields, Notice(f"{in_words(error)} Nothing was created.", "bad"))
        return {self.dialog: render("concept/go.html", address=url("/describe", begun.name))}


@cache
def example() -> dict[str, Any]:
    """A real result over free photographs, as `python -m docs.first_result` wrote it. `low` and `high`: 95 %
    confidence interval of `right`, the precision in percent. `seconds`: time spent on labelling."""
    found = json.loads(EXAMPLE.read_text(encoding="utf-8"))
    right, low, high = (floor(100 * share) for share in found["precision"])  # never 100 %
    return {
        "name": found["name"],
        "pictures": [
            one | {"address": f"/web/start/{one['file']}", "alt": one["shows"]} for one in found["shown"]
        ],
        "flagged": found["flagged"],
        "of": found["pictures"],
        "right": right,
        "low": low,
        "high": high,
        "tested": found["measured"],
        "labels": found["learned"] + found["measured"],
        "seconds": found["seconds"],
        "file": f"{file_stem(found['name'], 1)}.zip",
    }
