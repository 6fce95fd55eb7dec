"""Comments in a real browser: kept, seen again, changed and taken back, wherever their picture is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

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


def test_going_back_shows_the_comment_with_the_answer_and_what_others_wrote(
    site: Site, label: Any, concept: str
) -> None:
    picture = shown(label)
    key = f"{concept} ana"
    site.bench.concept(concept).labels.give(picture, "no", author="ana", key=key, comment="Has corners.")
    write(label, "No corners.")
    expect(remarks(label)).to_have_text("You: No corners.")
    label.keyboard.press("y")
    expect(label.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(label.locator("[data-part=last-body]")).to_contain_text("You wrote: “No corners.”")
    expect(remarks(label)).to_have_count(0)
    expect(label.locator("[data-part=saved]")).to_have_text("saved")
    label.keyboard.press("ArrowLeft")
    expect(remarks(label)).to_have_text(["ana: Has corners.", "You: No corners."])


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


def test_a_tile_of_the_grid_carries_its_comment(label: Any) -> None:
    picture = shown(label)
    write(label, "A plate.")
    label.keyboard.press("g")
    expect(label.locator(".tiles .tile")).to_have_count(36)
    tile = label.locator(".tiles .tile", has=label.locator(f'img[data-picture="{picture}"]'))
    if tile.count():  # unless it is kept for measuring, which the grid leaves out
        expect(tile.locator(".said")).to_have_text("“A plate.”")
        expect(tile).to_have_attribute("aria-label", re.compile("your comment: A plate"))
        tile.click()
        label.once("dialog", lambda dialog: dialog.accept())
        label.reload()
        expect(tile).to_have_class(re.compile("yes"))
        expect(tile.locator(".said")).to_have_text("“A plate.”")


def test_c_on_a_suggestion_writes_the_comment_that_its_page_shows(
    site: Site, page: Any, concept: str
) -> None:
    site.bench.concept(concept).annotations.annotate().wait()
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    tile = page.locator(".pictures .tile").first
    for before, text in (("", "A plate."), ("A plate.", "A bowl."), ("A bowl.", "")):
        tile.focus()
        page.keyboard.press("c")
        expect(page.get_by_label("Your comment for")).to_have_value(before)
        page.get_by_label("Your comment for").fill(text)
        page.keyboard.press("Enter")
        expect(page.locator("dialog.comment-box")).to_have_count(0)
        picture = tile.get_attribute("data-value")
        wait_for_comment(site, concept, picture, text)
        tile.click()
        shown = page.get_by_role("dialog").locator(".remark")
        expect(shown).to_have_text([f"You: {text}"] if text else [])
        page.keyboard.press("Escape")


def wait_for_comment(site: Site, concept: str, picture: str, text: str) -> None:
    while site.bench.concept(concept).labels.own_comments([picture], "me").get(picture, "") != text:
        pass


def test_the_library_shows_all_of_ones_comments_on_a_picture_and_others_after_ones_answer(
    site: Site, page: Any, concept: str
) -> None:
    (picture,) = (found.id for found in site.bench.library.pictures(limit=1).pictures)
    bench, key = site.bench, f"{concept} ana"
    bench.concepts.begin(f"{concept} too", "The same.")
    for name in (concept, f"{concept} too"):
        bench.concept(name).labels.comment(picture, f"Mine on {name}.", author="me", key=f"{name} mine")
    bench.concept(concept).labels.give(picture, "no", author="ana", key=key, comment=f"Corners, {concept}.")
    page.goto(f"{site.url}/library")
    page.locator(f'[data-action=open][data-value="{picture}"]').click()
    dialog = page.locator("#library-dialog dialog")
    for name in (concept, f"{concept} too"):
        expect(dialog.get_by_text(f"Mine on {name}.")).to_be_visible()
    others = dialog.get_by_text("Other labels and comments", exact=True)
    others.click()
    answer = dialog.get_by_role("listitem").filter(has=page.get_by_role("link", name=concept, exact=True))
    expect(answer).to_contain_text("shown once you have labelled it")
    expect(dialog.get_by_text(f"Corners, {concept}.")).to_have_count(0)
    bench.concept(concept).labels.give(picture, "yes", author="me")
    page.reload()
    page.locator(f'[data-action=open][data-value="{picture}"]').click()
    others.click()
    expect(dialog.get_by_text(f"Corners, {concept}.")).to_be_visible()
    expect(answer).to_have_text([re.compile("doesn’t count")])
