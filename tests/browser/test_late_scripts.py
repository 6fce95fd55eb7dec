"""Scripts that come after the page is drawn: a slow line, or a busy computer."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Route, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Late ellipse"
# Resolves once nothing of the page has changed for a second: what comes after has no change to wait for.
AT_REST = """() => new Promise((resolve) => {
  let waiting = setTimeout(resolve, 1000);
  new MutationObserver(() => { clearTimeout(waiting); waiting = setTimeout(resolve, 1000); })
    .observe(document.documentElement, {childList: true, subtree: true, attributes: true});
})"""


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    site.bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    return NAME


class Late:
    """Holds one script back until it is let go."""

    def __init__(self, page: Page, name: str) -> None:
        self._waiting: list[Route] = []
        page.route(f"**/web/{name}", lambda route: self._waiting.append(route))

    def come(self) -> None:
        for route in self._waiting:
            route.continue_()


def arrive_late(page: Page, address: str, script: str, drawn: str) -> None:
    late = Late(page, script)
    page.goto(address, wait_until="commit")
    expect(page.locator(drawn).first).to_be_visible()
    page.evaluate(AT_REST)
    late.come()


def test_pictures_of_library_are_answered(site: Site, page: Page, concept: str) -> None:
    address = f"{site.url}/library?concept={quote(concept)}"
    tiles = page.locator("#library-main .tile")
    arrive_late(page, address, "answer-anywhere.js", "#library-main .tile")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    tiles.first.focus()
    page.keyboard.press("y")
    expect(tiles.first.locator(".said")).to_have_text("✓ counts")


def test_an_early_press_on_label_counts(site: Site, page: Page, concept: str) -> None:
    late, grid = Late(page, "label.js"), page.get_by_role("button", name="Grid")
    with page.expect_request("**/web/label.js"):
        page.goto(f"{site.url}/label?concept={quote(concept)}", wait_until="commit")
    grid.click()
    expect(grid).to_have_attribute("aria-pressed", "false")
    late.come()
    expect(grid).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".tiles .tile")).to_have_count(36)
