"""Collections in a browser: two folders become two, a concept looks in one and is asked about no other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from accessible import serious
from answering import answer
from drawing import draw_folder
from playwright.sync_api import expect

NAME = "Ellipse in a room"


@pytest.fixture(scope="module")
def folders(site: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`rooms` and `chairs`, 40 drawings each, beside what the library has."""
    root = tmp_path_factory.mktemp("jobs")
    draw_folder(root / "all", 80, first_seed=50_000)
    for number, picture in enumerate(sorted((root / "all").iterdir())):
        folder = root / ("rooms" if number % 2 else "chairs")
        folder.mkdir(exist_ok=True)
        shutil.move(picture, folder / picture.name)
    site.bench.library.add([root / "rooms", root / "chairs"]).wait()
    return root


def make(page: Any, name: str, folder: Path) -> None:
    page.goto(f"{page.url.partition('?')[0]}?view=collections")
    making = page.locator("details.making")
    making.wait_for()
    if making.get_attribute("open") is None:
        making.locator("summary").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Folder", exact=True).fill(str(folder))
    page.get_by_role("button", name="Create").click()
    page.get_by_text(f"“{name}” created: 40 pictures").wait_for()


def test_a_concept_looks_in_one_of_two_folders_and_figures_keep_its_name(
    site: Any, page: Any, folders: Path
) -> None:
    page.goto(f"{site.url}/library")
    page.locator("#library-main .pictures").wait_for()
    make(page, "Rooms", folders / "rooms")
    make(page, "Chairs", folders / "chairs")
    page.get_by_role("button", name="All albums").click()
    expect(page.locator("ul.cards > li")).to_have_count(2)
    page.get_by_role("link", name="Rooms").click()
    page.get_by_role("heading", name="Rooms").wait_for()
    page.get_by_text("40 pictures, the folder").wait_for()
    expect(page.locator("#library-main .pictures .tile")).to_have_count(40)

    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    page.goto(f"{site.url}/describe?concept={quote(NAME)}")
    page.get_by_text("Scope: whole library").click()
    page.get_by_role("button", name="Change scope").click()
    page.get_by_label("Rooms").check()
    assert serious(page) == []
    page.get_by_role("button", name="Use these").click()
    page.get_by_text("Scope: “Rooms”, 40 of 200 pictures.").wait_for()

    rooms, chairs = ({p.id for p in bench.collections.pictures(one, 100)} for one in ("Rooms", "Chairs"))
    page.goto(f"{site.url}/label?concept={quote(NAME)}#single")
    asked = set()
    for _ in range(8):
        picture = page.locator("#labeller[data-ready] .stage img").first
        picture.wait_for()
        shown = picture.get_attribute("src").split("?")[0].rpartition("/")[2]
        asked.add(shown)
        page.keyboard.press("n")
        page.wait_for_function(
            "was => !document.querySelector('#labeller .stage img')?.src.includes(was)", arg=shown
        )
    assert len(asked) == 8
    assert asked <= rooms

    while left := bench.concept(NAME).labels.next_pictures(20, purpose="evaluation"):
        answer(bench, NAME, [p.id for p in left])
    answer(bench, NAME, [p.id for p in bench.concept(NAME).labels.next_pictures(30)])
    bench.concept(NAME).versions.train().wait()
    bench.concept(NAME).versions.measure()
    bench.review.current(NAME)
    bench.concept(NAME).scope.set(["Chairs"], author="me")

    page.goto(f"{site.url}/check?concept={quote(NAME)}")
    told = page.locator("#check-covered")
    told.get_by_text("These figures are of 40 pictures in “Rooms”.").wait_for()
    expect(told).to_contain_text("The concept searches “Chairs” now, which they don’t cover.")
    assert {p.id for p in bench.concept(NAME).labels.upcoming([], 8).pictures} <= chairs


def test_an_album_is_filled_by_hand_and_every_step_has_a_way_back(
    site: Any, page: Any, folders: Path
) -> None:
    made = site.bench.collections.make("By hand", [], author="me")
    page.goto(f"{site.url}/library?in={made.id}")
    page.get_by_role("heading", name="This album is empty").wait_for()
    page.get_by_role("button", name="All pictures").last.click()
    tiles = page.locator("#library-main .tile")
    tiles.nth(0).click(modifiers=["ControlOrMeta"])
    tiles.nth(2).click(modifiers=["Shift"])
    page.get_by_role("button", name="Album A").click()
    page.get_by_role("group", name="Albums").get_by_role("button", name="By hand").click()
    page.get_by_text("3 pictures added to “By hand”.").wait_for()
    page.get_by_role("navigation", name="Albums").get_by_role("button", name="By hand").click()
    tiles.nth(2).wait_for()
    tiles.nth(0).click(modifiers=["ControlOrMeta"])
    page.get_by_role("button", name="Take out").click()
    expect(tiles).to_have_count(2)
    page.get_by_role("button", name="More for By hand").click()
    page.get_by_text("History").click()
    assert serious(page) == []
    page.get_by_role("button", name="Undo change").first.click()
    expect(tiles).to_have_count(3)
    page.get_by_role("button", name="More for By hand").click()
    page.get_by_label("Name").fill("Chosen")
    page.keyboard.press("Enter")
    page.get_by_text("“By hand” is now “Chosen”.").wait_for()
    page.get_by_role("button", name="More for Chosen").click()
    page.get_by_role("button", name="Move to trash").click()
    page.locator(".notice").get_by_role("button", name="Undo").click()
    page.get_by_text("“Chosen” is restored.").wait_for()
