"""`python app.py` as a process that goes away while somebody labels and while it trains, as they see it.

The person is simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from answering import answer
from drawing import draw_folder
from playwright.sync_api import expect
from running_app import RunningApp

from concepts.labelling.labels import next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings

NAME = "Round things"


@pytest.fixture
def app(own_home: Path, tmp_path: Path, tiny_open_clip: Path) -> Iterator[RunningApp]:
    """Over a library with a concept, most of whose pictures are labelled."""
    bench = open_app(load_settings())
    import_pictures(bench, [draw_folder(tmp_path / "own", 120)], encoder=f"local-dir:{tiny_open_clip}").wait()
    concept = begin_concept(bench, NAME, "A filled round shape; not one with corners.")
    for purpose in ("evaluation", "train"):
        answer(bench, NAME, [picture.id for picture in next_pictures(concept, 40, purpose=purpose)])  # type: ignore[arg-type]
    bench.close()
    running = RunningApp(own_home, "auto")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.mark.slow
def test_restarts_lose_no_label_and_no_training(app: RunningApp, first_page: Any) -> None:
    page = first_page  # of a browser that was never here
    saved, count = page.locator("[data-part=saved]"), page.locator("[data-part=count-words]")
    page.goto(f"{app.url}/label?concept={quote(NAME)}#single")
    expect(page.locator("#labeller .stage img")).to_be_visible()
    before = int((count.text_content() or "").split()[0])
    for words in ("saved", "not saved: 1"):
        picture = page.locator("#labeller .stage img").get_attribute("data-picture")
        page.keyboard.press("y")
        expect(page.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
        expect(saved).to_have_text(words)
        if words == "saved":
            app.stop()
    app.start()
    page.locator("[data-do=retry]").click()
    expect(saved).to_have_text("saved")
    for _ in range(2):
        expect(count).to_contain_text(f"{before + 2} labels by you")
        page.reload()

    page.get_by_role("navigation", name="Steps").get_by_role("link", name="Check").click()
    page.get_by_role("button", name="Train", exact=True).click()
    expect(
        page.locator("#check-progress .job").or_(page.locator("#check-verdict .say")).first
    ).to_be_visible()
    app.stop()
    app.start()
    # It notices by itself that the app is back.
    expect(page.locator("#check-verdict")).to_contain_text("flagged.")
