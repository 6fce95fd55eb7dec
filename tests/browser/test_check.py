"""Check and Results in a browser: train, move the threshold by key and mouse, correct, go back, download.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import pytest
from answering import answer
from playwright.sync_api import expect

from concepts.bundle.load import load_bundle
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


def open_screen(page: Any, site: Any, screen: str) -> None:
    page.goto(f"{site.url}/{screen}?concept={quote(NAME)}")
    page.wait_for_selector(f"#{screen}-head h1")


def train_if_needed(page: Any, site: Any) -> None:
    open_screen(page, site, "check")
    if not site.bench.concept(NAME).definition.read().heads:
        page.get_by_role("button", name="Train", exact=True).click()
        page.get_by_text("Version 1 is trained.").wait_for()
    page.get_by_role("slider", name="Threshold").wait_for()
    page.wait_for_function("() => !document.querySelector('.job')")


def said(page: Any) -> str:
    return str(page.locator(".at-threshold").inner_text())


def test_training_ends_with_a_verdict_without_a_reload(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    report = answered.bench.concept(NAME).versions.one().report
    assert page.locator(".say").inner_text().startswith(verdict(report).said)
    assert "% right" in said(page)
    assert page.get_by_text("labels simulated").is_visible()


def test_keys_and_the_mouse_move_the_threshold_and_words_counts_pictures_and_the_dot_follow(
    page: Any, answered: Any
) -> None:
    train_if_needed(page, answered)
    slider = page.get_by_role("slider")
    before = said(page)
    expect(page.locator("#check-around").get_by_role("img")).to_have_count(12)
    slider.focus()
    page.keyboard.press("Home")  # everything is flagged and so everything found: the right end of the curve
    assert "at least" in said(page)  # what holds at every threshold
    curve = page.locator("[data-figure=precision-recall]")
    left, _, width, _ = map(float, curve.get_attribute("data-plot").split())
    assert float(curve.locator(".mark-dot.threshold").get_attribute("cx")) == left + width
    flags = page.locator("[data-flags]").inner_text()
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "2"
    total = answered.bench.library.info().pictures  # other tests may have added some
    assert flags == f"{total} of {total} flagged"
    assert "% found" in slider.get_attribute("aria-valuetext")
    page.get_by_role("button", name="Back to version").click()
    assert said(page) == before
    box = page.locator("#threshold").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.62 * box["width"], y, steps=6)
    page.mouse.up()
    threshold = int(slider.input_value()) / 1000
    assert 0.55 < threshold < 0.7
    scored = answered.bench.concept(NAME).scores.page("top", limit=200).pictures
    count = sum(picture.probability >= threshold for picture in scored)
    assert page.locator("[data-flags]").inner_text() == f"{count} of {total} flagged"
    ranked = sorted(scored, key=lambda picture: -picture.probability)
    names = [PurePath(picture.path).name for picture in ranked[max(count - 6, 0) : count + 6]][::-1]
    page.wait_for_function(
        "names => [...document.querySelectorAll('#check-around img')].map(one => one.alt).join() === names",
        arg=",".join(names),
    )


def test_a_mistake_is_corrected_with_a_comment_and_undone(page: Any, answered: Any) -> None:
    handle = answered.bench.concept(NAME)
    train_if_needed(page, answered)
    scored = handle.scores.page("top", limit=200).pictures
    wrong = max(scored, key=lambda picture: picture.probability).id  # flagged; the answer is made to say no
    handle.labels.give(wrong, "no", author="me")

    def last() -> Any:
        return list(answered.bench.context.log.events(handle.row.id, wrong))[-1]

    open_screen(page, answered, "check")
    page.click(f"#open-{wrong[:12]}")
    page.fill("#correct-comment", "It is round after all.")
    page.locator("dialog").get_by_role("button", name="It counts").click()
    page.wait_for_selector("#check-said >> text=Saved: it counts")
    assert (last().value, last().comment) == ("yes", "It is round after all.")
    page.locator("#check-said").get_by_role("button", name="Undo").click()
    page.wait_for_selector("#check-said >> text=Undone")
    assert last().value == "undo"


def test_results_order_the_library_and_download(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    bench = answered.bench
    bench.concepts.begin("Ellipse too", "With the same version, for once.")
    bench.context.heads.add(bench.context.concept("Ellipse too").id, bench.concept(NAME).versions.head())
    open_screen(page, answered, "results")
    page.get_by_role("button", name="Borderline").click()
    page.get_by_text("Nearest to the threshold").wait_for()
    page.get_by_role("button", name="Least likely").click()
    page.wait_for_selector("#order-bottom[aria-current]")
    assert page.locator("#results-library .pictures li").count() == 24
    page.get_by_text("Download classifier", exact=True).click()
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Ellipse too").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download with options").click()
    assert load_bundle(download.value.path()).columns == (NAME, "Ellipse too")
    page.get_by_role("button", name="Card", exact=True).click()
    page.get_by_role("dialog").get_by_text("How good it is").wait_for()
