"""Several concepts at once: combined by and, or, not, answered side by side, in one table."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from answering import answer
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Site

ROUND, LINE, PLAIN = "Round thing", "A line", "Plain"


@pytest.fixture(scope="module")
def several(site: Site) -> Site:
    """Two trained concepts, and one that isn't."""
    bench = site.bench
    for name, what in ((ROUND, "ellipse"), (LINE, "line")):
        bench.concepts.begin(name, f"A filled {what}.")
        answer(bench, name, [p.id for p in bench.concept(name).labels.next_pictures(20)])
        bench.concept(name).versions.train().wait()
    bench.concepts.begin(PLAIN, "Something plain.")
    return site


def test_a_rule_is_put_together_with_buttons_tried_kept_and_taken_along(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/results/rule")
    page.get_by_label("A concept to begin with").select_option(ROUND)
    page.get_by_role("button", name="Begin with it").click()
    expect(page.get_by_text("In your library")).to_be_visible()
    page.get_by_label("One more concept").select_option(LINE)
    page.get_by_role("button", name="and it is not").click()
    expect(page.get_by_label("The rule, with AND, OR, NOT")).to_have_value(f"{ROUND} AND NOT {LINE}")
    page.get_by_role("group", name=f"Before {LINE}").get_by_role("button", name="or").click()
    expect(page.get_by_label("The rule, with AND, OR, NOT")).to_have_value(f"{ROUND} OR NOT {LINE}")
    tried = several.bench.rules.tried(f"{ROUND} OR NOT {LINE}")
    assert tried is not None
    expect(page.locator("#combine-found [role=status]")).to_contain_text(
        f"It flags {tried.flagged} of {tried.total}"
    )
    expect(page.locator("#combine-found .pictures li").first).to_contain_text(f"{LINE} ")
    expect(page).to_have_url(re.compile(r"/combine\?rule="))
    page.reload()
    page.get_by_role("button", name="Nearly flagged").click()
    expect(page).to_have_url(re.compile("order=nearly"))
    page.get_by_label("Keep it as").fill("Odd ones")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept as “Odd ones”.")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").first.click()
    assert download.value.suggested_filename == "odd-ones-v1.zip"
    page.get_by_role("button", name="Move Odd ones to trash").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("“Odd ones” is restored.")).to_be_visible()


def test_a_rule_that_cant_be_read_says_why_and_stays_to_be_mended(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/results/rule")
    page.get_by_text("Write it yourself").click()
    text = page.get_by_label("The rule, with AND, OR, NOT")
    text.fill(f"{ROUND} AND (")
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("alert")).to_contain_text("A concept is missing at the end.")
    expect(text).to_have_value(f"{ROUND} AND (")
    text.fill(f"NOT ({ROUND} OR {LINE})")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#combine-found [role=status]")).to_contain_text("It flags")


def test_answers_for_several_concepts_by_key_go_where_they_belong(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/library/side-by-side")
    for name in (ROUND, PLAIN):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Answer for these").click()
    expect(page.locator("[data-several][data-ready=yes]")).to_be_visible()
    page.get_by_role("link", name="By chance").click()
    expect(page.locator("[data-several][data-ready=yes]")).to_be_visible()
    tile = page.locator("[data-picture]").first
    picture = str(tile.get_attribute("data-picture"))
    tile.get_by_role("button", name=f"{PLAIN}: counts").focus()
    for key in ("n", "y"):  # after each the next concept has its turn
        page.keyboard.press(key)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.activeElement.closest('.cell').dataset.concept")
    assert focused == ROUND
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")

    def said() -> list[str]:
        found = (several.bench.concept(name).labels.own([picture], "me") for name in (ROUND, PLAIN))
        return [event.value for given in found for event in given]

    assert said() == ["yes", "no"]
    page.reload()
    pressed = tile.locator("[aria-pressed=true]")
    expect(pressed).to_have_count(2)
    tile.get_by_role("button", name=f"{PLAIN}: doesn’t count").click()
    expect(pressed).to_have_count(1)
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")
    assert said() == ["yes"]
