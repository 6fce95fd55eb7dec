"""Protected pictures: they come blurred, and are in clear for a look."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Route, expect

from concepts.library.protection import protect_concept
from concepts.results.library import browse

if TYPE_CHECKING:
    from conftest import Site


@pytest.fixture(scope="module")
def site(own_site: Site) -> Site:
    return own_site


@pytest.fixture
def protected(site: Site, concept: str) -> Iterator[str]:
    """A concept whose pictures are blurred for everybody."""
    protect_concept(site.bench.concept(concept), "blur")
    yield concept
    protect_concept(site.bench.concept(concept), "")


def is_clear(image: Any) -> None:
    expect(image).not_to_have_attribute("src", re.compile("shown="))


def is_protected(image: Any) -> None:
    """As the server sends it."""
    expect(image).to_have_attribute("src", re.compile(r"\?shown=blur"))
    expect(image).not_to_have_class("in-clear")


def test_a_picture_on_label_is_clear_for_a_look_and_the_next_one_is_not(
    site: Site, page: Any, protected: str
) -> None:
    page.goto(f"{site.url}/label?{urlencode({'concept': protected})}#single")
    image = page.locator("#labeller .stage img")
    expect(image).to_be_visible()
    is_protected(image)

    page.keyboard.press("v")
    is_clear(image)
    page.keyboard.press("v")
    is_protected(image)

    box = page.locator("#labeller .stage").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 40)
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    expect(image).to_have_class("in-clear")
    first = image.get_attribute("data-picture")
    page.keyboard.press("y")  # the pointer rests where the next picture comes up
    expect(image).not_to_have_attribute("data-picture", first)
    is_protected(image)


def test_a_picture_in_clear_stays_so_when_the_large_one_comes(site: Site, page: Any, protected: str) -> None:
    held: list[Route] = []
    large = re.compile("/media/picture/")
    page.route(large, lambda route: held.append(route))
    with page.expect_request(large):
        page.goto(f"{site.url}/label?{urlencode({'concept': protected})}#single")
    image = page.locator("#labeller .stage img")
    expect(image).to_have_attribute("src", re.compile("/media/thumbnail/.*shown=blur"))
    page.keyboard.press("v")
    is_clear(image)

    for route in list(held):
        route.continue_()
    expect(image).to_have_attribute("src", large)
    is_clear(image)


def test_a_picture_that_a_link_opens_is_clear_where_nothing_is_protected(site: Site, page: Any) -> None:
    picture = browse(site.bench, limit=1).pictures[0].id
    page.goto(f"{site.url}/library?open={picture}")
    large = page.locator("dialog.viewer .large img")
    expect(large).to_have_attribute("src", re.compile(f"/picture/{picture}$"))
