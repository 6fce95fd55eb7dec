"""Results in a browser: a version as one file.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from answering import answer
from playwright.sync_api import expect

NAME = "Ellipse that comes in"


@pytest.fixture
def trained(site: Any) -> Any:
    """A concept with a version that calls everything a yes, so that what is flagged is known."""
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    answer(bench, NAME, [p.id for p in bench.concept(NAME).labels.next_pictures(20)])
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.use(1, 1e-9, author="me").wait()
    return site


def test_the_file_opens_from_the_file_system_and_asks_for_nothing(
    page: Any, trained: Any, tmp_path: Path
) -> None:
    page.goto(f"{trained.url}/results?concept={quote(NAME)}")
    page.get_by_text("Download classifier", exact=True).click()
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
