"""The head of each tab of Settings: the way to the others, and what one is at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from web.components.view import DataView
from web.handlers import concept_of
from web.http.roles import ANY_OTHER, rule_of, why_not
from web.parts import data_view, place

HERE = Path(__file__).parent
TITLES = {
    "/settings": "Models",
    "/settings/appearance": "Appearance",
    "/settings/people": "People",
    "/settings/activity": "Activity",
    "/settings/cost": "Cost",
    "/settings/encoder": "Encoder",
    "/settings/backup": "Backup and log",
}


def head_view(name: str) -> DataView:
    return data_view(HERE / "head.html", f"{name}-head")


def headed(path: str, request: gr.Request, say: str = "", note: str = "", chip: str = "") -> dict[str, Any]:
    """With the tabs that this person may open."""
    state, concept = request.state, concept_of(request) or ""
    return {
        "title": TITLES[path],
        "say": say,
        "note": note,
        "chip": chip,
        "tabs": [
            {"title": title, "address": place(to, concept), "current": "page" if to == path else ""}
            for to, title in TITLES.items()
            if not why_not(rule_of("GET", to) or ANY_OTHER, state.role, state.demo)
        ],
    }


def start_of(request: gr.Request, page: int) -> int:
    """The place in a list at which the page in the address (`?from=12`) begins."""
    text = request.query_params.get("from", "")
    return int(text) // page * page if text.isdecimal() and len(text) < 10 else 0


def pager(path: str, request: gr.Request, start: int, size: int, more: bool) -> dict[str, Any] | None:
    """Ways to the newer and older pages of a list; None where there is one page."""
    concept = concept_of(request) or ""
    newer = place(path, concept, **{"from": start - size}) if start else ""
    older = place(path, concept, **{"from": start + size}) if more else ""
    return {"newer": newer, "older": older} if newer or older else None
