"""Cost: what models were asked, by concept, purpose and model. The page of single calls is in the address."""

from __future__ import annotations

from typing import Literal

from fastapi import Request

from concepts.installation.activity import call_sums
from concepts.workbench import Workbench
from web.page import Shown, WebPage, concept_of
from web.render import render
from web.screens.activity import start_of
from web.words import count, dollars

PAGE = 12
BY: tuple[Literal["concept", "purpose", "model"], ...] = ("concept", "purpose", "model")


def build(workbench: Workbench, page: WebPage) -> None:
    area = page.area("cost")

    def show(request: Request) -> Shown:
        start = start_of(request.query_params, PAGE)
        costs = workbench.installation.model_costs(PAGE + 1, start)
        # What all calls cost, and how many had no price.
        calls, answered = sum(t.calls for t in costs.totals), sum(t.answered for t in costs.totals)
        unpriced = sum(t.unpriced for t in costs.totals)
        spent = f"{count(calls, 'call')}, {answered:,} answered"
        if unpriced == answered:
            spent += ". Without prices the cost isn’t known."
        else:
            but = f", and {unpriced:,} without a price" if unpriced else ""
            spent += f"{but}: {dollars(sum(t.cost_usd for t in costs.totals))}."
        html = render(
            "settings/cost.html",
            totals=costs.totals,
            spent=spent,
            sums={by: call_sums(costs.totals, by) for by in BY},
            calls=costs.calls[:PAGE],
            concept=concept_of(request),
            start=start,
            size=PAGE,
            more=len(costs.calls) > PAGE,
        )
        return {area: html}

    page.opens = show
