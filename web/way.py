"""The value of the rail: the screens, the concept, its steps, and what is in the library."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from concepts.results.concepts import list_scales, name_now
from concepts.results.library import picture_count
from concepts.results.overview import steps_done
from concepts.use_cases import App
from web.handlers import calls, concept_of
from web.parts import place
from web.words import count

BEFORE = (("Home", "/"), ("Library", "/library"))
STEPS = (("Describe", "/describe"), ("Label", "/label"), ("Check", "/check"), ("Results", "/results"))
ASIDE = (("Settings", "/settings"),)


class Way:
    def __init__(self, app: App) -> None:
        self._app = app

    @calls()
    def shown(self, request: gr.Request) -> dict[str, Any]:
        app, named = self._app, concept_of(request)
        concept = name_now(app, named) or named if named else ""
        at = urlsplit(request.headers.get("referer", "")).path or "/"
        done = steps_done(app, concept) if concept else frozenset()
        names = list(list_scales(app)) if concept or at != "/" else []
        other = at if at != "/" else "/describe"

        def is_at(path: str) -> bool:
            return path == at or (path != "/" and at.startswith(f"{path}/"))

        def link(title: str, path: str, how: str = "page", about: str = "") -> dict[str, str]:
            return {"title": title, "address": place(path, about), "current": how if is_at(path) else ""}

        return {
            "before": [link(*one) for one in BEFORE],
            "shown": concept or "Choose a concept",
            "concepts": [
                {"name": name, "address": place(other, name), "current": "true" if name == concept else ""}
                for name in names
            ],
            "steps": [
                link(*one, "step", concept)
                | {"number": "✓" if one[0] in done else str(i), "done": "done" if one[0] in done else ""}
                for i, one in enumerate(STEPS, 1)
            ]
            if concept
            else [],
            "aside": [link(*one) for one in ASIDE],
            "pictures": count(picture_count(app), "picture"),
            "where": "in your library" if app.settings.store else "on this computer",
        }
