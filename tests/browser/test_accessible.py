"""Screens in both themes, on a phone and magnified: axe finds nothing serious, nothing scrolls sideways.

Quality and Use are looked at, with figures, in test_quality.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from accessible import serious_in_both_themes

NAME = "Looked at by axe"
SCREENS = {
    "start": ("/", ".card"),
    "library": ("/library", ".pictures img"),
    "health": ("/library?view=health", ".page h1"),
    "encoder": ("/library?view=encoder", ".page h1"),
    "define": (f"/define?concept={NAME}", ".query .strip img"),
    "label": (f"/label?concept={NAME}", ".stage img"),
    "grid": (f"/label?concept={NAME}#grid", ".tiles .tile img"),
    "review": (f"/review?concept={NAME}", ".page h1"),
    "borderline": (f"/borderline?concept={NAME}", ".page h1"),
    "activity": ("/activity", ".page h1"),
    "models": ("/activity?view=models", ".page h1"),
    "settings": ("/settings", ".page h1"),
    "combine": (f"/combine?rule={NAME}", ".page h1"),
    "several": (f"/several?of={NAME}", "[data-several] img"),
    "protection": ("/protection", ".page h1"),
    "collections": ("/library?view=collections", ".cards img"),
    "collection": ("/library?view=collections&collection=1", ".ticks img"),
    "trash": ("/library?view=trash", ".trash img"),
}


@pytest.fixture(scope="module")
def concept(site: Any) -> None:
    site.bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    some = [picture.id for picture in site.bench.library.pictures(limit=4).pictures]
    site.bench.collections.make("Looked at", some[:3], author="me")
    site.bench.trash.put(pictures=[*some[3:]], author="me")


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious_and_nothing_is_cut_off(
    site: Any, page: Any, concept: None, screen: str
) -> None:
    path, ready = SCREENS[screen]

    def reload() -> None:
        page.goto("about:blank")  # an address that differs in its # alone is not loaded again
        page.goto(site.url + path)
        page.wait_for_selector(ready)

    found = serious_in_both_themes(page, reload)
    for width in (640, 375):  # 1280 pixels at 200 %, and a phone
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append((str(width), "scrolls sideways", path))
    assert found == []
