"""Screens in both themes, on a phone and magnified: axe finds nothing serious, nothing scrolls sideways.

Quality and Use are looked at, with figures, in test_quality.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

NAME = "Looked at by axe"
SCREENS = {
    "start": ("/", ".card"),
    "library": ("/library", ".pictures img"),
    "health": ("/library?view=health", ".page h1"),
    "define": (f"/define?concept={NAME}", ".query .strip img"),
    "label": (f"/label?concept={NAME}", ".stage img"),
    "grid": (f"/label?concept={NAME}#grid", ".tiles .tile img"),
    "review": (f"/review?concept={NAME}", ".page h1"),
    "borderline": (f"/borderline?concept={NAME}", ".page h1"),
    "story": (f"/story?concept={NAME}", ".story"),
    "activity": ("/activity", ".page h1"),
    "models": ("/activity?view=models", ".page h1"),
}


@pytest.fixture(scope="module")
def concept(site: Any) -> None:
    site.bench.definitions.create_concept(NAME, "A filled ellipse, not a rectangle.")


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    site: Any, page: Any, concept: None, screen: str
) -> None:
    path, ready = SCREENS[screen]
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.goto("about:blank")  # an address that differs in its # alone is not loaded again
        page.goto(site.url + path)
        page.wait_for_selector(ready)
        violations = Axe().run(page).response["violations"]
        found += [
            (scheme, v["id"], v["nodes"][0]["html"][:200])
            for v in violations
            if v["impact"] in ("serious", "critical")
        ]
    for width in (640, 375):  # 1280 pixels at 200 %, and a phone
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((str(width), "scrolls sideways", path))
    assert found == []
