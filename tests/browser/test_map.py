"""The map in a real browser: drawn, and used by keys."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

from concepts.results.concepts import begin_concept
from concepts.results.library import picture_count
from concepts.results.library_map import pictures_inside

if TYPE_CHECKING:
    from conftest import Site

NAME = "Ellipse on the map"


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    begin_concept(site.bench, NAME, "A filled ellipse, not a rectangle.")
    return NAME


def opened(site: Site, page: Page) -> Locator:
    """The canvas, once it is drawn. What draws it begins when it is looked at."""
    page.goto(f"{site.url}/library/map?concept={quote(NAME)}")
    expect(page.locator(".picture-map[data-drawn]")).to_be_visible()
    return page.locator(".picture-map canvas")


def chosen(page: Page, count: int) -> None:
    expect(page.locator("#map-chosen")).to_contain_text(f"{count} pictures")


def test_keys_zoom_in_show_what_is_in_view_and_label_it(site: Site, page: Page, concept: str) -> None:
    canvas = opened(site, page)
    expect(page.get_by_role("list", name="Legend")).to_be_attached()
    canvas.focus()
    page.keyboard.press("Enter")
    chosen(page, picture_count(site.bench))
    expect(page.locator(".picture-map")).to_have_attribute("data-shape", re.compile("."))
    all_ = page.locator(".picture-map").get_attribute("data-shape")
    for key in ("+", "+", "+", "ArrowLeft", "Enter"):
        canvas.focus()
        page.keyboard.press(key)
    page.wait_for_function(
        "all => !['', all].includes(document.querySelector('.picture-map').dataset.shape)", arg=all_
    )
    fewer = len(pictures_inside(site.bench, str(page.locator(".picture-map").get_attribute("data-shape"))))
    assert 0 < fewer < picture_count(site.bench)
    chosen(page, fewer)
    assert "/library/map?" in page.url
    assert serious_in_both_themes(page) == []
