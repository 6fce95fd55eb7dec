"""Several concepts at once, answered side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from answering import answer
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Site

ROUND, LINE, PLAIN = "Round beside", "A line beside", "Plain beside"


@pytest.fixture(scope="module")
def several(site: Site) -> Site:
    """Two trained concepts, and one that isn't."""
    bench = site.bench
    for name, what in ((ROUND, "ellipse"), (LINE, "line")):
        bench.concepts.begin(name, f"A filled {what}.")
        answer(bench, name, [p.id for p in bench.concept(name).labels.next_pictures(20)])
        bench.concept(name).versions.train().wait()
    bench.concepts.begin(PLAIN, "Something plain.")
    return site


def test_answers_for_several_concepts_by_key_go_where_they_belong(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/library/side-by-side?order=mixed")  # an earlier address of the random order
    page.get_by_role("button", name="Choose concepts").click()
    for name in (ROUND, PLAIN):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Show", exact=True).click()
    tile = page.locator("[data-picture]").first
    expect(tile.locator(".cell")).to_have_count(2)
    picture = str(tile.get_attribute("data-picture"))
    tile.get_by_role("button", name=f"{PLAIN}: counts").focus()
    for key in ("n", "y"):  # after each the next concept has its turn
        page.keyboard.press(key)
    page.keyboard.press("ArrowLeft")  # the same concept on the picture before
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Tab")
    focused = page.evaluate("document.activeElement.closest('.cell').dataset.concept")
    assert focused == PLAIN
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")

    def said() -> list[str]:
        found = (several.bench.concept(name).labels.own([picture], "me") for name in (ROUND, PLAIN))
        return [event.value for given in found for event in given]

    assert said() == ["yes", "no"]
    page.reload()
    pressed = tile.locator("[aria-pressed=true]")
    expect(pressed).to_have_count(2)
    tile.get_by_role("button", name=f"{PLAIN}: doesn’t count").click()
    expect(pressed).to_have_count(1)
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")
    assert said() == ["yes"]
