"""Review in a browser: suggestions, labelled by key and undone."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from accessible import wrong_with_looks
from playwright.sync_api import expect


def test_suggestions_are_made_labelled_by_key_or_opened_undone_and_filtered(
    site: Any, page: Any, concept: str
) -> None:
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    page.get_by_role("button", name="Get suggestions").click()
    tile = page.locator(".pictures .tile").first
    expect(tile).to_be_visible()
    expect(page.get_by_text("No suggestion was checked yet")).to_be_visible()
    picture = tile.get_attribute("data-value")
    tile.focus()
    page.keyboard.press("n")
    expect(tile.locator(".said")).to_have_text("✗ doesn’t")
    page.keyboard.press("z")
    expect(tile.locator(".said")).to_have_text("")
    tile.click()
    opened = page.get_by_role("dialog")
    expect(opened.get_by_text("Suggestion:")).to_be_visible()
    expect(opened.locator(".why")).not_to_be_empty()
    assert wrong_with_looks(page) == []
    opened.get_by_role("button", name="Counts").click()
    expect(opened).to_have_count(0)
    expect(page.get_by_text("Saved: yes.")).to_be_visible()
    (given,) = site.bench.concept(concept).labels.recent("me", 100)
    assert (given.id, given.value) == (picture, "yes")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
    assert site.bench.concept(concept).labels.recent("me", 100) == []
    page.select_option("#filter-rating", index=1)
    expect(page).to_have_url(re.compile(r"rating=\d"))
