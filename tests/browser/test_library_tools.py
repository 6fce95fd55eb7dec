"""Comments by key from the grid of Library, and on Label."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Ellipse with a name that is longer than its bar"


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    site.bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    return NAME


def library(site: Site, page: Page, more: str = "") -> Locator:
    page.goto(f"{site.url}/library?concept={quote(NAME)}{more}")
    tiles = page.locator("#library-main .tile")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    return tiles


def told(page: Page) -> Locator:
    return page.locator("[data-part=answering-said]")


def wait_until_sent(page: Page) -> None:
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")


def test_c_comments_on_the_picture_in_hand_and_escape_loses_nothing(
    site: Site, page: Page, concept: str
) -> None:
    tiles = library(site, page)
    picture = str(tiles.nth(1).get_attribute("data-value"))
    box = page.get_by_label("Your comment for")
    tiles.nth(1).focus()
    page.keyboard.press("c")
    expect(box).to_be_focused()
    page.keyboard.type("Has no corners")
    page.keyboard.press("Escape")
    expect(told(page)).to_have_text("Your comment is not saved yet. C brings it back.")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("c")
    expect(box).to_have_value("Has no corners")
    assert serious_in_both_themes(page) == []
    page.keyboard.press("Enter")
    expect(tiles.nth(1).locator(".own-remark")).to_have_text("“Has no corners”")
    wait_until_sent(page)
    assert site.bench.concept(concept).labels.own_comments([picture], "me") == {picture: "Has no corners"}
    assert site.bench.concept(concept).labels.own([picture], "me") == []  # a comment is no answer
    page.reload()
    expect(tiles.nth(1).locator(".own-remark")).to_have_text("“Has no corners”")
    tiles.nth(1).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".own-remark")).to_contain_text("Has no corners")
    dialog.get_by_role("button", name=f"{concept}: counts").focus()
    page.keyboard.press("c")
    page.get_by_role("button", name="Delete").click()
    expect(dialog.locator(".own-remark")).to_have_count(0)
    wait_until_sent(page)
    assert site.bench.concept(concept).labels.own_comments([picture], "me") == {}


def test_what_is_written_and_left_on_label_is_there_again(site: Site, page: Page, concept: str) -> None:
    page.goto(f"{site.url}/label?concept={quote(concept)}#single")
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=comment]")).to_be_hidden()
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_have_value("Half a thought")
