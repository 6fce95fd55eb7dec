"""Protected pictures: blurred before they are there, in clear for a look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from accessible import serious_in_both_themes
from answering import answer
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Site

CLEAR = "() => [...document.images].filter((img) => getComputedStyle(img).filter === 'none').length"


@pytest.fixture
def protected(site: Site, concept: str) -> str:
    """A concept whose pictures are blurred for everybody."""
    site.bench.concept(concept).protection.set("blur")
    return concept


def is_clear(image: Any) -> None:
    expect(image).to_have_css("filter", "none")
    expect(image).not_to_have_attribute("src", re.compile("shown="))


def is_protected(image: Any) -> None:
    """An image that a larger one of the same picture takes the place of has no style for a moment."""
    expect(image).to_have_css("filter", re.compile("blur"))
    expect(image).to_have_attribute("src", re.compile(r"\?shown=blur"))
    expect(image).not_to_have_class("in-clear")


def test_a_picture_on_label_is_clear_for_a_look_and_the_next_one_is_not(
    site: Site, page: Any, protected: str
) -> None:
    page.goto(f"{site.url}/label?{urlencode({'concept': protected})}#single")
    image = page.locator("#labeller[data-ready] .stage img")
    expect(image).to_be_visible()
    is_protected(image)

    page.keyboard.press("v")
    is_clear(image)
    page.keyboard.press("v")
    is_protected(image)

    box = page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(image).to_have_class("in-clear")
    first = image.get_attribute("data-picture")
    page.keyboard.press("y")  # the pointer rests where the next picture comes up
    expect(image).not_to_have_attribute("data-picture", first)
    is_protected(image)
    page.keyboard.press("ArrowLeft")
    expect(image).to_have_attribute("data-picture", first)
    is_protected(image)


def test_the_key_shows_the_tile_that_has_the_focus_and_a_finger_that_it_rests_on(
    site: Site, page: Any, protected: str
) -> None:
    page.goto(f"{site.url}/label?{urlencode({'concept': protected})}#grid")
    tiles = page.locator(".tiles .tile")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("v")
    is_clear(tiles.nth(0).locator("img"))
    is_protected(tiles.nth(1).locator("img"))
    page.keyboard.press("ArrowRight")
    is_protected(tiles.nth(0).locator("img"))

    second = tiles.nth(1).locator("img")
    finger = {"pointerType": "touch", "bubbles": True, "isPrimary": True}
    second.dispatch_event("pointerdown", finger)
    expect(second).to_have_class("in-clear")
    second.dispatch_event("pointerup", finger)
    tiles.nth(1).dispatch_event("click")  # that of the finger going up
    is_protected(second)
    expect(page.locator(".tiles .yes")).to_have_count(0)


def test_what_a_person_chooses_holds_everywhere(site: Site, page: Any, protected: str) -> None:
    page.goto(f"{site.url}/library")
    expect(page.locator("html")).to_have_class("protect-blur protected")  # as strict as the strictest
    site.bench.concept(protected).protection.set("")
    page.goto(f"{site.url}/settings/appearance?{urlencode({'concept': protected})}")
    page.get_by_label("Show pictures").first.select_option("both")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved for every screen.")).to_be_visible()
    assert serious_in_both_themes(page) == []

    page.goto(f"{site.url}/library")
    tile = page.locator("#library-main .tile").first
    expect(tile).to_be_visible()
    assert page.evaluate(CLEAR) == 0
    tile.focus()
    page.keyboard.press("v")
    is_clear(tile.locator("img"))

    picture = site.bench.library.pictures(limit=1).pictures[0].id
    page.goto(f"{site.url}/media/picture/{picture}?alone=1")
    is_protected(page.locator("img"))
    page.locator("img").focus()
    page.keyboard.press("v")
    is_clear(page.locator("img"))
    site.bench.protection.prefer(author="me")


def test_squares_over_a_picture_say_where_the_score_comes_from_once_asked(
    site: Site, page: Any, concept: str
) -> None:
    asked = site.bench.concept(concept).labels.next_pictures(30)
    answer(site.bench, concept, [one.id for one in asked])
    site.bench.concept(concept).versions.train().wait()
    page.goto(f"{site.url}/library")
    taught = [one.id for one in asked if one.purpose == "train"]  # of what measures nothing is told yet
    tiles = ", ".join(f'#library-main .tile[data-value="{picture}"]' for picture in taught)
    page.locator(tiles).first.click()  # of a first page that has not all of them
    page.get_by_role("button", name="Where in the picture").click()
    expect(page.locator("[data-heat-said]")).to_contain_text("of what raised the score is")
    expect(page.locator(".heat-map .raised").first).to_be_visible()
    whole, squares = page.locator(".large img").bounding_box(), page.locator(".heat-map").bounding_box()
    natural = page.locator(".large img").evaluate("image => image.naturalWidth / image.naturalHeight")
    assert squares["width"] / squares["height"] == pytest.approx(natural, abs=0.01)
    assert max(squares[side] / whole[side] for side in ("width", "height")) == pytest.approx(1, abs=0.01)
    assert serious_in_both_themes(page) == []
    page.get_by_role("button", name="Where in the picture").click()
    expect(page.locator(".heat-map")).to_have_count(0)
