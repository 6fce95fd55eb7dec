"""The screens that are tabs of the page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from concepts.workbench import Workbench
from web.screens import home, label, results


@dataclass(frozen=True)
class Tab:
    """`build(workbench, opened)` makes the components; `opened` listens to the event that somebody went
    there, or to another concept."""

    name: str
    title: str
    path: str
    build: Callable[[Workbench, Any], None]


TABS = (
    Tab("home", "Home", "/", home.build),
    Tab("label", "Label", "/label", label.build),
    Tab("results", "Results", "/results", results.build),
)
