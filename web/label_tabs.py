"""The way between Label, Review and Borderline."""

from __future__ import annotations

from web.parts import place

TABS = (("Label", "/label"), ("Review", "/label/review"), ("Borderline", "/label/borderline"))


def label_tabs(concept: str, here: str) -> list[dict[str, str]]:
    """For `<nav class="tabs">`."""
    return [
        {"title": title, "address": place(path, concept), "current": "page" if path == here else ""}
        for title, path in TABS
    ]
