"""The map in a real browser: drawn, hovered, a shape drawn with the pointer, and everything by keys."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Ellipse on the map"


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    site.bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    return NAME


def opened(site: Site, page: Page) -> Locator:
    """The canvas, once it is drawn. What draws it begins when it is looked at."""
    page.goto(f"{site.url}/library?concept={quote(NAME)}")
    page.get_by_role("button", name="Map", exact=True).click()
    expect(page.locator("[data-map][data-drawn]")).to_be_visible()
    return page.locator("[data-map] canvas")


def chosen(page: Page, count: int) -> None:
    expect(page.locator("#library-fitting")).to_contain_text(f"{count} pictures")


def test_keys_zoom_in_show_what_is_in_view_and_label_it(site: Site, page: Page, concept: str) -> None:
    canvas = opened(site, page)
    expect(page.locator("[data-part=legend]")).to_be_attached()
    canvas.focus()
    page.keyboard.press("Enter")
    chosen(page, site.bench.library.count())
    all_ = page.locator("[data-map]").get_attribute("data-shape")
    for key in ("+", "+", "+", "ArrowLeft", "Enter"):
        page.locator("[data-map][data-drawn] canvas").focus()
        page.keyboard.press(key)
    page.wait_for_function(
        "all => ![null, all].includes(document.querySelector('[data-map]')?.dataset.shape)", arg=all_
    )
    fewer = len(site.bench.map.inside(str(page.locator("[data-map]").get_attribute("data-shape"))))
    assert 0 < fewer < site.bench.library.count()
    chosen(page, fewer)
    assert "view=map" in page.url
    assert serious_in_both_themes(page) == []


def test_a_shape_drawn_with_the_pointer_selects_and_y_labels_what_is_selected(
    site: Site, page: Page, concept: str
) -> None:
    box = opened(site, page).bounding_box()
    assert box is not None
    page.get_by_role("button", name="Select", exact=True).click()
    page.mouse.move(box["x"] + 5, box["y"] + 5)
    page.mouse.down()
    for x, y in ((0.99, 0.01), (0.99, 0.99), (0.01, 0.99)):
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
    page.mouse.up()
    chosen(page, site.bench.library.count())
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    tile = page.locator("#library-main [data-grid] .tile").first
    picture = str(tile.get_attribute("data-value"))
    tile.focus()
    page.keyboard.press("y")
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")
    labels = {one.id: one.value for one in site.bench.concept(NAME).labels.recent("me", 10)}
    assert labels == {picture: "yes"}


def test_a_picture_under_the_pointer_is_shown(site: Site, page: Page, concept: str) -> None:
    canvas = opened(site, page)
    box = canvas.bounding_box()
    assert box is not None
    places = site.bench.map.places(str(page.locator("[data-map]").get_attribute("data-key")))
    unit = min(box["width"], box["height"]) / 2.1
    x, y = (places[0] / 32767.5 - 1) * unit
    canvas.hover(position={"x": box["width"] / 2 + float(x), "y": box["height"] / 2 - float(y)})
    expect(page.locator("[data-map] img")).to_be_visible()
    page.wait_for_function("() => document.querySelector('[data-map] img').naturalWidth > 0")
