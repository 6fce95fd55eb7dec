"""Answers on Library: what is shown and what a search found, by key, several at once, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Ellipse of the library"


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    site.bench.definitions.create_concept(NAME, "A filled ellipse, not a rectangle.")
    return NAME


@pytest.fixture
def tiles(site: Site, page: Page, concept: str) -> Locator:
    page.goto(f"{site.url}/library")
    page.get_by_label("Answer for").select_option(concept)
    return page.locator("#library-main .tile")


def said(site: Site, picture: str | None) -> str | None:
    assert picture is not None
    given = site.bench.answers.own(NAME, [picture], "me")
    return given[0].value if given else None


def mark(tile: Locator) -> Locator:
    return tile.locator(".said")


def wait_until_sent(page: Page) -> None:
    page.wait_for_function("!Object.keys(localStorage).some((name) => name.startsWith('discern:unsaved'))")


def test_the_focused_picture_is_answered_by_key_and_it_is_still_so_after_a_reload(
    site: Site, page: Page, tiles: Locator
) -> None:
    tiles.nth(0).focus()
    page.keyboard.press("y")
    expect(mark(tiles.nth(0))).to_have_text("✓ counts")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    expect(mark(tiles.nth(1))).to_have_text("✗ doesn’t")
    wait_until_sent(page)
    assert said(site, tiles.nth(0).get_attribute("data-value")) == "yes"
    assert said(site, tiles.nth(1).get_attribute("data-value")) == "no"
    page.reload()
    expect(mark(tiles.nth(0))).to_have_text("✓ counts")
    page.keyboard.press("z")
    expect(page.locator("[data-part=answering-said]")).to_have_text("There is nothing to take back.")


def test_several_are_chosen_with_shift_answered_together_and_taken_back_together(
    site: Site, page: Page, tiles: Locator
) -> None:
    tiles.nth(4).click(modifiers=["ControlOrMeta"])
    tiles.nth(7).click(modifiers=["Shift"])
    expect(page.locator("[data-part=answering-said]")).to_have_text("4 chosen")
    page.get_by_role("button", name="Counts Y").click()
    expect(page.locator("#library-main .said.yes")).to_have_count(5)  # and the one of before
    wait_until_sent(page)
    ids = [tiles.nth(n).get_attribute("data-value") for n in range(4, 8)]
    assert [said(site, i) for i in ids] == ["yes"] * 4
    page.keyboard.press("z")
    expect(page.locator("#library-main .said.yes")).to_have_count(1)
    wait_until_sent(page)
    assert [said(site, i) for i in ids] == [None] * 4


def test_a_rectangle_chooses_what_it_touches_and_opens_nothing(page: Page, tiles: Locator) -> None:
    first, last = tiles.nth(0).bounding_box(), tiles.nth(1).bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 20, last["y"] + 40, steps=4)
    page.mouse.up()
    expect(page.locator("[data-part=answering-said]")).to_have_text("2 chosen")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(page.locator("#library-main .chosen")).to_have_count(0)
    tiles.nth(0).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_a_search_found_is_answered_too(site: Site, page: Page, tiles: Locator) -> None:
    page.get_by_label("Search by words").fill("ellipse")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("nearest, best first")).to_be_visible()
    tiles.nth(9).focus()
    page.keyboard.press("u")
    expect(mark(tiles.nth(9))).to_have_text("? unsure")
    wait_until_sent(page)
    assert said(site, tiles.nth(9).get_attribute("data-value")) == "unsure"


def test_without_a_concept_there_is_nothing_to_press_and_keys_do_nothing(
    site: Site, page: Page, concept: str
) -> None:
    page.goto(f"{site.url}/library")
    expect(page.get_by_label("Answer for")).to_be_visible()
    expect(page.get_by_role("button", name="Counts Y")).to_be_hidden()
    before = len(site.bench.answers.recent_answers(concept, "me", 100))
    tiles = page.locator("#library-main .tile")
    tiles.nth(2).focus()
    page.keyboard.press("y")
    expect(page.locator("[data-part=answering-said]")).to_have_text(
        "Choose first for which concept you answer."
    )
    assert len(site.bench.answers.recent_answers(concept, "me", 100)) == before


def test_it_is_accessible_and_fits_a_phone(page: Page, tiles: Locator) -> None:
    tiles.nth(0).focus()
    page.keyboard.press("x")
    assert serious_in_both_themes(page) == []
    page.set_viewport_size({"width": 375, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 375
