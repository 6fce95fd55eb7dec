"""Home, Library and Describe in a browser: from a sentence to a definition, by keyboard where people type."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from drawing import draw


def open_definition(site: Any, page: Any, name: str) -> None:
    site.bench.concepts.begin(name, "A round shape; not a square one.")
    page.goto(f"{site.url}/describe?concept={quote(name)}")
    page.wait_for_selector(".query .strip img")


def said(page: Any, text: str) -> None:
    page.wait_for_selector(f"#describe-head .notice:has-text('{text}')")


def test_every_edit_is_saved_as_a_revision_and_undone_by_one_press(site: Any, page: Any) -> None:
    open_definition(site, page, "Edited")
    page.fill("#new-criterion", "No corners")
    page.press("#new-criterion", "Enter")
    said(page, "Saved as definition 2: added “No corners”")
    page.click(".criteria summary")
    page.fill("#criterion-0", "No corners at all")
    page.select_option("#criterion-0-kind", "supporting")
    page.press("#criterion-0", "Enter")
    said(page, "Saved as definition 3")
    page.wait_for_selector(".criteria .tag.helps")
    page.click("#describe-head button:has-text('Undo')")
    said(page, "back to definition 2")
    page.wait_for_selector(".criteria summary :text('No corners') >> visible=true")
    page.get_by_role("button", name="Propose").click()
    said(page, "Saved as definition 5")


def test_a_zip_with_bad_files_is_added_and_the_bad_ones_are_listed(
    site: Any, page: Any, tmp_path: Path
) -> None:
    draw("ellipse", 9001).save(tmp_path / "new.png")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(tmp_path / "new.png", "new.png")
        archive.writestr("broken.png", b"no picture at all")
    (tmp_path / "notes.txt").write_text("no picture either")
    page.goto(f"{site.url}/library")
    pictures = site.bench.library.info().pictures
    page.wait_for_selector(f"#rail-pictures:has-text('{pictures} pictures')")
    page.set_input_files("#upload-files", [str(tmp_path / "some.zip"), str(tmp_path / "notes.txt")])
    page.wait_for_selector("#library-progress :text('1 new picture')")
    page.wait_for_selector(f"#rail-pictures:has-text('{pictures + 1} pictures')")  # and no page opened anew
    page.wait_for_selector("#library-progress :text('1 file skipped')")
    assert "notes.txt" in page.inner_text("#upload-status")
    page.get_by_role("link", name="1 file skipped").click()
    page.wait_for_selector("td:has-text('some.zip!/broken.png')")
