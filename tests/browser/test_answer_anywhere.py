"""Labels outside of Label: by key and with a comment, on Library, in the viewer and side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from answering import answer
from late_answers import HeldAnswer
from playwright.sync_api import Locator, Page, expect

from concepts.labelling.labels import give_label, labels_by, next_pictures, own_comments
from concepts.results.concepts import begin_concept
from concepts.results.library import browse
from concepts.results.trained import train

if TYPE_CHECKING:
    from conftest import Site

UNSENT = "/^discern:(elsewhere|unsaved-beside):/"
NAME, TRAINED = "Ellipse of the library, with a name longer than its bar", "Round thing"


@pytest.fixture(scope="module")
def site(own_site: Site) -> Site:
    return own_site


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    begin_concept(site.bench, NAME, "A filled ellipse, not a rectangle.")
    return NAME


def tiles_of(page: Page) -> Locator:
    return page.get_by_role("listbox", name="Pictures", exact=True).get_by_role("option")


@pytest.fixture
def tiles(site: Site, page: Page, concept: str) -> Locator:
    page.goto(f"{site.url}/library?concept={quote(concept)}")
    expect(tiles_of(page).first).to_be_visible()
    return tiles_of(page)


@pytest.fixture(scope="module")
def trained(site: Site) -> Site:
    """A concept with a version."""
    begin_concept(site.bench, TRAINED, "A filled ellipse, not a rectangle.")
    handle = site.bench.concept(TRAINED)
    answer(site.bench, TRAINED, [picture.id for picture in next_pictures(handle, 30)])
    handle.begin(train).wait()
    return site


def said(site: Site, picture: str | None, name: str = NAME) -> str | None:
    assert picture is not None
    given = labels_by(site.bench.concept(name), [picture], "me")
    return given[0].said if given else None


def mark(tile: Locator) -> Locator:
    return tile.locator(".mark")


def told(page: Page, text: str) -> None:
    """What the pill says."""
    expect(page.get_by_role("group", name="Selected pictures").get_by_role("status")).to_have_text(text)


def wait_until_sent(page: Page) -> None:
    page.wait_for_function(
        "() => !Object.keys(localStorage).some((name) => UNSENT.test(name))".replace("UNSENT", UNSENT)
    )


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
    assert [said(site, tiles.nth(n).get_attribute("data-id")) for n in (0, 1)] == ["yes", "no"]
    page.keyboard.press("z")
    told(page, "1 label undone.")
    expect(mark(tiles.nth(1))).to_have_count(0)
    wait_until_sent(page)
    page.reload()
    expect(mark(tiles.nth(0))).to_have_text("✓ counts")
    assert [said(site, tiles.nth(n).get_attribute("data-id")) for n in (0, 1)] == ["yes", None]


@pytest.mark.slow
def test_an_answer_in_the_library_measures_nothing_once_the_verdict_was_shown(
    trained: Site, page: Page
) -> None:
    handle = trained.bench.concept(TRAINED)
    page.goto(f"{trained.url}/library?concept={quote(TRAINED)}&says=yes")
    tiles = tiles_of(page)
    filtered = str(tiles.nth(1).get_attribute("data-id"))
    tiles.nth(1).focus()
    page.keyboard.press("y")
    wait_until_sent(page)
    page.goto(f"{trained.url}/library")
    expect(tiles.nth(11)).to_be_visible()
    with_squares, plain = (str(tiles.nth(n).get_attribute("data-id")) for n in (10, 11))
    give_label(handle, with_squares, "no", author="me")  # it may be one that measures
    tiles.nth(10).dblclick()
    dialog = page.locator("dialog.viewer")
    dialog.get_by_role("button", name="Where in the picture").click()
    expect(dialog.get_by_text("sure that it counts")).to_be_visible()
    dialog.get_by_role("button", name=f"{TRAINED}: counts").click()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(f".large:has([data-picture='{plain}']) + .side:not(.stale)")).to_be_visible()
    dialog.get_by_role("button", name=f"{TRAINED}: counts").click()
    wait_until_sent(page)
    given = labels_by(handle, [filtered, with_squares, plain], "me")
    in_view = {event.picture_id: event.in_view for event in given}
    assert in_view == {filtered: True, with_squares: True, plain: False}


def test_c_comments_on_the_picture_in_hand_and_escape_loses_nothing(
    site: Site, page: Page, tiles: Locator, concept: str
) -> None:
    handle, tile = site.bench.concept(concept), tiles.nth(20)
    picture, box = str(tile.get_attribute("data-id")), page.get_by_label("Your comment for")
    tile.focus()
    page.keyboard.press("c")
    expect(box).to_be_focused()
    page.keyboard.type("Has no corners")
    page.keyboard.press("Escape")
    told(page, "Your comment is not saved yet. C brings it back.")
    expect(tile).to_be_focused()
    page.keyboard.press("c")
    expect(box).to_have_value("Has no corners")
    assert serious_in_both_themes(page) == []
    page.keyboard.press("Enter")
    expect(tile.locator(".remark")).to_have_text("“Has no corners”")
    wait_until_sent(page)
    assert own_comments(handle, [picture], "me") == {picture: "Has no corners"}
    assert labels_by(handle, [picture], "me") == []  # a comment is no answer
    tile.dblclick()
    dialog = page.locator("dialog.viewer")
    expect(dialog.locator(".own-remark")).to_contain_text("Has no corners")
    dialog.get_by_role("button", name=f"{concept}: counts").focus()
    page.keyboard.press("c")
    page.get_by_role("button", name="Delete").click()
    expect(dialog.locator(".own-remark")).to_have_count(0)
    wait_until_sent(page)
    assert own_comments(handle, [picture], "me") == {}


@pytest.mark.slow
def test_answers_for_several_concepts_by_key_go_where_they_belong(site: Site, page: Page) -> None:
    names = ("Plain beside", "Round beside")
    for name in names:
        begin_concept(site.bench, name, "Something.")
    page.goto(f"{site.url}/library/side-by-side")
    for name in names:
        page.get_by_label("Concepts, at most 6").click()
        page.get_by_role("option", name=name).click()
        expect(page.get_by_role("group", name=name).first).to_be_visible()
    tile = page.locator(".cells[data-picture]").first
    expect(tile.locator(".cell")).to_have_count(2)
    picture = str(tile.get_attribute("data-picture"))
    tile.get_by_role("button", name=f"{names[0]}: counts").focus()
    for key in ("n", "y"):  # after each the next concept has its turn
        page.keyboard.press(key)
    wait_until_sent(page)
    assert [said(site, picture, name) for name in names] == ["no", "yes"]
    page.reload()
    pressed = tile.locator("[aria-pressed=true]")
    expect(pressed).to_have_count(2)
    tile.get_by_role("button", name=f"{names[0]}: doesn’t count").click()
    expect(pressed).to_have_count(1)
    wait_until_sent(page)
    assert [said(site, picture, name) for name in names] == [None, "yes"]


def test_a_late_answer_about_the_page_does_not_clear_the_viewer(site: Site, page: Page) -> None:
    held = HeldAnswer(page, lambda _, text: '"picture":null' in text)
    page.goto(f"{site.url}/library?open={browse(site.bench, limit=1).pictures[0].id}")
    details = page.locator("dialog.viewer .side summary").first
    expect(details).to_be_visible()
    held.deliver()
    expect(details).to_be_visible()
