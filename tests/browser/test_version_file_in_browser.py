"""The one-file page in a browser: from Use, opened as a file.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import expect

from storage.labels import Author

NAME = "Ellipse for others"


@pytest.fixture(scope="module")
def trained(site: Any) -> Any:
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    for _ in range(2):
        for picture in bench.concept(NAME).labels.next_pictures(10):
            value = "yes" if "ellipse" in picture.path else "no"
            simulated = Author("simulation", "simulated")
            bench.concept(NAME).labels.give(
                picture.id, value, author=simulated.name, simulated=True, key=uuid.uuid4().hex
            )
    bench.concept(NAME).versions.train().wait()
    return site


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
    assert serious_in_both_themes(page) == []
