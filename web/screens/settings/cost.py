"""Cost: what models were asked, by concept, purpose and model. The page of single calls is in the address."""

from __future__ import annotations

from typing import Any, Literal

import gradio as gr

from concepts.installation.activity import CallCounts, CallView, call_sums
from concepts.installation.jobs import model_costs
from concepts.use_cases import App
from web.handlers import PLAIN, calls
from web.parts import data_view
from web.screens.settings.head import HERE, head_view, headed, pager, start_of
from web.words import ago, count, dollars

PATH = "/settings/cost"
PAGE = 12
BY: tuple[Literal["concept", "purpose", "model"], ...] = ("concept", "purpose", "model")
PURPOSES = {
    "expand": "Proposing criteria",
    "scope": "Questions and criteria",
    "annotate": "Suggesting labels",
    "caption": "Describing pictures",
    "annotate.question": "Checking criteria",
    "annotate.verdict": "Judging",
    "doubt": "Borderline pictures",
    "reword": "Wordings",
    "test": "Testing the endpoint",
}


class Cost:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        head, cost = head_view("cost"), data_view(HERE / "cost.html", "cost")
        opened(self.open, None, [head, cost], **PLAIN)

    @calls(model_costs)
    def open(self, request: gr.Request) -> list[Any]:
        start = start_of(request, PAGE)
        costs = model_costs(self._app, PAGE + 1, start)
        totals = costs.totals
        sums = [
            {
                "title": f"By {by}",
                "about": f"Cost by {by}",
                "rows": [
                    {"name": _name(by, one.name), "calls": f"{one.calls:,}", "cost": _cost(one)}
                    for one in call_sums(totals, by)
                ],
            }
            for by in BY
        ]
        shown = {
            "any": bool(totals),
            "sums": sums,
            "totals": [
                {
                    "concept": one.concept or "none",
                    "purpose": _name("purpose", one.purpose),
                    "model": one.model,
                    "calls": f"{one.calls:,}",
                    "tokens_in": f"{one.tokens_in:,}",
                    "tokens_out": f"{one.tokens_out:,}",
                    "cost": _cost(one),
                }
                for one in totals
            ],
            "calls": [_call(one) for one in costs.calls[:PAGE]],
            "pager": pager(PATH, request, start, PAGE, len(costs.calls) > PAGE),
        }
        return [headed(PATH, request, _spent(totals) if totals else ""), shown]


def _spent(totals: list[Any]) -> str:
    """What all calls cost, and how many had no price."""
    asked, answered = sum(t.calls for t in totals), sum(t.answered for t in totals)
    unpriced = sum(t.unpriced for t in totals)
    said = f"{count(asked, 'call')}, {answered:,} answered"
    if unpriced == answered:
        return f"{said}. Without prices the cost isn’t known."
    but = f", and {unpriced:,} without a price" if unpriced else ""
    return f"{said}{but}: {dollars(sum(t.cost_usd for t in totals))}."


def _name(by: str, name: str) -> str:
    return (PURPOSES.get(name, name) if by == "purpose" else name) or "none"


def _cost(counts: CallCounts) -> str:
    return "no price set" if counts.unpriced and not counts.cost_usd else dollars(counts.cost_usd)


def _call(call: CallView) -> dict[str, str]:
    return {
        "when": ago(call.created),
        "purpose": _name("purpose", call.purpose),
        "model": call.model,
        "outcome": call.outcome,
        "style": f"chip {'yes' if call.outcome == 'answered' else 'no'}",
        "error": (call.error or "")[:300],
        "seconds": f"{call.latency_ms / 1000:.1f}",
        "tokens_in": "" if call.tokens_in is None else f"{call.tokens_in:,}",
        "tokens_out": "" if call.tokens_out is None else f"{call.tokens_out:,}",
        "cost": "" if call.cost_usd is None else dollars(call.cost_usd),
    }
