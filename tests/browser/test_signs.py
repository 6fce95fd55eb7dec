"""Small signs that tell the truth: how many pictures there are, and that an address leads nowhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accessible import serious
from drawing import draw_folder


def test_the_sidebar_follows_what_is_added(page: Any, site: Any, tmp_path: Path) -> None:
    page.goto(f"{site.url}/library")
    page.wait_for_selector("#rail-pictures:has-text('120 pictures')")
    more = draw_folder(tmp_path / "more", 3, first_seed=500)
    page.wait_for_selector("#add-paths", state="attached")
    page.evaluate("document.querySelector('#add-paths').closest('details').open = true")
    page.fill("#add-paths", str(more))
    page.locator("form[data-action=add] button").click()
    page.wait_for_selector("#rail-pictures:has-text('123 pictures')")  # and no page was opened anew


def test_an_unknown_address_is_a_page_with_a_way_on(page: Any, site: Any) -> None:
    page.goto(f"{site.url}/no-such-screen")
    page.wait_for_selector("text=There is nothing at this address")
    assert serious(page) == []
    page.get_by_role("link", name="Your concepts").click()
    page.wait_for_selector("#start >> text=What do you want to recognise?")
