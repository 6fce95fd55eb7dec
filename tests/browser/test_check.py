"""Check in a browser: train, and correct a mistake.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from answering import answer

from concepts.classifier.verdict import verdict
from concepts.learning import waves

NAME = "Ellipse by hand"


@pytest.fixture(scope="module")
def site(own_site: Any) -> Any:
    return own_site


@pytest.fixture(scope="module")
def answered(site: Any) -> Any:
    """A concept with every evaluation picture and 30 others answered, and no version."""
    bench = site.bench
    labels = bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.").labels
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.35)  # of a small library: figures need ten of each kind
        to_measure = labels.next_pictures(200, purpose="evaluation")
    answer(bench, NAME, [picture.id for picture in to_measure])
    answer(bench, NAME, [picture.id for picture in labels.next_pictures(30)])
    return site


def open_check(page: Any, site: Any) -> None:
    page.goto(f"{site.url}/check?concept={quote(NAME)}")
    page.wait_for_selector("#check-head h1")


def train_if_needed(page: Any, site: Any) -> None:
    open_check(page, site)
    if not site.bench.concept(NAME).definition.read().heads:
        page.get_by_role("button", name="Train", exact=True).click()
        page.get_by_text("Version 1 is trained.").wait_for()
    page.get_by_role("slider", name="Threshold").wait_for()
    page.wait_for_function("() => !document.querySelector('.job')")


def test_training_ends_with_a_verdict_without_a_reload(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    report = answered.bench.concept(NAME).versions.one().report
    assert page.locator(".say").inner_text().startswith(verdict(report).said)
    assert "% right" in page.locator(".at-threshold").inner_text()
    assert page.get_by_text("labels simulated").is_visible()


def test_a_mistake_is_corrected_with_a_comment_and_undone(page: Any, answered: Any) -> None:
    handle = answered.bench.concept(NAME)
    train_if_needed(page, answered)
    scored = handle.scores.page("top", limit=200).pictures
    wrong = max(scored, key=lambda picture: picture.probability).id  # flagged; the answer is made to say no
    handle.labels.give(wrong, "no", author="me")

    def last() -> Any:
        return list(answered.bench.context.log.events(handle.row.id, wrong))[-1]

    open_check(page, answered)
    page.click(f"#open-{wrong[:12]}")
    page.fill("#correct-comment", "It is round after all.")
    page.locator("dialog").get_by_role("button", name="It counts").click()
    page.wait_for_selector("#check-said >> text=Saved: it counts")
    assert (last().value, last().comment) == ("yes", "It is round after all.")
    page.locator("#check-said").get_by_role("button", name="Undo").click()
    page.wait_for_selector("#check-said >> text=Undone")
    assert last().value == "undo"
