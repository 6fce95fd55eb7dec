"""The library as people know it: folders, order, filters, the picture with its camera, and the trash."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from accessible import serious_in_both_themes
from drawing import draw_folder
from PIL import Image
from PIL.TiffImagePlugin import IFDRational
from playwright.sync_api import Locator, Page, expect

if TYPE_CHECKING:
    from conftest import Site


@pytest.fixture(scope="module")
def album(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two inside; one of its pictures is a photo with a date and a place."""
    root: Path = tmp_path_factory.mktemp("album")
    draw_folder(root / "Garden", 6, first_seed=100)
    draw_folder(root / "Oslo", 4, first_seed=300)
    exif = Image.Exif()
    exif[271], exif[272] = "Canon", "Canon EOS 80D"
    exif.get_ifd(0x8769).update({36867: "2021:07:14 10:30:00", 33434: IFDRational(1, 250)})
    exif.get_ifd(0x8825).update({1: "N", 2: (59.0, 54.0, 36.0), 3: "E", 4: (10.0, 45.0, 0.0)})
    photo = Image.effect_noise((400, 300), 90).convert("RGB")
    photo.save(root / "Oslo" / "a photo.jpg", exif=exif)
    site.bench.library.add([root]).wait()
    return root


def tiles(page: Page) -> Locator:
    return page.locator("#library-main .tile")


def asked(page: Page) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def test_the_steps_stay_in_sight_however_far_one_scrolls(site: Site, page: Page, album: Path) -> None:
    page.goto(f"{site.url}/library")
    expect(tiles(page).first).to_be_visible()
    tiles(page).last.scroll_into_view_if_needed()
    expect(tiles(page).first).not_to_be_in_viewport()
    expect(page.get_by_role("navigation", name="Steps").get_by_text("Discern")).to_be_in_viewport()


def test_folder_order_and_filter_are_in_the_address_and_kept_over_reload_and_back(
    site: Site, page: Page, album: Path
) -> None:
    page.goto(f"{site.url}/library?folder={album}")
    page.get_by_role("button", name=re.compile("^Oslo")).click()
    expect(tiles(page)).to_have_count(5)
    page.get_by_label("Sort by").select_option("Name, A–Z")
    expect(tiles(page).first).to_contain_text("a photo.jpg")
    page.get_by_role("button", name="Filter", exact=True).click()
    page.get_by_label("Format").select_option("PNG")
    assert serious_in_both_themes(page) == []
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#library-fitting")).to_have_text("4 pictures.")
    wanted = {"folder": f"{album}/Oslo", "sort": "name", "format": "PNG"}
    page.wait_for_url(
        re.compile("format=PNG")
    )  # the head, which says the address, may come behind the pictures
    assert asked(page) == wanted
    page.reload()
    expect(tiles(page)).to_have_count(4)
    assert asked(page) == wanted
    assert serious_in_both_themes(page) == []
    page.go_back()
    expect(tiles(page)).to_have_count(5)
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="Oslo: remove").click()
    expect(tiles(page)).to_have_count(60)


def test_at_least_thirty_pictures_are_in_view_and_the_slider_makes_them_larger(
    site: Site, page: Page, album: Path
) -> None:
    whole = """() => [...document.querySelectorAll('#library-main .tile')].filter(
      tile => tile.getBoundingClientRect().bottom <= innerHeight).length"""
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{site.url}/library")
    expect(page.locator("#library-progress .job")).to_have_count(0)  # work that goes on takes a row
    expect(tiles(page).first).to_be_visible()
    assert page.evaluate(whole) >= 30
    page.get_by_label("Tile size").fill("240")
    page.reload()
    expect(tiles(page).first).to_be_visible()
    assert page.evaluate(whole) < 20
    expect(page.get_by_label("Tile size")).to_have_value("240")


def test_an_opened_picture_says_which_it_is_and_leads_on_to_the_next_page(
    site: Site, page: Page, album: Path
) -> None:
    page.goto(f"{site.url}/library?sort=name")
    tiles(page).last.click()
    dialog = page.get_by_role("dialog")
    total = site.bench.library.count()
    expect(dialog).to_contain_text(f"60 of {total}")
    name = dialog.get_by_role("heading").first
    before = name.inner_text()
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text(f"61 of {total}")
    page.keyboard.press("ArrowLeft")
    expect(dialog).to_contain_text(f"60 of {total}")
    expect(name).to_have_text(before)
    picture, window = dialog.locator(".large img").bounding_box(), page.viewport_size
    assert picture
    assert window
    assert picture["height"] > 0.8 * window["height"]
    page.set_viewport_size({"width": 390, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == 390


def test_the_camera_is_told_with_the_picture_and_where_it_was_only_when_asked(
    site: Site, page: Page, album: Path
) -> None:
    page.goto(f"{site.url}/library?folder={album}&sort=taken")
    tiles(page).first.click()
    page.get_by_text("Details", exact=True).click()
    facts = page.locator("#camera-facts")
    expect(facts).to_contain_text("14 July 2021, 10:30")
    expect(facts).to_contain_text("1/250 s")
    expect(facts).not_to_contain_text("59.9")
    page.get_by_role("button", name="Show where it was taken").click()
    expect(facts).to_contain_text("59.91000, 10.75000")


def test_three_go_into_the_trash_at_once_come_back_go_again_and_are_gone_for_good(
    site: Site, page: Page, album: Path
) -> None:
    page.goto(f"{site.url}/library?folder={album}/Garden&sort=name")
    expect(tiles(page)).to_have_count(6)
    remove = page.get_by_role("button", name="Trash Del")
    expect(remove).to_be_hidden()
    tiles(page).nth(0).click(modifiers=["ControlOrMeta"])
    tiles(page).nth(2).click(modifiers=["Shift"])
    remove.click()
    expect(page.get_by_text("3 pictures are in the trash.")).to_be_visible()
    expect(tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Undo").click()
    expect(tiles(page)).to_have_count(6)
    tiles(page).nth(0).focus()
    for key in ("x", "ArrowRight", "x", "ArrowRight", "x", "Delete"):
        page.keyboard.press(key)
    expect(tiles(page)).to_have_count(3)
    page.get_by_role("button", name="More", exact=True).click()
    page.get_by_role("button", name="Trash", exact=True).click()
    restore = page.get_by_role("button", name=re.compile(r"^Restore .*\.png$"))
    expect(restore).to_have_count(3)
    restore.first.click()
    expect(restore).to_have_count(2)
    page.get_by_text("Empty trash …").click()
    page.get_by_role("button", name="Erase for good").click()
    expect(page.get_by_role("heading", name="2 pictures erased")).to_be_visible()
    assert len(list((album / "Garden").iterdir())) == 6
    assert site.bench.trash.items() == []
