"""A version for strangers in a browser: the link from Use, the page without a session, and the file.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from accessible import serious, serious_in_both_themes
from drawing import draw
from playwright.sync_api import Browser, expect

from storage.labels import Author

NAME = "Ellipse for others"


@pytest.fixture(scope="module")
def trained(site: Any) -> Any:
    bench = site.bench
    bench.definitions.create_concept(NAME, "A filled ellipse, not a rectangle.")
    for _ in range(2):
        for picture in bench.answers.next_pictures(NAME, 10):
            value = "yes" if "ellipse" in picture.path else "no"
            simulated = Author("simulation", "simulated")
            bench.answers.label(NAME, picture.id, value, author=simulated, key=uuid.uuid4().hex)
    bench.versions.train(NAME)
    return site


def test_a_link_is_made_opened_by_a_stranger_tried_and_ended(
    page: Any, trained: Any, chromium: Browser, tmp_path: Path
) -> None:
    page.goto(f"{trained.url}/use?concept={quote(NAME)}")
    page.get_by_role("button", name="Make a link").press("Enter")
    made = page.locator("#share-link")
    expect(made).to_have_text(re.compile(rf"^{trained.url}/shared/[\w-]{{32}}$"))
    expect(page.locator("[data-copy=share-link]")).to_be_focused()  # and so in view, wherever one was
    address = made.inner_text()
    draw("ellipse", 970).save(tmp_path / "mine.png")
    context = chromium.new_context()  # without a session, and a stranger to this app
    stranger = context.new_page()
    asked: list[str] = []
    stranger.on("request", lambda request: asked.append(request.url))
    stranger.goto(address)
    expect(stranger.get_by_role("heading", name=NAME)).to_be_visible()
    stranger.wait_for_function("[...document.images].every(i => i.naturalWidth > 0)")
    assert stranger.locator(".shown img").count() >= 2
    stranger.set_input_files("#files", tmp_path / "mine.png")
    answer = stranger.locator("#answers tr").first
    expect(answer).to_contain_text("% sure")
    expect(answer.get_by_role("rowheader")).to_have_text("mine.png")
    sent = {url for url in asked if not url.startswith(("data:", "blob:")) and "favicon" not in url}
    assert sent == {address, f"{address}/classify", f"{trained.url}/web/shared.js"}
    assert serious(stranger) == []
    stranger.set_viewport_size({"width": 390, "height": 800})
    assert stranger.evaluate("document.documentElement.scrollWidth") <= 390
    page.get_by_role("button", name=re.compile("^End the link")).click()
    expect(page.locator("#use-said .notice")).to_contain_text("ended")
    expect(page.get_by_text("Links that are over (1)")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_role("heading", name="This link doesn’t lead anywhere any more")).to_be_visible()
    context.close()


def test_the_file_opens_from_the_file_system_and_asks_for_nothing(
    page: Any, trained: Any, tmp_path: Path
) -> None:
    page.goto(f"{trained.url}/use?concept={quote(NAME)}")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it as one page").click()
    file = tmp_path / download.value.suggested_filename
    assert file.name == "ellipse-for-others-v1.html"
    download.value.save_as(file)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.context.set_offline(True)
    page.goto(file.as_uri())
    page.wait_for_function("[...document.images].every(i => i.naturalWidth > 0)")
    assert page.locator(".shown img").count() >= 2
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    for heading in ("What counts", "What doesn’t", "How good it is", "Where it fails"):
        expect(page.get_by_role("heading", name=heading)).to_be_visible()
    # What would ask is kept from it by the page itself.
    assert page.evaluate("fetch('https://example.org/').then(() => 'sent', () => 'kept')") == "kept"
    assert serious_in_both_themes(page, page.reload) == []
