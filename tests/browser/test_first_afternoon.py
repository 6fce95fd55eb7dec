"""A first afternoon with everything there is, through the screens of `python app.py` on an empty home.

The person is simulated: a drawing counts if its file is called ellipse, and of the graded concept an ellipse
is a 5, a rectangle a 2 and a line a 1.
"""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from drawing import draw_folder
from playwright.sync_api import Browser, Locator, Page, expect
from running_app import App

PLAIN, RENAMED, GRADED = "Round things", "Plates", "Roundness"
GRADES = {"ellipse": "5", "rectangle": "2", "line": "1"}
SLOW = 60_000  # ms, for work that takes its time on a busy computer


@pytest.fixture
def page(first_page: Page) -> Page:
    """Of a browser that was never here."""
    return first_page


@pytest.fixture
def app(warm_home: Path, tmp_path: Path) -> Iterator[App]:
    """What it says while it is used must hold no traceback."""
    log = tmp_path / "log.txt"
    running = App(warm_home, "embedded", log)
    try:
        running.start()
        yield running
        said = log.read_text()
        assert "Traceback" not in said
        assert "ERROR" not in said
    finally:
        running.stop()


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """The page; an error in its console, or a request that fails, fails the test."""
    wrong: list[str] = []
    page.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    page.on("response", lambda got: wrong.append(f"{got.status} of {got.url}") if got.status >= 400 else None)
    yield page
    assert wrong == []


@pytest.fixture
def folders(tmp_path: Path) -> list[Path]:
    """`Kitchen` and `Garden`, 150 drawings each."""
    return [
        draw_folder(tmp_path / name, 150, first_seed=seed)
        for name, seed in (("Kitchen", 4000), ("Garden", 8000))
    ]


@pytest.mark.slow
def test_an_afternoon_from_two_folders_to_what_is_shared_and_taken_along(
    app: App, watched: Page, folders: list[Path], chromium: Browser, tmp_path: Path
) -> None:
    page = watched
    page.goto(app.url)
    page.get_by_role("link", name="Add my pictures").click()
    add(page, folders)
    for folder in folders:
        make_a_collection(page, folder)
    begin(page, PLAIN, "A filled round shape; not one with corners, not a line.")
    begin(page, GRADED, "How round the filled shape is.", graded=True)
    look_in(page, "Kitchen")
    answer_in_the_library(page, app, PLAIN, "round", 40)
    label(page, PLAIN, 40)
    label(page, GRADED, 20)
    grade_in_the_library(page, app, "Kitchen")
    for name in (PLAIN, GRADED):
        train(page, name)
    rename(page, app)
    counts_agree(page, app, answers=80, pictures=300)
    combine(page)
    share(page, chromium, tmp_path)
    removed_with_an_answer = remove_and_empty_the_bin(page, app)
    counts_agree(page, app, answers=80 - removed_with_an_answer, pictures=290)
    export(page, tmp_path)


def tiles(page: Page) -> Locator:
    return page.locator("#library-main .pictures .tile")


def step(page: Page, name: str) -> None:
    page.locator(f".rail a:has-text('{name}')").click()


def add(page: Page, folders: list[Path]) -> None:
    page.locator("#add-paths").fill("\n".join(map(str, folders)))
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator("#library-progress .notice")).to_contain_text("300 new pictures", timeout=SLOW)
    expect(tiles(page)).to_have_count(48)


def make_a_collection(page: Page, folder: Path) -> None:
    page.get_by_role("button", name="Collections", exact=True).click()
    making = page.locator("details.making")
    expect(making).to_be_visible()
    if making.get_attribute("open") is None:
        making.locator("summary").click()
    page.get_by_label("What is it called?").fill(folder.name)
    page.get_by_label("Folder", exact=True).fill(str(folder))
    page.get_by_role("button", name="Make it").click()
    expect(page.get_by_text(f"“{folder.name}” is made: 150 pictures")).to_be_visible()


def begin(page: Page, name: str, sentence: str, graded: bool = False) -> None:
    step(page, "Start")
    page.locator("#begin-name").fill(name)
    page.locator("#begin-sentence").fill(sentence)
    if graded:
        page.get_by_text("Grades or classes instead of yes and no").click()
        page.get_by_label("Answered by").select_option("graded")
    page.locator("#begin").click()
    page.wait_for_url(f"**/define?concept={quote_plus(name)}*")


def look_in(page: Page, collection: str) -> None:
    page.get_by_role("button", name="Change where it looks").click()
    page.get_by_label(collection).check()
    page.get_by_role("button", name="Look in the ticked ones").click()
    expect(page.get_by_text(f"It looks in “{collection}”: 150 of 300 pictures now.")).to_be_visible()


def shape(name: str | None) -> str:
    return str(name).removeprefix("Picture ").split("-")[0]


def search(page: Page, concept: str, words: str) -> None:
    page.locator("#search-words").fill(words)
    page.keyboard.press("Enter")
    expect(page.get_by_text("The nearest, best first.")).to_be_visible()
    page.get_by_label("Answer for").select_option(concept)


def answer_in_the_library(page: Page, app: App, concept: str, words: str, count: int) -> None:
    step(page, "Library")
    search(page, concept, words)
    for place in range(count):
        tile = tiles(page).nth(place)
        tile.focus()
        counts = shape(tile.locator("img").get_attribute("alt")) == "ellipse"
        page.keyboard.press("y" if counts else "n")
        expect(tile.locator(".said")).to_contain_text("counts" if counts else "doesn’t")
    saved(page)


def grade_in_the_library(page: Page, app: App, collection: str) -> None:
    """Many at once: the tiles of a shape are chosen, and get the grade of it."""
    page.goto(f"{app.url}/library?view=collections")
    page.get_by_role("link", name=f"Browse {collection}").click()
    expect(page.get_by_text(f"Only {collection}: 150 pictures.")).to_be_visible()
    page.get_by_label("Answer for").select_option(GRADED)
    expect(tiles(page)).to_have_count(48)
    kinds = [shape(name) for name in tiles(page).locator("img").evaluate_all("all => all.map((i) => i.alt)")]
    for kind in sorted(set(kinds)):
        of_it = [tiles(page).nth(place) for place, other in enumerate(kinds) if other == kind][:10]
        for tile in of_it:
            tile.click(modifiers=["ControlOrMeta"])
        page.keyboard.press(GRADES[kind])
        for tile in of_it:
            expect(tile.locator(".said")).to_contain_text(f"{GRADES[kind]} of 5")
    saved(page)


def saved(page: Page) -> None:
    page.wait_for_function("!Object.keys(localStorage).some((name) => name.startsWith('discern:unsaved'))")


def label(page: Page, concept: str, count: int) -> None:
    step(page, "Start")
    page.get_by_role("link", name=concept, exact=True).click()
    step(page, "Label")
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible(timeout=SLOW)
    for _ in range(count):
        picture = page.locator(".stage img")
        seen, kind = picture.get_attribute("data-picture"), shape(picture.get_attribute("alt"))
        if concept == GRADED:
            page.keyboard.press(GRADES[kind])
        else:
            page.keyboard.press("y" if kind == "ellipse" else "n")
        expect(page.locator(f'.stage img:not([data-picture="{seen}"])')).to_be_visible(timeout=SLOW)
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def train(page: Page, concept: str) -> None:
    step(page, "Start")
    page.get_by_role("link", name=concept, exact=True).click()
    step(page, "Quality")
    page.locator("[data-action=train] button").first.click()
    expect(page.locator("#quality-head .chip").first).to_contain_text("version 1", timeout=SLOW)


def rename(page: Page, app: App) -> None:
    step(page, "Start")
    page.get_by_role("button", name=f"More for {PLAIN}").click()
    page.get_by_role("button", name="Rename").and_(page.locator(":visible")).click()
    page.get_by_label("Its new name").fill(RENAMED)
    page.get_by_role("dialog").get_by_role("button", name="Rename").click()
    expect(page.get_by_role("link", name=RENAMED, exact=True)).to_be_visible()


def counts_agree(page: Page, app: App, answers: int, pictures: int) -> None:
    """Start, Library, Label, Quality and Combine say the same of the plain concept and the library."""
    step(page, "Start")
    expect(page.locator("#rail-pictures")).to_have_text(f"{pictures} pictures")
    expect(page.get_by_text(f"Looks in the {pictures} pictures of your library.")).to_be_visible()
    card = page.locator(".card").filter(has=page.get_by_role("link", name=RENAMED, exact=True))
    expect(card.locator(".facts")).to_contain_text(f"{answers} answers")
    card.get_by_role("link", name=RENAMED, exact=True).click()
    step(page, "Label")
    expect(page.locator("[data-part=count]")).to_have_text(f"{answers} answers")
    expect(page.locator("#rail-pictures")).to_have_text(f"{pictures} pictures")
    step(page, "Quality")
    expect(page.locator("#quality-head h1")).to_have_text(RENAMED)
    expect(page.locator("#rail-pictures")).to_have_text(f"{pictures} pictures")
    page.goto(f"{app.url}/library?concept={quote_plus(RENAMED)}&answered=any")
    expect(page.locator("#library-fitting")).to_have_text(f"{answers} pictures fit.")
    expect(page.locator("#library-head .chip").first).to_have_text(f"{pictures} pictures")


def combine(page: Page) -> None:
    step(page, "Start")
    step(page, "Combine")
    page.get_by_label("A concept to begin with").select_option(RENAMED)
    page.get_by_role("button", name="Begin with it").click()
    expect(page.locator("#combine-found [role=status]")).to_contain_text(re.compile(r"of 300\b"))
    page.get_by_label("One more concept").select_option(GRADED)
    page.get_by_role("button", name="and it is not").click()
    expect(page.get_by_label("The rule, with AND, OR, NOT")).to_have_value(f"{RENAMED} AND NOT {GRADED}")
    # A rule looks where all of its concepts look.
    expect(page.locator("#combine-found [role=status]")).to_contain_text(re.compile(r"of 150\b"))
    page.get_by_label("Keep it as").fill("Odd ones")
    page.get_by_role("button", name="Keep").click()
    expect(page.get_by_text("Kept as “Odd ones”.")).to_be_visible()


def use(page: Page) -> None:
    step(page, "Start")
    page.get_by_role("link", name=RENAMED, exact=True).click()
    step(page, "Use")


def share(page: Page, chromium: Browser, folder: Path) -> None:
    use(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download it as one page").click()
    download.value.save_as(folder / "page.html")
    context = chromium.new_context()  # without a session
    stranger = context.new_page()
    stranger.goto((folder / "page.html").as_uri())
    expect(stranger.get_by_role("heading", name=RENAMED, exact=True)).to_be_visible()
    stranger.wait_for_function("[...document.images].every(i => i.naturalWidth > 0)")
    context.close()


def remove_and_empty_the_bin(page: Page, app: App) -> int:
    """Ten pictures go, come back, and go for good; how many of them were answered for the plain concept."""
    page.goto(f"{app.url}/library?sort=name")
    expect(tiles(page).first).to_be_visible()
    page.get_by_label("Answer for").select_option(RENAMED)
    answered = []
    for gone_for_good in (False, True):
        expect(page.locator("#library-head .chip").first).to_have_text("300 pictures")
        tiles(page).nth(0).click(modifiers=["ControlOrMeta"])
        tiles(page).nth(9).click(modifiers=["Shift"])
        expect(tiles(page).locator("nth=9").locator(".said")).to_contain_text("chosen")
        said = [tiles(page).nth(place).locator(".said").inner_text() for place in range(10)]
        answered.append(sum(words != "chosen" for words in said))
        page.keyboard.press("Delete")
        expect(page.get_by_text("10 pictures are in the trash.")).to_be_visible()
        expect(page.locator("#library-head .chip").first).to_have_text("290 pictures")
        if not gone_for_good:
            page.get_by_role("button", name="Undo").click()
    page.get_by_role("button", name="Trash", exact=True).click()
    page.get_by_text("Empty the trash …").click()
    page.get_by_role("button", name="Empty the trash for good").click()
    expect(page.get_by_role("heading", name="10 pictures are gone for good")).to_be_visible()
    assert answered[0] == answered[1]
    return answered[0]


def export(page: Page, folder: Path) -> None:
    """Whole: every member's checksum, and what it says of itself."""
    use(page)
    with page.expect_download() as download:
        page.locator("#use-take").get_by_role("link", name="Download").first.click()
    assert download.value.suggested_filename == "plates-v1.zip"
    download.value.save_as(folder / "plates.zip")
    with zipfile.ZipFile(folder / "plates.zip") as archive:
        assert archive.testzip() is None
        names = {Path(name).name for name in archive.namelist()}
        assert {"head.json", "head.onnx", "head.safetensors", "scorer.py", "classify.py"} <= names
        (about,) = (name for name in archive.namelist() if name.endswith("head.json"))
        assert json.loads(archive.read(about))
