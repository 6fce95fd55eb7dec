"""Marks in the grid of Label in a real browser: whoever leaves them is asked, and a reload keeps them."""

from __future__ import annotations

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


def test_taking_a_batch_back_leaves_later_marks_alone(site: Site, grid: Any, concept: str) -> None:
    mark(grid, 2)
    grid.keyboard.press("Enter")
    expect(grid.locator("[data-part=status]")).to_contain_text("2 saved")
    filled(grid)
    mark(grid, 3)
    grid.keyboard.press("z")
    expect(grid.locator("[data-part=count]")).to_contain_text("0 of about 100 labels")
    expect(marked(grid)).to_have_count(3)
