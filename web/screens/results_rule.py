"""Rules on Results: what one flags, saving it, and the table of all concepts."""

from __future__ import annotations

from typing import cast, get_args

from concepts.classifier.rule_scores import RuleOrder
from concepts.errors import DiscernError, NotScoredError
from concepts.workbench import Workbench
from web.page import Action, number_of
from web.render import render, say
from web.rule_rows import RuleBar

PAGE = 24


def pictures(bench: Workbench, bar: RuleBar) -> str:
    """HTML of what the rule flags: the page and the order that the address asks for."""
    order = bar.place.get("order", "")
    ordered = cast(RuleOrder, order if order in get_args(RuleOrder) else "top")
    try:
        page = bench.rules.tried(*bar.asked, ordered, PAGE, number_of(bar.place.get("start", "")))
    except NotScoredError:
        page = None
    known = bench.concepts.scales()
    return render(
        "results/rule.html",
        page=page,
        size=PAGE,
        concept=bar.place.get("concept"),
        scales={name: known[name] for name in bar.names if name in known},
    )


def flagged(bench: Workbench, bar: RuleBar) -> list[str]:
    """Ids of what the rule flags, surest first, without test pictures that have no label."""
    return bench.rules.flagged(*bar.asked)


def table(bench: Workbench) -> str:
    """HTML of the form for one table of all concepts, with those so far; empty if there can be none."""
    try:
        return render("results/table.html", columns=bench.rules.columns(), tables=bench.rules.written())
    except DiscernError:
        return ""


def do(bench: Workbench, action: Action, bar: RuleBar, author: str) -> tuple[dict[str, str], str]:
    """Scores the library for the rule, or saves it: what that changes in the address, and what to say."""
    if action.name == "try-rule":
        bench.rules.score(*bar.asked[:2])
        return {}, ""
    saved = bench.rules.keep(action.fields.get("name", ""), bar.rule, bar.sure / 100, author=author)
    return {"kept": saved.name, "rule": "", "sure": ""}, say(f"Saved as “{saved.name}”.", "good")
