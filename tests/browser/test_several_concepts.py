"""Several concepts at once: combined by and, or, not, answered side by side, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

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


def test_a_rule_is_put_together_in_the_bar_tried_saved_and_downloaded(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/combine")
    page.get_by_role("button", name="Choose a concept").and_(page.locator("[popovertarget^=rule]")).click()
    page.get_by_role("link", name=ROUND, exact=True).click()
    expect(page.get_by_role("heading", name=ROUND)).to_be_visible()
    page.get_by_role("button", name="and not", exact=True).click()
    page.get_by_role("group", name="and not").get_by_role("link", name=LINE).click()
    page.get_by_role("button", name=f"and not {LINE}").click()
    page.get_by_role("link", name="Join by “or”").click()
    page.wait_for_url(lambda url: f"rule={ROUND} OR NOT {LINE}" in unquote_plus(url))
    tried = several.bench.rules.tried(f"{ROUND} OR NOT {LINE}")
    status = page.get_by_role("region", name="Pictures").get_by_role("status").first
    expect(status).to_contain_text(f"{tried.flagged} of {tried.total} flagged")
    expect(page.locator("#results-library .pictures li").first).to_contain_text(f"{LINE} ")
    page.get_by_role("button", name="Nearly flagged").click()
    page.wait_for_url(lambda url: "order=nearly" in url)
    page.go_back()
    expect(page.get_by_role("button", name="Surest")).to_have_attribute("aria-current", "true")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_label("Save with today’s versions as").fill("Odd ones")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Saved as “Odd ones”.")).to_be_visible()
    page.get_by_text("Download classifier", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download", exact=True).click()
    assert download.value.suggested_filename == "odd-ones.zip"
    page.get_by_text("Rules", exact=True).click()
    page.get_by_role("button", name="Move Odd ones to trash").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("“Odd ones” is restored.")).to_be_visible()


def test_a_rule_is_written_with_brackets_and_labelled_for_one_of_its_concepts(
    several: Site, page: Page
) -> None:
    page.goto(f"{several.url}/results?concept={ROUND}")
    page.get_by_text("Rules", exact=True).click()
    page.get_by_label("Rule, with AND, OR, NOT").fill(f"NOT ({ROUND} OR {LINE})")
    page.keyboard.press("Enter")
    status = page.get_by_role("region", name="Pictures").get_by_role("status").first
    expect(status).to_contain_text("flagged")
    tile = page.locator("#results-library .tile").first
    picture = str(tile.get_attribute("data-value"))
    tile.click()
    page.get_by_label("Label for").select_option(LINE)
    page.keyboard.press("u")
    expect(tile.locator(".said")).to_have_text("? unsure")
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")
    (given,) = several.bench.concept(LINE).labels.own([picture], "me")
    assert (given.value, given.in_view) == ("unsure", True)


def test_answers_for_several_concepts_by_key_go_where_they_belong(several: Site, page: Page) -> None:
    page.goto(f"{several.url}/library/side-by-side?order=mixed")  # an earlier address of the random order
    page.get_by_role("button", name="Choose concepts").click()
    for name in (ROUND, PLAIN):
        page.get_by_label(name).check()
    page.get_by_role("button", name="Show", exact=True).click()
    tile = page.locator("[data-picture]").first
    expect(tile.locator(".cell")).to_have_count(2)
    picture = str(tile.get_attribute("data-picture"))
    tile.get_by_role("button", name=f"{PLAIN}: counts").focus()
    for key in ("n", "y"):  # after each the next concept has its turn
        page.keyboard.press(key)
    page.keyboard.press("ArrowLeft")  # the same concept on the picture before
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+Tab")
    focused = page.evaluate("document.activeElement.closest('.cell').dataset.concept")
    assert focused == PLAIN
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
