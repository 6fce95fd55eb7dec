"""Check and Results in a browser: train, move the threshold by key and mouse, correct, go back, download.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import io
import json
import re
import uuid
import zipfile
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

import pytest

from concepts.bundle.load import load_bundle
from concepts.classifier.verdict import verdict
from concepts.learning import waves
from storage.labels import Author

NAME = "Ellipse by hand"
SIMULATED = Author("simulation", "simulated")


@pytest.fixture(scope="module")
def site(own_site: Any) -> Any:
    return own_site


@pytest.fixture(scope="module")
def answered(site: Any) -> Any:
    """A concept with every evaluation picture and 30 others answered, one of them wrongly, and no version."""
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.35)  # of a small library: figures need ten of each kind
        to_measure = bench.concept(NAME).labels.next_pictures(200, purpose="evaluation")
    for picture in to_measure:
        label(bench, picture)
    for _ in range(3):
        for picture in bench.concept(NAME).labels.next_pictures(10):
            label(bench, picture)
    return site


def label(bench: Any, picture: Any) -> None:
    value = "yes" if "ellipse" in picture.path else "no"
    bench.concept(NAME).labels.give(
        picture.id, value, author=SIMULATED.name, simulated=True, key=uuid.uuid4().hex
    )


def open_screen(page: Any, site: Any, screen: str) -> None:
    page.goto(f"{site.url}/{screen}?concept={quote(NAME)}")
    page.wait_for_selector(f"#{screen}-head h1")


def train_if_needed(page: Any, site: Any) -> None:
    open_screen(page, site, "check")
    if not site.bench.concept(NAME).definition.read().heads:
        page.get_by_role("button", name="Train", exact=True).click()
        page.get_by_text("Version 1 is trained.").wait_for()
    page.get_by_role("slider", name="Threshold").wait_for()
    page.get_by_text("From people’s labels alone").wait_for(state="attached")
    page.wait_for_function("() => !document.querySelector('.job')")


def said(page: Any) -> str:
    return str(page.locator(".at-threshold").inner_text())


def unfold(page: Any, fold: str) -> None:
    for name in ("Details", fold):
        page.locator("summary", has_text=re.compile(rf"^\s*{name}\s*$")).click()


def test_training_ends_with_a_verdict_without_a_reload(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    report = answered.bench.concept(NAME).versions.one().report
    assert page.locator(".say").inner_text().startswith(verdict(report).said)
    assert "% right" in said(page)
    assert page.get_by_text("labels simulated").is_visible()
    unfold(page, "Simpler ways")
    assert page.get_by_role("cell", name="searching for the words").is_visible()
    tall = page.locator(".plot .mark-bar").evaluate_all(
        "bars => bars.map(bar => bar.getBoundingClientRect().height / bar.getAttribute('height'))"
    )
    assert tall
    assert max(tall) - min(tall) < 0.01  # as tall as drawn


def beside(page: Any) -> list[str]:
    """The names of the pictures on both sides of the threshold, from not flagged to flagged."""
    tiles = page.locator("#check-around").get_by_role("img")
    return [str(tile.get_attribute("alt")) for tile in tiles.all()]


def test_keys_and_the_mouse_move_the_threshold_and_words_counts_pictures_and_the_dot_follow(
    page: Any, answered: Any
) -> None:
    train_if_needed(page, answered)
    slider = page.get_by_role("slider")
    before, pictures = said(page), beside(page)
    assert len(pictures) == 12
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
    drag_to_three_fifths(page)
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


def drag_to_three_fifths(page: Any) -> None:
    box = page.locator("#threshold").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.2 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.62 * box["width"], y, steps=6)
    page.mouse.up()


def test_a_mistake_is_corrected_with_a_comment_and_undone(page: Any, answered: Any) -> None:
    bench = answered.bench
    train_if_needed(page, answered)
    scored = bench.concept(NAME).scores.page("top", limit=200).pictures
    wrong = max(scored, key=lambda picture: picture.probability).id  # flagged; the answer is made to say no
    bench.concept(NAME).labels.give(wrong, "no", author="me", key=uuid.uuid4().hex)
    train_if_needed(page, answered)
    page.click(f"#open-{wrong[:12]}")
    page.wait_for_selector("dialog[open]")
    page.fill("#correct-comment", "It is round after all.")
    page.locator("dialog").get_by_role("button", name="It counts").click()
    page.wait_for_selector("#check-said >> text=Saved: it counts")
    assert page.locator("dialog[open]").count() == 0
    event = list(bench.context.log.events(bench.context.store.find(NAME).id, wrong))[-1]
    assert (event.value, event.comment) == ("yes", "It is round after all.")
    page.locator("#check-said").get_by_role("button", name="Undo").click()
    page.wait_for_selector("#check-said >> text=Undone")
    assert list(bench.context.log.events(bench.context.store.find(NAME).id, wrong))[-1].value == "undo"
    page.click(f"#open-{wrong[:12]}")
    assert page.input_value("#correct-comment") == "It is round after all."
    page.fill("#correct-comment", "Not round enough.")
    page.locator("dialog").get_by_role("button", name="Keep the label").click()
    page.wait_for_selector("#check-said >> text=Saved: it doesn’t count")
    assert bench.concept(NAME).labels.own_comments([wrong], "me") == {wrong: "Not round enough."}
    assert "with a comment" in page.text_content(f"#open-{wrong[:12]}")


def test_results_order_the_library_and_download(page: Any, answered: Any) -> None:
    train_if_needed(page, answered)
    bench = answered.bench
    bench.concepts.begin("Ellipse too", "With the same version, for once.")
    bench.context.heads.add(bench.context.concept("Ellipse too").id, bench.concept(NAME).versions.head())
    open_screen(page, answered, "results")
    page.get_by_role("button", name="Surest").click()
    page.get_by_text("Flags follow the score alone.").wait_for()
    page.get_by_role("button", name="Borderline").click()
    page.wait_for_selector("#order-borderline[aria-current]")
    page.get_by_text("Nearest to the threshold").wait_for()
    page.get_by_role("button", name="Least likely").click()
    page.wait_for_selector("#order-bottom[aria-current]")
    assert page.locator("#results-library .pictures li").count() == 24
    page.get_by_text("Download classifier", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^Download version")).first.click()
    with zipfile.ZipFile(io.BytesIO(download.value.path().read_bytes())) as bundle:
        facts = next(name for name in bundle.namelist() if name.endswith("head.json"))
        assert json.loads(bundle.read(facts))["concepts"][0]["concept"] == NAME
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Ellipse too").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download with options").click()
    assert load_bundle(download.value.path()).columns == (NAME, "Ellipse too")
    page.get_by_role("button", name="Card", exact=True).click()
    page.get_by_role("dialog").get_by_text("How good it is").wait_for()
