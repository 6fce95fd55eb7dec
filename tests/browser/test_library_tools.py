"""What stands around the pictures of Library, and the sidebar: comments and albums by key from the grid,
tools that stay in one row, the concept that is kept, and a menu of many concepts."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Ellipse with a name that is longer than its bar"
MANY = [f"Zebra {number:03}" for number in range(60)]
ROWS = """elements => new Set(elements.filter(element => element.checkVisibility()).map(element => {
  const { top, bottom } = element.getBoundingClientRect();
  return Math.round((top + bottom) / 8);
})).size"""  # by their middles


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


def test_c_comments_on_each_of_several_that_are_chosen_beside_what_was_written(
    site: Site, page: Page, concept: str
) -> None:
    tiles = library(site, page)
    ids = [str(tiles.nth(n).get_attribute("data-value")) for n in (4, 5)]
    site.bench.concept(concept).labels.comment(ids[1], "Before.", author="me", key="before several")
    for n in (4, 5):
        tiles.nth(n).click(modifiers=["Control"])
    page.keyboard.press("c")
    expect(page.get_by_label("Your comment for")).to_be_focused()
    expect(page.locator(".comment-box label")).to_contain_text("on each of 2 pictures")
    page.keyboard.type("Alike")
    page.keyboard.press("Enter")
    expect(told(page)).to_have_text("Comment saved on 2 pictures.")
    wait_until_sent(page)
    assert site.bench.concept(concept).labels.own_comments(ids, "me") == {
        ids[0]: "Alike",
        ids[1]: "Before.\nAlike",
    }


def test_c_comments_on_the_tile_of_the_label_grid_too(site: Site, page: Page, concept: str) -> None:
    page.goto(f"{site.url}/label?concept={quote(concept)}#grid")
    tiles = page.locator(".tiles .tile")
    expect(tiles.first).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    page.keyboard.type("A disc")
    page.keyboard.press("Enter")
    expect(tiles.nth(1).locator(".said")).to_have_text("“A disc”")
    expect(tiles.nth(1)).to_be_focused()
    page.keyboard.press("y")  # the keys are the grid's again
    expect(tiles.nth(1).locator(".mark")).to_have_text("✓ counts")
    wait_until_sent(page)
    src = str(tiles.nth(1).locator("img").get_attribute("src"))
    picture = src.split("?")[0].rpartition("/")[2]
    assert site.bench.concept(concept).labels.own_comments([picture], "me") == {picture: "A disc"}
    page.keyboard.press("Backspace")


def test_c_comments_for_the_concept_in_focus_side_by_side(site: Site, page: Page, concept: str) -> None:
    page.goto(f"{site.url}/library/side-by-side?concept={quote(concept)}")
    cell = page.locator(".several-pictures .cell").nth(3)
    cell.locator("button").first.focus()
    page.keyboard.press("c")
    page.keyboard.type("Both")
    page.keyboard.press("Enter")
    expect(cell.locator(".own-remark")).to_have_text("“Both”")
    cell.get_by_role("button", name=f"{concept}: comment").click()  # where there is no keyboard
    expect(page.get_by_label("Your comment for")).to_have_value("Both")
    page.keyboard.press("Escape")


def test_what_is_written_and_left_on_label_is_there_again(site: Site, page: Page, concept: str) -> None:
    page.goto(f"{site.url}/label?concept={quote(concept)}#single")
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("Half a thought")
    page.keyboard.press("Escape")
    expect(page.locator("[data-part=comment]")).to_be_hidden()
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_have_value("Half a thought")


def test_selected_pictures_go_into_an_album_and_out_of_the_one_that_is_browsed(
    site: Site, page: Page, concept: str
) -> None:
    made = site.bench.collections.make("Discs", [], author="me")
    tiles = library(site, page)
    expect(page.get_by_role("button", name="Album A")).to_be_hidden()
    tiles.nth(4).click(modifiers=["ControlOrMeta"])
    tiles.nth(6).click(modifiers=["Shift"])
    chosen = [str(tiles.nth(n).get_attribute("data-value")) for n in (4, 5, 6)]
    page.keyboard.press("a")
    menu = page.get_by_role("group", name="Albums")
    expect(menu).to_be_visible()
    assert serious_in_both_themes(page) == []
    menu.get_by_role("button", name="Discs").click()
    expect(page.get_by_text("3 pictures added to “Discs”.")).to_be_visible()
    assert {p.id for p in site.bench.collections.pictures(made.id)} == set(chosen)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert site.bench.collections.get(made.id).pictures == 0
    site.bench.collections.put(made.id, chosen, author="me")

    tiles = library(site, page, f"&in={made.id}")
    expect(tiles).to_have_count(3)
    tiles.nth(0).click(modifiers=["ControlOrMeta"])
    page.get_by_role("button", name="Take out").click()
    expect(page.get_by_text("1 picture taken out of “Discs”, still in the library.")).to_be_visible()
    expect(tiles).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    expect(tiles).to_have_count(3)
    tiles.nth(0).click(modifiers=["ControlOrMeta"])
    page.keyboard.press("a")
    page.get_by_label("New album").fill("Rounder")
    page.keyboard.press("Enter")
    expect(page.get_by_text("“Rounder” created: 1 picture.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("“Rounder” is in the trash")).to_be_visible()


def test_the_tools_are_one_row_and_days_stay_beside_each_other(site: Site, page: Page, concept: str) -> None:
    library(site, page)
    page.get_by_role("button", name="Filter", exact=True).click()
    for width, rows in ((1600, 1), (1280, 1), (390, 3)):
        page.set_viewport_size({"width": width, "height": 900})
        at = page.locator("#library-tools > :is(form, .btn)").evaluate_all(ROWS)
        assert at <= rows, width
        for what in ("Taken", "Added"):
            pair = page.get_by_role("group", name=what, exact=True).locator("input[type=date]")
            assert pair.count() == 2
            assert pair.evaluate_all(ROWS) == 1, (width, what)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_concept_stays_in_the_sidebar_from_albums_to_side_by_side(
    site: Site, page: Page, concept: str
) -> None:
    site.bench.concepts.begin("Square beside", "A square.")
    made = site.bench.collections.make("To browse", [], author="me")
    here = page.locator(".rail .switch")
    page.goto(f"{site.url}/library?concept={quote(concept)}")
    page.get_by_role("button", name="All albums").click()
    page.get_by_role("link", name="To browse").click()
    expect(page.get_by_role("heading", name="This album is empty")).to_be_visible()
    expect(here).to_contain_text(concept)
    page.get_by_label("Sort by").select_option("Name, A–Z")
    page.wait_for_url(lambda url: "sort=name" in url and f"in={made.id}" in url and "concept=" in url)
    page.get_by_role("button", name="All pictures").last.click()
    tiles = page.locator("#library-main .tile")
    expect(tiles.first).to_be_visible()
    page.get_by_label("Sort by").select_option("Random")
    page.wait_for_url(lambda url: "sort=random" in url and "concept=" in url)
    random = [str(tiles.nth(n).get_attribute("data-value")) for n in (0, 1, 2)]
    tiles.nth(0).click(modifiers=["ControlOrMeta"])
    tiles.nth(2).click(modifiers=["Shift"])
    page.get_by_label("Label for").select_option("Square beside")
    page.get_by_role("link", name="Side by side").click()
    expect(here).to_contain_text(concept)
    shown = page.locator(".several-pictures [data-picture]")
    expect(shown).to_have_count(3)
    assert [shown.nth(n).get_attribute("data-picture") for n in range(3)] == random
    expect(page.locator(".cell").first).to_have_attribute("data-concept", "Square beside")
    page.get_by_role("link", name="Back to the pictures").click()
    page.wait_for_url(lambda url: "sort=random" in url and "pictures=" not in url)
    expect(here).to_contain_text(concept)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("link", name="Side by side").click()
    expect(shown.first).to_have_attribute("data-picture", random[0])
    expect(shown).to_have_count(24)
    site.bench.trash.put(concept="Square beside", author="me")


@pytest.mark.parametrize("width", [1280, 390])
def test_among_many_concepts_one_is_found_by_typing(site: Site, page: Page, concept: str, width: int) -> None:
    for name in sorted({*MANY} - {*list(site.bench.concepts.scales())}):
        site.bench.concepts.begin(name, "A zebra.")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{site.url}/results?concept={quote(concept)}")
    page.locator(".rail .switch").click()
    names = page.get_by_role("group", name="Concepts")
    links = names.get_by_role("link")
    expect(page.get_by_label("Find a concept")).to_be_focused()
    box = names.bounding_box()
    assert box
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] <= 844
    page.keyboard.type("047 zeb")
    expect(links).to_have_text(["Zebra 047"])
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("nothing like it")
    expect(names.get_by_role("status")).to_have_text("None is called so.")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("zebra 04")
    expect(links).to_have_count(11)  # 004, and 040 to 049
    assert serious_in_both_themes(page) == []
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(links.nth(1)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/results?concept=Zebra+004")


def test_encoder_says_how_well_it_is_known_which_pictures_look_alike(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/settings/encoder")
    panel = page.get_by_role("region", name="Similar pictures")
    expect(panel).to_contain_text("the library is small")
    panel.get_by_role("button", name="Compare again").click()
    expect(panel).to_contain_text("Every picture is compared with every other.")
    expect(page.get_by_text("Done: 120 pictures compared.")).to_be_visible()
    page.goto(f"{site.url}/library?view=health")
    expect(page.get_by_role("region", name="Sizes")).to_contain_text("Search index:")
