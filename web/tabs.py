"""The screens that are tabs of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concepts.use_cases import App
from web.screens import (
    albums,
    borderline,
    check,
    describe,
    home,
    label,
    library,
    map,
    results,
    review,
    settings,
    side_by_side,
    trash,
)


@dataclass(frozen=True)
class Tab:
    """`build(app, opened)` makes the components; `opened` listens to the event that somebody went
    there, or to another concept."""

    name: str
    title: str
    path: str
    build: Callable[[App, Any], Any]


TABS = (
    Tab("home", "Home", "/", home.build),
    Tab("library", "Library", "/library", library.build),
    Tab("health", "Files and duplicates", "/library/health", library.Health),
    Tab("trash", "Trash", "/library/trash", trash.build),
    Tab("albums", "Albums", "/library/albums", albums.build),
    Tab("map", "Map", "/library/map", map.build),
    Tab("several", "Side by side", "/library/side-by-side", side_by_side.build),
    Tab("describe", "Describe", "/describe", describe.build),
    Tab("label", "Label", "/label", label.build),
    Tab("review", "Review", "/label/review", review.build),
    Tab("borderline", "Borderline", "/label/borderline", borderline.build),
    Tab("check", "Check", "/check", check.build),
    Tab("results", "Results", "/results", results.build),
    Tab("settings", "Models", "/settings", settings.Models),
    Tab("appearance", "Appearance", "/settings/appearance", settings.Appearance),
    Tab("people", "People", "/settings/people", settings.People),
    Tab("activity", "Activity", "/settings/activity", settings.Activity),
    Tab("cost", "Cost", "/settings/cost", settings.Cost),
    Tab("encoder", "Encoder", "/settings/encoder", settings.Encoder),
    Tab("backup", "Backup and log", "/settings/backup", settings.Backup),
)
