"""Check in a browser: train, move the threshold, and correct a mistake.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from answering import answer
from late_answers import HeldAnswer
from playwright.sync_api import expect

from concepts.labelling.labels import give_label, next_pictures
from concepts.learning import waves
from concepts.results.concepts import begin_concept, concept_state
from concepts.results.review import looked_over_now
from concepts.results.scores import score_page
from concepts.results.trained import version_beside
from concepts.results.verdict import verdict

NAME = "Ellipse by hand"


@pytest.fixture(scope="module")
def site(own_site: Any) -> Any:
    return own_site


@pytest.fixture(scope="module")
def answered(site: Any) -> Any:
    """A concept with every evaluation picture and 30 others answered, and no version."""
    bench = site.bench
    handle = begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.35)  # of a small library: figures need ten of each kind
        to_measure = next_pictures(handle, 200, purpose="evaluation")
    answer(bench, NAME, [picture.id for picture in to_measure])
    answer(bench, NAME, [picture.id for picture in next_pictures(handle, 30)])
    return site


def open_check(page: Any, site: Any) -> None:
    page.goto(f"{site.url}/check?concept={quote(NAME)}")
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()


def train_if_needed(page: Any, site: Any) -> None:
    open_check(page, site)
    if not concept_state(site.bench.concept(NAME)).heads:
        page.get_by_role("button", name="Train", exact=True).click()
        expect(page.get_by_text("Version 1 is trained and tested.")).to_be_visible()
    expect(page.locator("#check-verdict")).to_contain_text("flagged.")


def test_training_ends_with_a_verdict_and_one_black_button_without_a_reload(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    report = version_beside(answered.bench.concept(NAME)).report
    assert page.locator(".say").inner_text().startswith(verdict(report).said)
    expect(page.locator(".measures")).to_contain_text("Right")
    expect(page.get_by_text("labels simulated")).to_be_visible()
    expect(page.locator("#screen-check .primary:visible")).to_have_count(1)


def test_a_moved_threshold_says_at_once_what_it_would_do_and_becomes_a_version(
    page: Any, answered: Any
) -> None:
    train_if_needed(page, answered)
    versions = len(concept_state(answered.bench.concept(NAME)).heads)
    page.locator("#check-adjust").get_by_role("button", name="Adjust").click()
    threshold = page.get_by_role("slider", name="Threshold")
    threshold.press("End")
    expect(threshold).to_have_attribute("aria-valuetext", re.compile("from 99.9 %.*0 of .* flagged"))
    page.get_by_role("button", name="Back", exact=True).click()
    expect(page.get_by_role("button", name="Use this threshold")).to_be_hidden()
    threshold.press("ArrowLeft")
    page.get_by_role("button", name="Use this threshold").click()
    expect(page.get_by_text(f"Version {versions} is kept.")).to_be_visible()
    expect(page.get_by_text(f"version {versions + 1}", exact=True)).to_be_visible()


def test_a_mistake_says_why_and_is_corrected_by_a_key_and_undone(page: Any, answered: Any) -> None:
    handle = answered.bench.concept(NAME)
    train_if_needed(page, answered)
    scored = score_page(handle, "top", limit=200).pictures
    wrong = max(scored, key=lambda picture: picture.probability).id  # flagged; the label is made to say no
    give_label(handle, wrong, "no", author="me")

    def last() -> Any:
        return list(answered.bench.log.events(handle.row.id, wrong))[-1].value

    open_check(page, answered)
    page.locator("#check-mistakes button.label-wrap").click()
    tile = page.locator(f"#check-wrong [data-id='{wrong}']")
    tile.click()
    expect(page.get_by_role("region", name="Selected picture")).to_contain_text("Labelled no.")
    tile.press("y")
    expect(page.get_by_text("1 picture: counts.")).to_be_visible()
    until(lambda: last() == "yes")
    page.keyboard.press("z")
    until(lambda: last() == "undo")


@pytest.fixture
def queued(page: Any, answered: Any) -> list[Any]:
    """The first two pictures on Review. Those with the highest scores were labelled no."""
    handle = answered.bench.concept(NAME)
    train_if_needed(page, answered)
    for picture in score_page(handle, "top", limit=4).pictures:
        give_label(handle, picture.id, "no", author="me")
    looked_over_now(answered.bench.concept(NAME))  # later the queue would change under the test
    page.goto(f"{answered.url}/label/review?concept={quote(NAME)}")
    queue = page.get_by_role("listbox", name="Worth another look")
    expect(queue.get_by_role("option").nth(1)).to_be_visible()
    ids = [tile.get_attribute("data-id") for tile in queue.get_by_role("option").all()[:2]]
    return [queue.locator(f"[data-id='{one}']") for one in ids]


def name_of(tile: Any) -> str:
    return str(tile.get_attribute("aria-label")).partition(":")[0]


def test_the_second_of_two_pictures_selected_quickly_stays_on_screen(page: Any, queued: list[Any]) -> None:
    beside, (one, two) = page.get_by_role("region", name="Selected picture"), queued
    first, second = str(one.get_attribute("data-id")), name_of(two)
    held = HeldAnswer(page, lambda route, _: first in route.request.post_data)
    one.click()
    held.wait()
    two.click()
    expect(beside).to_contain_text(second)
    held.deliver()
    expect(beside).to_contain_text(second)


def test_a_late_answer_about_a_labelled_picture_does_not_replace_the_next_one(
    page: Any, queued: list[Any]
) -> None:
    beside, (one, two) = page.get_by_role("region", name="Selected picture"), queued
    labelled, other = name_of(one), name_of(two)
    one.click()
    expect(beside).to_contain_text(labelled)
    held = HeldAnswer(page, lambda _, text: labelled in text)
    one.press("y")
    held.wait()
    two.click()
    expect(beside).to_contain_text(other)
    held.deliver()
    expect(beside).to_contain_text(other)
    beside.get_by_role("button", name="Counts").click()
    expect(two).to_have_accessible_name(re.compile("counts"))


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)
