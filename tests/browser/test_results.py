"""Results in a browser: a version as one file, and a watched folder, from the secret to its end.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes, wrong_with_looks
from answering import answer
from drawing import draw_folder
from playwright.sync_api import expect

NAME = "Ellipse that comes in"


@pytest.fixture(scope="module")
def trained(site: Any) -> Any:
    """A concept with a version that calls everything a yes, so that what is flagged is known."""
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    answer(bench, NAME, [p.id for p in bench.concept(NAME).labels.next_pictures(20)])
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.use(1, 1e-9, author="me").wait()
    bench.watcher.pause = lambda seconds: None
    return site


def open_results(page: Any, site: Any, opened: str) -> None:
    page.goto(f"{site.url}/results?concept={quote(NAME)}")
    page.get_by_text(opened, exact=True).click()


def answer_by_key(page: Any, panel: Any, bench: Any) -> None:
    """Where the pictures of the library above are answered, too."""
    tiles = panel.locator(".tile")
    tiles.nth(1).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("u")
    expect(tiles.nth(2).locator(".said")).to_have_text("? unsure")
    expect(page.locator("[data-part=answering-said]:not(:empty)")).to_have_text("One picture: unsure.")
    picture = tiles.nth(2).get_attribute("data-value")
    tiles.nth(3).click()
    panel.get_by_role("button", name="Counts Y").click()  # for who has no keys
    expect(tiles.nth(3).locator(".said")).to_have_text("✓ counts")
    expect(page.locator("#results-library [data-part=answering-said]")).to_have_text("")
    page.wait_for_function("() => !Object.keys(localStorage).some(n => n.startsWith('discern:unsaved'))")
    page.reload()
    page.get_by_text("Watch a folder", exact=True).click()
    panel.get_by_role("button", name="Show flagged").click()
    expect(panel.locator(f"li:has([data-value='{picture}'])")).to_contain_text("labelled unsure")
    (given,) = bench.concept(NAME).labels.own([picture], "me")
    assert (given.value, given.in_view) == ("unsure", True)


def test_a_folder_is_watched_answered_about_and_stopped(trained: Any, page: Any, tmp_path: Path) -> None:
    inbox = draw_folder(tmp_path / "inbox", 60, first_seed=40_000)
    open_results(page, trained, "Watch a folder")
    page.get_by_label("Folder on this computer").fill(str(inbox))
    page.get_by_label("Webhook").fill("https://hooks.example/secret-path")
    page.get_by_label("of 100 flagged").fill("100")
    page.get_by_label("Warn below").fill("90")
    page.keyboard.press("Enter")
    secret = page.locator("#watch-secret")
    secret.wait_for()
    assert secret.inner_text().startswith("whsec_")
    panel = page.locator("#watched .watch")
    panel.get_by_text("60 pictures seen, 60 flagged").wait_for()
    assert "Messages to hooks.example: 0 delivered, 60 waiting" in panel.inner_text()
    assert "secret-path" not in page.content()

    bench = trained.bench
    (watch,) = bench.concept(NAME).watches.all()
    drawn = [one.picture_id for one in bench.context.watches.drawn(watch.id)]
    panel.get_by_role("button", name="Show flagged").click()
    panel.get_by_text("hidden until labelled").wait_for()

    answer(bench, NAME, drawn)  # two of three are no ellipse
    open_results(page, trained, "Watch a folder")
    panel.get_by_text("below the promise").wait_for()
    assert "At least 90 of 100 were promised, and that is not kept" in panel.inner_text()
    assert page.locator("#watch-secret").count() == 0

    panel.get_by_role("button", name="Show flagged").click()
    panel.locator(".pictures img").first.wait_for()
    assert wrong_with_looks(page) == []

    answer_by_key(page, panel, bench)
    panel.get_by_role("button", name="Stop watching").click()
    page.get_by_text("is no longer watched").wait_for()
    page.get_by_text("No longer watched (1)").wait_for()


def test_an_address_inside_is_refused_in_words_and_nothing_is_watched(
    trained: Any, page: Any, tmp_path: Path
) -> None:
    inbox = draw_folder(tmp_path / "inbox", 1, first_seed=41_000)
    open_results(page, trained, "Watch a folder")
    page.get_by_label("Folder on this computer").fill(str(inbox))
    page.get_by_label("Webhook").fill("http://127.0.0.1:9/")
    page.get_by_role("button", name="Watch", exact=True).click()
    page.get_by_text("where webhooks may not go").wait_for()
    assert str(inbox) not in [watch.folder for watch in trained.bench.concept(NAME).watches.all()]


def test_the_file_opens_from_the_file_system_and_asks_for_nothing(
    page: Any, trained: Any, tmp_path: Path
) -> None:
    open_results(page, trained, "Download classifier")
    page.get_by_text("A page for others").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="Download page").click()
    file = tmp_path / download.value.suggested_filename
    assert file.name == "ellipse-that-comes-in-v2.html"
    download.value.save_as(file)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    page.goto(file.as_uri())
    page.wait_for_function("() => [...document.images].every(i => i.naturalWidth > 0)")
    assert page.locator(".shown img").count() >= 2
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    for heading in ("What counts", "What doesn’t", "How good it is", "Where it fails"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    # What would ask is kept from it by the page itself.
    assert page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'kept')") == "kept"
    assert serious_in_both_themes(page) == []
