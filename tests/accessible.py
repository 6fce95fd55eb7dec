"""What axe finds serious on a page, in one theme or both."""

from __future__ import annotations

from typing import Any

from axe_playwright_python.sync_playwright import Axe

SERIOUS = ("serious", "critical")
TWO_FRAMES = "new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
OF_COLOURS = ("color-contrast", "link-in-text-block")  # the rules that another theme can break


def serious(page: Any, **options: Any) -> list[tuple[str, str]]:
    """Rule and element, on the page as it is."""
    found = Axe().run(page, options={"resultTypes": ["violations"]} | options).response["violations"]
    return [(v["id"], node["html"][:200]) for v in found if v["impact"] in SERIOUS for node in v["nodes"]]


def serious_in_both_themes(page: Any) -> list[tuple[str, str]]:
    """Rule and element, in light by all rules and in dark by those that look at colours."""
    found = serious(page)
    page.emulate_media(color_scheme="dark")
    page.evaluate(TWO_FRAMES)
    found += serious(page, runOnly=OF_COLOURS)
    page.emulate_media(color_scheme="light")
    return found


def wrong_with_looks(page: Any) -> list[tuple[str, str]]:
    """What is serious in both themes, and the widths at which the page scrolls sideways: of two windows,
    of one magnified to 200 %, and of a phone."""
    found = serious_in_both_themes(page)
    for width in (1440, 1280, 640, 375):
        page.set_viewport_size({"width": width, "height": 800})
        if page.evaluate("document.documentElement.scrollWidth") > width:
            found.append(("scrolls sideways", f"at {width} pixels"))
    page.set_viewport_size({"width": 1280, "height": 900})
    return found
