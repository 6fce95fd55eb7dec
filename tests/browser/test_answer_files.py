"""Labels of another tool on Results: their words get a meaning, then are imported. Captions on Library."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from conftest import Site

NAME = "Tidy room"


def rooms(pictures: Path, to: Path) -> Path:
    with zipfile.ZipFile(to, "w") as archive:
        for number, word in ((0, "messy"), (3, "messy"), (6, "clean"), (9, "blurry"), (15, "dark")):
            archive.write(pictures / f"ellipse-{number:04}.png", f"{word}/{number}.png")
        archive.writestr("clean/other.png", b"no picture of the library")
    return to


def test_words_of_another_tool_get_a_meaning_before_anything_is_taken(
    site: Site, page: Page, tmp_path: Path
) -> None:
    site.bench.concepts.begin(NAME, "A tidy room.")
    page.goto(f"{site.url}/results?concept=Tidy+room")
    page.get_by_text("Export", exact=True).click()
    page.set_input_files("#files-file", rooms(site.pictures, tmp_path / "rooms.zip"))
    expect(page.locator("#files-said")).to_contain_text("labels for 5 pictures of this library")
    expect(page.locator("#files-said")).to_contain_text("1 row is of no picture")
    take = page.get_by_role("button", name="Import labels")
    expect(take).to_be_disabled()
    page.get_by_label("messy").select_option("no")
    page.get_by_label("clean").select_option("yes")
    expect(take).to_be_disabled()
    page.get_by_label("All others").select_option("leave out")
    expect(page.get_by_label("blurry")).to_have_value("leave-out")
    assert not site.bench.concept(NAME).label_files.rows()
    take.click()
    expect(page.locator("#files-said")).to_contain_text("3 labels imported")
    expect(page.locator("#files-said")).to_contain_text("2 rows were left out, as you chose.")
    rows = site.bench.concept(NAME).label_files.rows()
    assert sorted(row["label"] for row in rows) == ["no", "no", "yes"]

    page.get_by_label("Format", exact=True).select_option("Label Studio tasks")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "tidy-room-label-studio.json"
    tasks = json.loads(Path(download.value.path()).read_text())
    assert len(tasks) == 3


def test_which_column_is_what_is_asked_where_headings_dont_say_it(
    site: Site, page: Page, tmp_path: Path
) -> None:
    site.bench.concepts.begin("Of a table", "A tidy room.")
    file = tmp_path / "table.csv"
    picture = site.pictures / "ellipse-0000.png"
    file.write_text(f"file,verdict\n{picture},yes\n")
    page.goto(f"{site.url}/results?concept=Of+a+table")
    page.get_by_text("Export", exact=True).click()
    page.set_input_files("#files-file", file)
    expect(page.locator("#files-said")).to_contain_text("Which column of table.csv is what?")
    go = page.get_by_role("button", name="Continue")
    page.get_by_label("file", exact=True).select_option("path")
    expect(go).to_be_disabled()
    page.get_by_label("verdict").select_option("label")
    go.click()
    page.get_by_text("The first row", exact=True).click()
    expect(page.get_by_role("region", name="The first rows")).to_contain_text("ellipse-0000.png")
    page.get_by_label("A random sample of the library").check()
    page.get_by_role("button", name="Import labels").click()
    expect(page.locator("#files-said")).to_contain_text("1 label imported")
    expect(page.locator("#files-said")).to_contain_text("Every label is yes")


def test_captions_of_a_file_are_found_and_shown_with_the_picture(
    site: Site, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "captions.csv"
    file.write_text("path,caption,punsafe\nellipse-0012.png,A Zeppelin over the sea,0.25\n")
    page.goto(f"{site.url}/library")
    page.set_input_files("#captions-file", file)
    expect(page.locator("#captions-said")).to_contain_text("2 values kept, of 1 picture: caption, punsafe.")
    page.get_by_label("Search by words").fill("zeppelin")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("heading", name="Captions")).to_be_visible()
    page.get_by_text("A Zeppelin over the sea").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("Details", exact=True).click()
    expect(dialog).to_contain_text("A Zeppelin over the sea")
    expect(dialog).to_contain_text("punsafe")
