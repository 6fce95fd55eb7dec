"""Framing what counts in a picture on Label: by keys, kept with the label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
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
