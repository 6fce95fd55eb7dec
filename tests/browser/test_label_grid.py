"""Marks in the grid of Label in a real browser: whoever leaves them is asked, and a reload keeps them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

if TYPE_CHECKING:
    from conftest import Site

from playwright.sync_api import expect


@pytest.fixture
def grid(label: Any) -> Any:
    """The page on the Label screen, in the grid."""
    label.keyboard.press("g")
    filled(label)
    return label


def address(site: Site, concept: str) -> str:
    return f"{site.url}/label?{urlencode({'concept': concept})}"


def filled(page: Any) -> None:
    expect(page.locator(".tiles .tile")).to_have_count(36)


def mark(page: Any, n: int) -> list[str]:
    """Marks the first n as yes by keys; their pictures."""
    expect(page.locator(".tiles .tile").first).to_be_focused()
    page.keyboard.press("y")
    for _ in range(n - 1):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("y")
    expect(marked(page)).to_have_count(n)
    return pictures(page)[:n]


def marked(page: Any) -> Any:
    return page.locator(".tiles .tile.yes")


def pictures(page: Any) -> list[str]:
    images = page.locator(".tiles .tile img").all()
    return [str(image.get_attribute("data-picture")) for image in images]


def question(page: Any) -> Any:
    return page.locator("dialog[data-part=unsaved]")


def answers(site: Site, concept: str) -> list[tuple[str, str]]:
    return [(answer.id, answer.value) for answer in site.bench.concept(concept).labels.recent("me", 100)]


def stays_in_the_grid(page: Any, site: Site, concept: str) -> None:
    expect(page).to_have_url(f"{address(site, concept)}#grid")
    expect(page.locator("[data-part=tiles]")).to_be_visible()


def test_a_reload_and_back_from_another_screen_stay_in_the_grid_of_the_same_concept(
    site: Site, grid: Any, concept: str
) -> None:
    grid.reload()
    filled(grid)
    stays_in_the_grid(grid, site, concept)
    grid.locator("[data-part=onward]").click()
    expect(grid).to_have_url(re.compile("/check"))
    grid.go_back()
    filled(grid)
    stays_in_the_grid(grid, site, concept)


def test_back_in_the_grid_leads_to_single_pictures_and_forward_to_the_grid_again(
    site: Site, grid: Any, concept: str
) -> None:
    grid.go_back()
    expect(grid.locator(".stage img")).to_be_visible()
    expect(grid).to_have_url(f"{address(site, concept)}#single")
    grid.go_forward()
    filled(grid)
    stays_in_the_grid(grid, site, concept)
    grid.keyboard.press("g")
    expect(grid.locator(".stage img")).to_be_visible()
    expect(grid).to_have_url(f"{address(site, concept)}#single")


def test_closing_the_grid_asks_about_marks_escape_stays_with_them_and_enter_saves_them(
    site: Site, grid: Any, concept: str
) -> None:
    given = mark(grid, 3)
    grid.keyboard.press("g")
    expect(question(grid)).to_be_visible()
    expect(question(grid)).to_contain_text("3 marks are not saved")
    grid.keyboard.press("Escape")
    expect(question(grid)).to_be_hidden()
    expect(marked(grid)).to_have_count(3)
    stays_in_the_grid(grid, site, concept)
    assert answers(site, concept) == []
    grid.keyboard.press("g")
    expect(question(grid)).to_be_visible()
    grid.keyboard.press("Enter")
    expect(grid.locator(".stage img")).to_be_visible()
    expect(grid.locator("[data-part=count]")).to_contain_text("3 of about 100 labels")
    assert answers(site, concept) == [(picture, "yes") for picture in given]


def test_enter_saves_after_a_click_on_mark_rest_no_and_until_then_it_says_not_saved(
    site: Site, grid: Any, concept: str
) -> None:
    mark(grid, 2)
    state = grid.locator("[data-part=saved]")
    expect(state).to_have_text("2 not saved")
    grid.get_by_role("button", name="Mark rest No").click()
    expect(state).to_have_text("36 not saved")
    grid.keyboard.press("Enter")
    expect(state).to_have_text("saved")
    assert len(answers(site, concept)) == 36


def test_how_far_it_is_closes_by_escape_and_by_a_click_elsewhere(grid: Any) -> None:
    line, panel = (
        grid.get_by_role("button", name="of about 100 labels"),
        grid.get_by_role("group", name="How far"),
    )
    line.click()
    expect(panel).to_be_visible()
    grid.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    line.click()
    expect(panel).to_be_visible()
    grid.get_by_role("heading", level=1).click()
    expect(panel).to_be_hidden()


def test_d_drops_the_marks_and_they_do_not_come_back(site: Site, grid: Any, concept: str) -> None:
    mark(grid, 2)
    grid.keyboard.press("g")
    expect(question(grid)).to_be_visible()
    grid.keyboard.press("d")
    expect(grid.locator(".stage img")).to_be_visible()
    grid.reload()
    expect(grid.locator(".stage img")).to_be_visible()
    grid.keyboard.press("g")
    filled(grid)
    expect(marked(grid)).to_have_count(0)
    assert answers(site, concept) == []


def test_a_reload_asks_and_keeps_the_marks(site: Site, grid: Any, concept: str) -> None:
    given = mark(grid, 4)
    asked: list[str] = []
    grid.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    grid.reload()
    expect(marked(grid)).to_have_count(4)
    expect(grid.locator("[data-part=status]")).to_contain_text("4 marks not saved yet")
    assert asked == ["beforeunload"]
    assert pictures(grid)[:4] == given
    stays_in_the_grid(grid, site, concept)
    grid.keyboard.press("Enter")
    expect(grid.locator("[data-part=status]")).to_contain_text("4 saved")
    grid.reload()
    filled(grid)
    expect(marked(grid)).to_have_count(0)
    assert answers(site, concept) == [(picture, "yes") for picture in given]


def test_closing_the_tab_asks_while_marks_are_not_saved(grid: Any) -> None:
    mark(grid, 1)
    with grid.expect_event("dialog") as asked:
        grid.close(run_before_unload=True)
    assert asked.value.type == "beforeunload"
    asked.value.dismiss()
    expect(marked(grid)).to_have_count(1)


@pytest.mark.parametrize("leave", ["w", "back", "order", "step"])
def test_every_other_way_out_asks_too(site: Site, grid: Any, concept: str, leave: str) -> None:
    mark(grid, 1)

    def go() -> None:
        if leave == "w":
            grid.keyboard.press("w")
        elif leave == "back":
            grid.evaluate("history.back()")
        elif leave == "order":
            grid.select_option("[data-part=order]", "unlikely")
        else:
            grid.locator("[data-part=onward]").click()

    go()
    expect(question(grid)).to_contain_text("1 mark is not saved")
    grid.keyboard.press("Escape")
    expect(question(grid)).to_be_hidden()
    expect(marked(grid)).to_have_count(1)
    expect(grid.locator("[data-part=order]")).to_have_value("likely")
    stays_in_the_grid(grid, site, concept)
    go()
    expect(question(grid)).to_be_visible()
    grid.keyboard.press("s")
    arrived = {
        "w": lambda: expect(grid).to_have_url(re.compile("#sheet$")),
        "back": lambda: expect(grid.locator(".stage img")).to_be_visible(),
        "order": lambda: expect(grid.locator("[data-part=order]")).to_have_value("unlikely"),
        "step": lambda: expect(grid).to_have_url(re.compile("/check")),
    }
    arrived[leave]()
    grid.wait_for_load_state()  # else what is still loading would break off the next page
    grid.goto(address(site, concept))
    expect(grid.locator("[data-part=count]")).to_contain_text("1 of about 100 labels")
    assert [value for _, value in answers(site, concept)] == ["yes"]


def test_taking_a_batch_back_leaves_later_marks_alone(site: Site, grid: Any, concept: str) -> None:
    mark(grid, 2)
    grid.keyboard.press("Enter")
    expect(grid.locator("[data-part=status]")).to_contain_text("2 saved")
    filled(grid)
    mark(grid, 3)
    grid.keyboard.press("z")
    expect(grid.locator("[data-part=count]")).to_contain_text("0 of about 100 labels")
    expect(marked(grid)).to_have_count(3)


def test_a_clock_that_was_set_back_has_no_page_come_anew_for_ever(grid: Any) -> None:
    asked: list[str] = []
    grid.evaluate("sessionStorage.setItem('discern:saved', Date.now() + 3600000)")
    grid.on("request", lambda request: asked.append(request.url) if request.is_navigation_request() else None)
    grid.reload()
    filled(grid)
    grid.wait_for_load_state("networkidle")
    assert len(asked) == 2  # once more for what may have been saved meanwhile


def test_the_page_after_one_that_is_saved_begins_at_its_first_row(grid: Any) -> None:
    tiles = grid.locator(".tiles .tile")
    mark(grid, 1)
    tiles.last.scroll_into_view_if_needed()
    grid.set_viewport_size({"width": 1000, "height": 420})
    tiles.last.scroll_into_view_if_needed()
    expect(tiles.first).not_to_be_in_viewport()
    grid.keyboard.press("Enter")
    expect(grid.locator("[data-part=status]")).to_contain_text("1 saved")
    expect(tiles.first).to_be_in_viewport()
