"""Labels outside of Label, by key, several at once, and undone: on Library and among what a version flags."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME, ROUND, GRADED = "Ellipse of the library", "Round thing", "Roundness"


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    site.bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    return NAME


@pytest.fixture
def tiles(site: Site, page: Page, concept: str) -> Locator:
    page.goto(f"{site.url}/library?concept={quote(concept)}")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    return page.locator("#library-main .tile")


@pytest.fixture(scope="module")
def trained(site: Site) -> Site:
    """A concept with a version, of whose answers every sixth was a slip."""
    bench = site.bench
    bench.concepts.begin(ROUND, "A filled ellipse, not a rectangle.")
    for place, picture in enumerate(bench.concept(ROUND).labels.next_pictures(30)):
        counts = ("ellipse" in picture.path) != (place % 6 == 5)
        bench.concept(ROUND).labels.give(picture.id, "yes" if counts else "no", author="me")
    bench.concept(ROUND).versions.train().wait()
    return site


def said(site: Site, picture: str | None, name: str = NAME) -> str | None:
    assert picture is not None
    given = site.bench.concept(name).labels.own([picture], "me")
    return given[0].said if given else None


def mark(tile: Locator) -> Locator:
    return tile.locator(".said")


def told(page: Page) -> Locator:
    """What the pill says."""
    return page.locator("[data-part=answering-said]:not(:empty)")


def wait_until_sent(page: Page) -> None:
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")


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
    expect(told(page)).to_have_text("Nothing to undo.")


def test_several_are_chosen_with_shift_answered_together_and_taken_back_together(
    site: Site, page: Page, tiles: Locator
) -> None:
    tiles.nth(4).click(modifiers=["ControlOrMeta"])
    tiles.nth(7).click(modifiers=["Shift"])
    expect(told(page)).to_have_text("4 selected")
    page.get_by_role("button", name="Counts Y").click()
    expect(told(page)).to_have_text("4 pictures: counts.")
    expect(page.locator("#library-main .said.yes")).to_have_count(5)  # and the one of before
    wait_until_sent(page)
    ids = [tiles.nth(n).get_attribute("data-value") for n in range(4, 8)]
    assert [said(site, i) for i in ids] == ["yes"] * 4
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#library-main .said.yes")).to_have_count(1)
    wait_until_sent(page)
    assert [said(site, i) for i in ids] == [None] * 4


def test_without_a_concept_a_key_asks_for_one_and_labels_nothing(
    site: Site, page: Page, concept: str
) -> None:
    site.bench.concepts.begin("Another one", "Something else.")
    page.goto(f"{site.url}/library")
    tiles = page.locator("#library-main .tile")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    expect(page.get_by_label("Label for")).to_be_hidden()
    before = len(site.bench.concept(concept).labels.recent("me", 100))
    tiles.nth(2).focus()
    page.keyboard.press("y")
    expect(told(page)).to_have_text("Label for which concept?")
    expect(page.get_by_role("button", name="Counts Y")).to_be_hidden()
    assert len(site.bench.concept(concept).labels.recent("me", 100)) == before
    page.get_by_label("Label for").select_option(concept)
    tiles.nth(2).focus()
    page.keyboard.press("n")
    expect(mark(tiles.nth(2))).to_have_text("✗ doesn’t")
    page.keyboard.press("z")
    wait_until_sent(page)
    site.bench.trash.put(concept="Another one", author="me")


def test_an_answer_goes_where_the_ring_is(trained: Site, page: Page) -> None:
    page.goto(f"{trained.url}/results?concept={quote(ROUND)}")
    tiles, chosen = page.locator("#results-library .tile"), page.locator("#results-library .chosen")
    tiles.nth(5).click()
    tiles.nth(6).click()
    expect(chosen).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(tiles.nth(7)).to_be_focused()
    expect(chosen).to_have_count(1)
    page.keyboard.press("u")
    expect(tiles.nth(7).locator(".said.unsure")).to_be_visible()
    expect(tiles.nth(6).locator(".said.unsure")).to_have_count(0)
    wait_until_sent(page)


@pytest.mark.parametrize("by_mouse", [False, True])
def test_what_is_typed_into_an_opened_menu_labels_nothing(
    site: Site, page: Page, tiles: Locator, concept: str, by_mouse: bool
) -> None:
    before = len(site.bench.concept(concept).labels.recent("me", 100))
    for number in range(50, 53):
        tiles.nth(number).click(modifiers=["ControlOrMeta"])
    album = page.get_by_role("button", name="Album A")
    if by_mouse:
        album.click()
    else:
        page.keyboard.press("a")
    expect(page.get_by_label("New album")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("New album")).to_be_hidden()
    expect(album if by_mouse else tiles.nth(52)).to_be_focused()
    expect(told(page)).to_have_text("3 selected")
    album.click()
    page.keyboard.press("Shift+Tab")  # to an album, or to nothing that is a field
    page.keyboard.press("n")
    page.keyboard.press("Tab")
    page.keyboard.type(f"Ten any {by_mouse}")
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"“Ten any {by_mouse}” created: 3 pictures")).to_be_visible()
    assert len(site.bench.concept(concept).labels.recent("me", 100)) == before


def test_an_answer_in_the_library_measures_nothing_once_the_verdict_was_shown(
    trained: Site, page: Page
) -> None:
    page.goto(f"{trained.url}/library?concept={quote(ROUND)}&says=yes")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    tiles = page.locator("#library-main .tile")
    filtered = str(tiles.nth(1).get_attribute("data-value"))
    tiles.nth(1).focus()
    page.keyboard.press("y")
    page.goto(f"{trained.url}/library")
    with_squares, plain = (str(tiles.nth(n).get_attribute("data-value")) for n in (10, 11))
    trained.bench.concept(ROUND).labels.give(with_squares, "no", author="me")  # it may be one that measures
    tiles.nth(10).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Where in the picture").click()
    expect(dialog.get_by_text("sure that it counts")).to_be_visible()
    dialog.get_by_role("button", name=f"{ROUND}: counts").click()
    page.keyboard.press("ArrowRight")
    expect(dialog.locator(f"[data-concepts][data-ready=yes] [data-picture='{plain}']")).to_be_visible()
    dialog.get_by_role("button", name=f"{ROUND}: counts").click()
    wait_until_sent(page)
    given = trained.bench.concept(ROUND).labels.own([filtered, with_squares, plain], "me")
    in_view = {event.picture_id: event.in_view for event in given}
    assert in_view == {filtered: True, with_squares: True, plain: False}
