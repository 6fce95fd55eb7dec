"""Comments in a real browser: kept, seen again, changed and taken back, and hidden at a blind re-check."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from conftest import Site

from playwright.sync_api import expect

from concepts.labelling import rechecks


def shown(page: Any) -> str:
    return str(page.locator(".stage img").get_attribute("data-picture"))


def remarks(page: Any) -> Any:
    return page.locator("[data-part=remarks] li")


def write(page: Any, text: str) -> None:
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.press("Delete")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=comment]")).to_be_hidden()
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def test_a_kept_comment_is_seen_again_changed_and_taken_back(site: Site, label: Any, concept: str) -> None:
    picture = shown(label)
    write(label, "A plate, yes or no.")
    expect(label.locator("[data-part=said]")).to_have_text("Comment saved.")
    expect(remarks(label)).to_have_text("You: A plate, yes or no.")
    assert site.bench.concept(concept).labels.recent("me", 100) == []  # typing it answers nothing
    label.keyboard.press("n")
    expect(label.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(label.locator("[data-part=saved]")).to_have_text("saved")
    label.reload()
    expect(label.locator("#labeller[data-ready] .stage img")).to_be_visible()
    label.keyboard.press("ArrowLeft")
    expect(label.locator(f'.stage img[data-picture="{picture}"]')).to_be_visible()
    expect(remarks(label)).to_have_text("You: A plate, yes or no.")
    label.keyboard.press("c")
    expect(label.locator("#comment-text")).to_have_value("A plate, yes or no.")
    label.keyboard.press("Escape")
    write(label, "A bowl.")
    expect(remarks(label)).to_have_text("You: A bowl.")
    assert site.bench.concept(concept).labels.own_comments([picture], "me") == {picture: "A bowl."}
    label.keyboard.press("c")
    label.get_by_role("button", name="Take it back").click()
    expect(remarks(label)).to_have_count(0)
    expect(label.locator("[data-part=saved]")).to_have_text("saved")
    assert site.bench.concept(concept).labels.own_comments([picture], "me") == {}


def test_a_question_that_comes_a_second_time_shows_no_earlier_comment_and_keeps_a_new_one_beside_it(
    site: Site, label: Any, concept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SHARE": 1, "ENOUGH": 1, "SOONEST": 4, "LATEST": 4}.items():
        monkeypatch.setattr(rechecks, name, value)
    (first,) = site.bench.concept(concept).labels.next_pictures(1, purpose="evaluation")
    site.bench.concept(concept).labels.give(first.id, "yes", author="me")
    site.bench.concept(concept).labels.comment(first.id, "Earlier.", author="me", key=f"{concept} earlier")
    label.reload()
    expect(label.locator("#labeller[data-ready] .stage img")).to_be_visible()
    while shown(label) != first.id:
        before = shown(label)
        label.keyboard.press("y")
        expect(label.locator(f'.stage img:not([data-picture="{before}"])')).to_be_visible()
    expect(remarks(label)).to_have_count(0)
    label.keyboard.press("c")
    expect(label.locator("#comment-text")).to_have_value("")
    label.keyboard.press("Escape")
    write(label, "Now.")
    expect(remarks(label)).to_have_count(0)
    assert site.bench.concept(concept).labels.own_comments([first.id], "me") == {first.id: "Earlier.\nNow."}
