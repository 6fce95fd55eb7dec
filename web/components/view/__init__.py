"""`DataView`: a value drawn by a constant template, for lists, cards and whatever else has no component."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from web.components import Drawn, begins

DOES = re.compile(r'data-do="([a-z_]+)"')


class DataView(Drawn):
    """Draws a JSON value by an HTML template in which attributes name its parts (see `view.js`).

    The template is a constant file, and values are set as text and attributes: nothing of them is ever HTML
    or code. A button with `data-do="rename"` is the event `rename`, whose `gr.EventData` has its `value`.
    """

    def __init__(
        self, template: Path, *, script: str, style: str = "", value: Any = None, **how: Any
    ) -> None:
        """`script`, `style`: addresses of `view.js`, or of a module that exports another `begin`, and of a
        stylesheet."""
        drawn_by = template.read_text(encoding="utf-8")
        events = sorted({*DOES.findall(drawn_by), *how.pop("events", ())})
        super().__init__(
            f"<template>{drawn_by}</template><div data-drawn></div>",
            begins(script, events),
            style=style,
            value=value,
            **how,
        )
