"""Concepts as a whole in the browser: their menu on the card and at the head, and switching between them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote_plus

from accessible import serious_in_both_themes
from playwright.sync_api import Locator, Page, expect

from storage.labels import Author

if TYPE_CHECKING:
    from conftest import Site

ME = Author("me")


def begin(site: Site, *names: str) -> None:
    for name in names:
        site.bench.concepts.begin(name, f"A shape like a {name.lower()}.")


def choose(page: Page, name: str, what: str) -> None:
    page.get_by_role("button", name=f"More for {name}", exact=True).click()
    page.get_by_role("group", name=name, exact=True).get_by_role("button", name=what).click()


def card(page: Page, name: str) -> Locator:
    return page.locator(".card h3").get_by_role("link", name=name, exact=True)


def test_a_concept_is_renamed_on_its_card_and_called_as_before_with_undo(site: Site, page: Page) -> None:
    begin(site, "Circle", "Taken")
    page.goto(site.url)
    choose(page, "Circle", "Rename")
    field = page.get_by_label("New name")
    expect(field).to_be_focused()
    field.fill("taken")
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("There is a concept called “taken” already")
    expect(field).to_have_value("taken")
    field.fill("Disc")
    field.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(card(page, "Disc")).to_be_visible()
    expect(card(page, "Circle")).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(card(page, "Circle")).to_be_visible()


def test_renamed_at_its_head_the_whole_page_knows_and_an_old_link_leads_there(site: Site, page: Page) -> None:
    begin(site, "Oval")
    page.goto(f"{site.url}/describe?concept=Oval")
    choose(page, "Oval", "Rename")
    page.get_by_label("New name").fill("Egg & spoon")
    page.get_by_role("button", name="Rename", exact=True).last.click()
    page.wait_for_url(f"**/describe?concept={quote_plus('Egg & spoon')}*")
    expect(page.get_by_role("heading", name="Egg & spoon", exact=True)).to_be_visible()
    expect(page.locator(".rail .concept").first).to_contain_text("Egg & spoon")
    expect(page.locator("#describe-head .notice")).to_contain_text("“Oval” renamed to “Egg & spoon”.")
    page.goto(f"{site.url}/label?concept=oval&x=1")
    page.wait_for_url(f"**/label?concept={quote_plus('Egg & spoon')}&x=1")
    page.go_back()
    page.locator("#describe-head .notice").get_by_role("button", name="Undo").click()
    page.wait_for_url("**/describe?concept=Oval&*")
    expect(page.get_by_role("heading", name="Oval", exact=True)).to_be_visible()


def test_a_concept_in_the_trash_comes_back_with_one_press(site: Site, page: Page) -> None:
    begin(site, "Moon")
    page.goto(site.url)
    choose(page, "Moon", "Move to trash")
    expect(card(page, "Moon")).to_have_count(0)
    page.get_by_role("status").get_by_role("button", name="Undo").click()
    expect(card(page, "Moon")).to_be_visible()
    page.goto(f"{site.url}/describe?concept=Moon")
    choose(page, "Moon", "Move to trash")
    page.wait_for_url("**/?away=Moon#put-away")
    undo = page.get_by_role("status").get_by_role("button", name="Undo")
    expect(undo).to_be_in_viewport()
    undo.click()
    expect(card(page, "Moon")).to_be_visible()


def test_the_sidebar_switches_to_the_same_step_of_another_concept_by_keys_and_mouse(
    site: Site, page: Page
) -> None:
    for other in list(
        site.bench.concepts.scales()
    ):  # of many there is a box to find one, which has the focus
        site.bench.trash.put(concept=other, author="me")
    begin(site, "Kite", "Leaf")
    page.goto(f"{site.url}/label?concept=Kite")
    switch = page.locator(".rail .switch")
    expect(switch).to_contain_text("Kite")
    names = page.get_by_role("group", name="Concepts")
    expect(names).to_be_hidden()
    switch.focus()
    page.keyboard.press("Enter")
    expect(names.get_by_role("link", name="Kite", exact=True)).to_be_focused()
    assert serious_in_both_themes(page) == []
    page.keyboard.press("Escape")
    expect(names).to_be_hidden()
    expect(switch).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(names.get_by_role("link", name="Leaf", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/label?concept=Leaf")
    switch.click()
    names.get_by_role("link", name="Kite", exact=True).click()
    page.wait_for_url("**/label?concept=Kite")
    page.goto(f"{site.url}/check?concept=Kite")
    switch.click()
    names.get_by_role("link", name="Leaf", exact=True).click()
    page.wait_for_url("**/check?concept=Leaf")


def test_on_a_phone_the_sidebar_switches_too(site: Site, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    begin(site, "Cloud", "Drop")
    page.goto(f"{site.url}/results?concept=Cloud")
    page.locator(".rail .switch").click()
    page.get_by_role("group", name="Concepts").get_by_role("link", name="Drop", exact=True).click()
    page.wait_for_url("**/results?concept=Drop")
