"""Protected pictures: blurred before they are there, in clear for a look."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Site

CLEAR = "() => [...document.images].filter((img) => getComputedStyle(img).filter === 'none').length"


@pytest.fixture(scope="module")
def site(own_site: Site) -> Site:
    return own_site


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


def test_what_a_person_chooses_holds_everywhere(site: Site, page: Any, protected: str) -> None:
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
    site.bench.protection.prefer(author="me")
