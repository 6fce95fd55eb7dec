"""Framing what counts in a picture on Label: by pointer and by keys, kept with the label."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Locator, expect

if TYPE_CHECKING:
    from conftest import Site


def framing(site: Site, label: Any, concept: str) -> tuple[Locator, str]:
    """The frame over the picture that was labelled last, which is none that measures, and its id."""
    work = site.bench.concept(concept)
    site.bench.context.draw_evaluation(work.row)
    apart = work.dataset().reserved
    picture = next(i for i in site.bench.context.collection.index().ids if i not in apart)
    work.labels.give(picture, "no", author="me", key=f"{concept} {picture}")
    label.reload()
    expect(label.locator(".stage img")).to_be_visible()
    label.keyboard.press("ArrowLeft")
    expect(label.locator(f'.stage img[data-picture="{picture}"]')).to_be_visible()
    label.keyboard.press("f")
    expect(label.locator(".stage .framing")).to_be_visible()
    return label.locator(".stage .framing"), picture


def settled(label: Any) -> None:
    expect(label.locator("[data-part=status]")).to_have_text("Frame saved.")
    expect(label.locator("[data-part=saved]")).to_have_text("saved")


def test_what_is_framed_with_the_pointer_is_kept_and_counts(site: Site, label: Any, concept: str) -> None:
    over, picture = framing(site, label, concept)
    box = over.bounding_box()
    label.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.3 * box["height"])
    label.mouse.down()
    label.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.5 * box["height"], steps=4)
    label.mouse.up()
    assert serious_in_both_themes(label) == []
    label.get_by_role("button", name="Save frame").click()
    settled(label)
    (framed,) = site.bench.concept(concept).parts.read().framed
    assert framed.picture == picture
    assert framed.box == pytest.approx((0.2, 0.3, 0.6, 0.5), abs=0.03)
    assert site.bench.concept(concept).labels.decisions()[picture].value == "yes"


def test_keys_move_and_resize_it_and_escape_changes_nothing(site: Site, label: Any, concept: str) -> None:
    over, picture = framing(site, label, concept)
    label.keyboard.press("y")  # labels nothing while something is framed
    label.keyboard.press("Escape")
    expect(over).to_have_count(0)
    assert site.bench.concept(concept).parts.read().framed == []
    label.keyboard.press("f")
    for key in ("ArrowLeft", "ArrowUp", "ArrowUp", "Shift+ArrowRight", "Enter"):
        label.keyboard.press(key)
    settled(label)
    (framed,) = site.bench.concept(concept).parts.read().framed
    assert (framed.picture, framed.box) == (picture, pytest.approx((0.355, 0.335, 0.625, 0.585)))


def test_describe_says_what_is_framed_and_what_can_be_done(site: Site, label: Any, concept: str) -> None:
    framing(site, label, concept)
    label.keyboard.press("Enter")
    settled(label)
    label.goto(re.sub("/label", "/describe", label.url).partition("#")[0])
    label.get_by_text("Judged by: whole picture").click()
    expect(label.get_by_text("Framed in 1 picture.")).to_be_visible()
    expect(label.get_by_role("button", name="Look for this part")).to_be_visible()
