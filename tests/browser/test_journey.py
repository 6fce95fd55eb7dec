"""The whole job as a person who has never seen it does it, against `python app.py` as a process.

The person is simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from playwright.sync_api import expect
from running_app import App

from concepts.bundle.check import check_bundle

NAME = "Round things"


@pytest.fixture
def app(warm_home: Path) -> Iterator[App]:
    running = App(warm_home, "embedded")
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """120 drawings, one file that is no picture and one that is cut off."""
    drawings = draw_folder(tmp_path / "drawings", 120)
    file = tmp_path / "drawings.zip"
    with zipfile.ZipFile(file, "w") as made:
        for drawing in sorted(drawings.iterdir()):
            made.write(drawing, drawing.name)
        made.writestr("not-a-picture.png", "only words")
        made.writestr("cut-off.png", (drawings / "ellipse-0000.png").read_bytes()[:900])
    return file


@pytest.mark.slow
def test_from_a_sentence_to_a_classifier(app: App, first_page: Any, archive: Path) -> None:
    page = first_page  # of a browser that was never here
    page.goto(app.url)
    page.get_by_role("link", name="Import pictures").click()
    upload_with_bad_files(page, archive)
    page.get_by_role("link", name="Home", exact=True).click()
    describe(page)
    page.get_by_role("link", name="Start labelling").click()
    expect(page.get_by_text("Pick what counts; the rest teaches a little.")).to_be_visible()
    page.get_by_role("button", name="Single").click()
    label_with_undo_and_comment(page)
    restart_in_the_middle_loses_nothing(app, page)
    while not at_the_end(page).is_visible():  # how many are asked twice is up to chance
        answer(page)
    saved(page)
    page.locator(".steps a:has-text('Check')").click()
    train_while_the_app_is_restarted(app, page)
    page.locator(".steps a:has-text('Results')").click()
    page.get_by_text("Download classifier", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("^Download version")).first.click()
    assert check_bundle(download.value.path()).problems == ()


def upload_with_bad_files(page: Any, archive: Path) -> None:
    page.locator("#upload-files").set_input_files(archive)
    expect(page.locator("#library-progress .notice")).to_contain_text("120 new pictures")
    page.get_by_role("link", name="2 files skipped").click()
    skipped = page.get_by_role("region", name="Skipped files").locator("tbody tr")
    for name in ("not-a-picture.png", "cut-off.png"):
        expect(skipped.filter(has_text=name).locator("td").nth(1)).not_to_be_empty()


def describe(page: Any) -> None:
    page.get_by_role("button", name="New concept").click()
    form = page.get_by_role("dialog", name="New concept")
    form.get_by_label("Name", exact=True).fill(NAME)
    form.get_by_label("What counts").fill("A filled round shape; not one with corners, not a line.")
    form.get_by_label("What counts").press("Enter")
    page.wait_for_url("**/describe?concept=Round*")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("#describe-head .notice.good")).to_contain_text("Saved as definition 2")
    expect(page.locator(".query .strip img").first).to_be_visible()
    page.get_by_role("button", name="Find candidates").click()
    expect(page.locator("#describe-head .notice.good")).to_contain_text("in all")


def answer(page: Any) -> str:
    """Answers the picture that is shown, by key; its name, once the next one or the end is there."""
    picture = page.locator(".stage img")
    expect(picture).to_be_visible()
    seen, name = picture.get_attribute("data-picture"), picture.get_attribute("alt")
    page.keyboard.press("y" if "ellipse" in name else "n")
    # After a restart the next pictures wait for what chooses them to be loaded.
    another = page.locator(f'.stage img:not([data-picture="{seen}"])')
    expect(another.or_(at_the_end(page))).to_be_visible()
    return str(name)


def at_the_end(page: Any) -> Any:
    return page.get_by_role("heading", name="Every picture is labelled")


def saved(page: Any) -> None:
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def kept(page: Any, count: int) -> None:
    """So many labels, also after a reload."""
    saved(page)
    expect(page.locator("[data-part=count-words]")).to_contain_text(f"{count} labels")
    page.reload()
    expect(page.locator("#labeller[data-ready]")).to_be_visible()
    expect(page.locator("[data-part=count-words]")).to_contain_text(f"{count} labels")


def label_with_undo_and_comment(page: Any) -> None:
    *_, taken_back = [answer(page) for _ in range(5)]
    page.keyboard.press("z")
    expect(page.locator(f'.stage img[alt="{taken_back}"]')).to_be_visible()
    page.keyboard.press("c")
    page.keyboard.type("No corners, yes")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=comment]")).to_be_hidden()
    kept(page, 4)


def restart_in_the_middle_loses_nothing(app: App, page: Any) -> None:
    """What is answered while the app is away is visibly not saved, and saved when it is back."""
    for _ in range(4):
        answer(page)
    saved(page)
    app.stop()
    answer(page)
    expect(page.locator("[data-part=saved]")).to_have_text("not saved: 1")
    app.start()
    page.locator("[data-do=retry]").click()
    kept(page, 9)


def train_while_the_app_is_restarted(app: App, page: Any) -> None:
    page.locator("#train").click()
    expect(page.locator("#check-progress .job, #threshold").first).to_be_visible()
    app.stop()
    app.start()
    # The page notices by itself that the app is back.
    expect(page.locator("#threshold")).to_be_visible()
    words = page.locator(".at-threshold").inner_text()
    assert re.search(r"\d+ % right", words), words
