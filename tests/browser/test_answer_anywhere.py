"""Labels wherever a picture is, by key, several at once, and undone: on Library, on a picture's own page,
among what a version gets wrong and among what it flags."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import wrong_with_looks
from playwright.sync_api import Locator, Page, expect

from concepts.learning.scale import Scale

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


def test_a_rectangle_chooses_what_it_touches_and_opens_nothing(page: Page, tiles: Locator) -> None:
    first, last = tiles.nth(0).bounding_box(), tiles.nth(1).bounding_box()
    assert first is not None
    assert last is not None
    page.mouse.move(first["x"] + 20, first["y"] + 20)
    page.mouse.down()
    page.mouse.move(last["x"] + 20, last["y"] + 40, steps=4)
    page.mouse.up()
    expect(told(page)).to_have_text("2 selected")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("button", name="Clear selection").click()
    expect(page.locator("#library-main .chosen")).to_have_count(0)
    tiles.nth(0).click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_ring_in_a_tiles_corner_selects_it_and_the_rest_opens_it(page: Page, tiles: Locator) -> None:
    box = tiles.nth(2).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 12)
    expect(told(page)).to_have_text("1 selected")
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 12)
    expect(told(page)).to_have_count(0)
    page.mouse.click(box["x"] + 12, box["y"] + 40)
    expect(page.get_by_role("dialog")).to_be_visible()


def test_what_a_search_found_is_answered_too(site: Site, page: Page, tiles: Locator) -> None:
    page.get_by_label("Search by words").fill("ellipse")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_text("Most similar first")).to_be_visible()
    tiles.nth(9).focus()
    page.keyboard.press("u")
    expect(mark(tiles.nth(9))).to_have_text("? unsure")
    wait_until_sent(page)
    assert said(site, tiles.nth(9).get_attribute("data-value")) == "unsure"


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


def test_a_picture_is_answered_for_all_concepts_on_its_own_page_and_so_is_the_next(
    site: Site, page: Page, concept: str
) -> None:
    site.bench.concepts.begin(GRADED, "How round it is.", scale=Scale.graded(5))
    page.goto(f"{site.url}/library")
    tiles = page.locator("#library-main .tile")
    first, second = (str(tiles.nth(n).get_attribute("data-value")) for n in (20, 21))
    site.bench.concept(GRADED).labels.give(first, "5", author="ben")
    tiles.nth(20).click()
    dialog = page.get_by_role("dialog")
    rows = dialog.locator(".cells .cell")
    expect(rows).to_have_count(len(list(site.bench.concepts.scales())))
    expect(dialog.locator("[aria-pressed=true]")).to_have_count(0)  # not even what ben says
    dialog.get_by_role("button", name=f"{concept}: counts").focus()
    page.keyboard.press("n")
    expect(dialog.get_by_role("button", name=f"{concept}: doesn’t count")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("4")
    expect(dialog.get_by_role("button", name=f"{GRADED}: 4 of 5")).to_have_attribute("aria-pressed", "true")
    wait_until_sent(page)
    assert [said(site, first, name) for name in (concept, GRADED)] == ["no", "4"]
    page.keyboard.press("ArrowRight")  # the next picture, at the same concept
    expect(dialog.get_by_role("button", name=f"{GRADED}: 1 of 5")).to_be_focused()
    page.keyboard.press("2")
    page.keyboard.press("z")
    wait_until_sent(page)
    assert said(site, second, GRADED) is None
    page.keyboard.press("ArrowLeft")
    expect(dialog.get_by_role("button", name=f"{GRADED}: 4 of 5")).to_have_attribute("aria-pressed", "true")
    expect(dialog).to_contain_text("ben")  # now that it is labelled
    dialog.get_by_role("button", name=f"{GRADED}: 4 of 5").click()
    expect(dialog.locator("[aria-pressed=true]")).to_have_count(1)
    assert wrong_with_looks(page) == []


def test_of_many_concepts_twelve_are_shown_and_others_chosen(site: Site, page: Page) -> None:
    for number in range(13):
        site.bench.concepts.begin(f"Zebra {number:02}", "A zebra.")
    page.goto(f"{site.url}/library")
    page.locator("#library-main .tile").nth(30).click()
    dialog = page.get_by_role("dialog")
    rows = dialog.locator(".cells .cell")
    expect(rows).to_have_count(12)
    dialog.get_by_label("Another concept").select_option("Zebra 12")
    expect(rows.last.get_by_role("button", name="Zebra 12: counts")).to_be_focused()
    page.keyboard.press("y")
    wait_until_sent(page)
    page.keyboard.press("ArrowRight")
    expect(rows.last.get_by_role("button", name="Zebra 12: counts")).to_be_focused()
    expect(rows).to_have_count(13)
    for number in range(13):
        site.bench.trash.put(concept=f"Zebra {number:02}", author="me")


def test_what_a_version_gets_wrong_is_answered_without_opening_it(trained: Site, page: Page) -> None:
    page.goto(f"{trained.url}/check?concept={quote(ROUND)}")
    tile = page.locator("#check-mistakes .tile").first
    picture = str(tile.get_attribute("data-value"))
    before = said(trained, picture, ROUND)
    tile.focus()
    page.keyboard.press("n" if before == "yes" else "y")
    expect(mark(tile)).to_have_text("✗ doesn’t" if before == "yes" else "✓ counts")
    wait_until_sent(page)
    assert said(trained, picture, ROUND) == ("no" if before == "yes" else "yes")
    assert trained.bench.concept(ROUND).labels.own([picture], "me")[0].in_view
    page.keyboard.press("z")
    wait_until_sent(page)
    assert said(trained, picture, ROUND) == before
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_a_version_flags_is_answered_several_at_once(trained: Site, page: Page) -> None:
    page.goto(f"{trained.url}/results?concept={quote(ROUND)}")
    tiles = page.locator("#results-library .tile")
    tiles.nth(2).click()
    tiles.nth(4).click(modifiers=["Shift"])
    expect(told(page)).to_have_text("3 selected")
    page.keyboard.press("u")
    expect(page.locator("#results-library .said.unsure")).to_have_count(3)
    wait_until_sent(page)
    ids = [str(tiles.nth(n).get_attribute("data-value")) for n in (2, 3, 4)]
    given = trained.bench.concept(ROUND).labels.own(ids, "me")
    assert [(event.value, event.in_view) for event in given] == [("unsure", True)] * 3
    assert wrong_with_looks(page) == []


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


def test_all_flagged_are_selected_and_go_into_an_album(trained: Site, page: Page) -> None:
    page.goto(f"{trained.url}/results?concept={quote(ROUND)}&order=top")
    tiles = page.locator("#results-library .tile")
    tiles.first.focus()
    page.get_by_role("button", name=re.compile("^Select (all )?flagged")).click()
    flagged = page.locator("#results-library .tile[data-flagged]")
    expect(page.locator("#results-library .chosen")).to_have_count(flagged.count())
    page.keyboard.press("a")
    page.get_by_label("New album").fill("Round ones")
    expect(page.get_by_text("Add the selection to")).to_be_visible()
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Round ones” created")).to_be_visible()
    (album,) = [one for one in trained.bench.collections.all() if one.name == "Round ones"]
    assert album.pictures == flagged.count()
    page.get_by_role("button", name="Album", exact=True).first.click()
    expect(page.get_by_text("Add all that count, without unlabelled test pictures, to")).to_be_visible()


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


def test_without_a_focus_x_selects_the_first_picture_and_a_caption_is_as_good_as_its_picture(
    trained: Site, page: Page
) -> None:
    page.goto(f"{trained.url}/results?concept={quote(ROUND)}&order=top")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    tiles, chosen = page.locator("#results-library .tile"), page.locator("#results-library .chosen")
    page.keyboard.press("x")
    expect(tiles.first).to_be_focused()
    expect(told(page)).to_have_text("1 selected")
    expect(chosen).to_have_attribute("data-value", str(tiles.first.get_attribute("data-value")))
    page.keyboard.press("x")
    expect(chosen).to_have_count(0)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name=re.compile("^Open ")).first).to_be_focused()
    page.keyboard.press("u")
    expect(mark(tiles.first)).to_have_text("? unsure")
    page.keyboard.press("z")
    wait_until_sent(page)


def test_new_finds_get_fewer_with_each_label(trained: Site, page: Page) -> None:
    found = trained.bench.concept(ROUND).scores.finds()
    assert found is not None
    page.goto(f"{trained.url}/results?concept={quote(ROUND)}")
    expect(page.locator(".answering[data-ready]")).to_be_attached()
    summary = page.get_by_role("status").filter(has_text="flagged")
    expect(summary).to_contain_text(f"{found.count} new")
    page.locator("#results-library .tile").first.focus()
    page.keyboard.press("u")
    expect(summary).to_contain_text(f"{found.count - 1} new")
    page.keyboard.press("z")
    expect(summary).to_contain_text(f"{found.count} new")
    wait_until_sent(page)


def test_on_library_a_label_says_of_which_concept(page: Page, tiles: Locator, concept: str) -> None:
    tiles.nth(3).focus()
    page.keyboard.press("n")
    expect(tiles.nth(3)).to_have_accessible_name(re.compile(f"✗ doesn’t {concept}$"))
    page.keyboard.press("z")
    wait_until_sent(page)


def test_in_a_narrow_window_no_key_is_told_and_a_button_selects(page: Page, tiles: Locator) -> None:
    keys, select = page.get_by_text("Ctrl-click or drag"), page.get_by_role("button", name="Select")
    page.set_viewport_size({"width": 1400, "height": 900})
    expect(keys).to_be_visible()
    expect(select).to_be_hidden()
    page.set_viewport_size({"width": 390, "height": 800})
    expect(keys).to_be_hidden()
    expect(select).to_be_visible()


def test_what_a_menu_has_stands_in_one_line(page: Page, tiles: Locator) -> None:
    page.locator("#more-library").click()
    icons = page.locator("#menu-library .icon")
    expect(icons.first).to_be_visible()
    places = {box["x"] for one in icons.all() if (box := one.bounding_box())}
    assert len(places) == 1


def test_ctrl_a_selects_pictures_and_no_text(page: Page, tiles: Locator) -> None:
    tiles.nth(0).focus()
    page.keyboard.press("ControlOrMeta+a")
    expect(page.locator("#library-main .chosen")).to_have_count(tiles.count())
    assert page.evaluate("getSelection().toString()") == ""
    page.keyboard.press("Escape")
    expect(page.locator("#library-main .chosen")).to_have_count(0)


def test_a_finger_that_rests_on_a_picture_selects_it_and_taps_go_on(page: Page, tiles: Locator) -> None:
    tiles.nth(2).dispatch_event("pointerdown", {"pointerType": "touch"})
    expect(page.locator("#library-main .chosen")).to_have_count(1)
    tiles.nth(2).dispatch_event("click", {"pointerType": "touch"})  # of the finger that rested
    expect(page.locator("#library-main .chosen")).to_have_count(1)
    tiles.nth(4).dispatch_event("pointerdown", {"pointerType": "touch"})
    tiles.nth(4).dispatch_event("pointerup", {"pointerType": "touch"})
    tiles.nth(4).dispatch_event("click", {"pointerType": "touch"})
    expect(page.locator("#library-main .chosen")).to_have_count(2)
    expect(page.get_by_role("dialog")).to_have_count(0)


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
