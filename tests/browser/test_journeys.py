"""Three ways through the app as a person goes them: by the words, roles and keys that the screens have.

The person is simulated: what a drawing shows is in its file's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from accessible import wrong_with_looks
from PIL import Image, ImageDraw
from playwright.sync_api import expect
from typer.testing import CliRunner

from concepts.cli import app
from concepts.installation.users import Users
from concepts.labelling.labels import next_pictures
from concepts.results.library import import_pictures
from concepts.results.review import looked_over_now

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Site

PASSWORD = "correct horse battery"
STARS = 2  # among 120 other drawings
ALL_IN_VIEW = {"width": 1280, "height": 3000}  # only what was in view can be marked together


@pytest.fixture(scope="module")
def site(own_site: Site) -> Site:
    return own_site


def draw_stars(folder: Path) -> Path:
    """Two pictures, unlike any of the others."""
    for number, (ground, star) in enumerate((("black", "yellow"), ("navy", "white"))):
        drawn = Image.new("RGB", (96, 96), ground)
        ImageDraw.Draw(drawn).regular_polygon((40 + 12 * number, 48, 34 - 6 * number), 3, 30 * number, star)
        drawn.save(folder / f"star-{number}.png")
    return folder


def begin(site: Site, page: Any, name: str, counts: str) -> None:
    page.goto(site.url)
    page.get_by_role("button", name="New concept").click()
    form = page.locator("#new-concept")
    form.get_by_label("What counts", exact=True).fill(counts)
    form.get_by_label("Name", exact=True).fill(name)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()
    expect(page.get_by_role("group", name="Found by").first).to_be_visible()


def mode(page: Any, name: str) -> Any:
    """The choice of a way to label, while it is the one in use."""
    return page.get_by_role("radio", name=name, checked=True)


def turn(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name).check()


def tiles(page: Any, shows: str = "") -> Any:
    """Of a sheet or grid: those whose file is called so."""
    together = page.get_by_role("listbox", name="Pictures to label together")
    return together.get_by_role("option", name=re.compile(f"^{shows}"))


def step(page: Any, name: str) -> None:
    page.get_by_role("navigation", name="Steps").get_by_role("link", name=re.compile(f"^{name}")).click()


def mark_the_rest(page: Any, count: int) -> None:
    """What is in view and not marked is No, and all of them are saved."""
    save = page.get_by_role("button", name=f"Save {count}", exact=True)
    while not save.is_visible():  # until the last one was seen
        page.get_by_role("button", name="Mark rest No").click()
    save.click()


def name_of(tile: Any) -> str:
    """The file's name, of one in a sheet or grid."""
    return str(tile.get_attribute("aria-label")).partition(":")[0]


def label_the_rest(page: Any, counts: str) -> None:
    """By key, one picture after another."""
    done = page.get_by_role("heading", name="Every picture is labelled")
    stage = page.locator("#labeller .stage")
    asked = stage.get_by_role("img")
    turn(page, "Single")
    expect(asked.or_(done)).to_be_visible()
    while not done.is_visible():
        shown = str(asked.get_attribute("alt"))
        page.keyboard.press("y" if counts in shown else "n")
        other = stage.get_by_role("img", name=re.compile(f"^(?!{re.escape(shown)})Picture"))
        expect(other.or_(done)).to_be_visible()


def test_both_of_two_pictures_in_a_hundred_are_found(site: Site, page: Any, tmp_path: Path) -> None:
    begin(site, page, "Star", "A bright star on a dark ground.")
    next_pictures(site.bench.concept("Star"), 1, purpose="evaluation")  # none of which is a star
    import_pictures(site.bench, [draw_stars(tmp_path)]).wait()
    step(page, "Label")
    expect(mode(page, "Sheet")).to_be_visible()
    expect(tiles(page).first).to_be_visible()
    while not tiles(page, "star").count():
        gone = name_of(tiles(page).first)
        page.get_by_role("button", name="Next page").click()
        expect(tiles(page, gone)).to_have_count(0)
        expect(tiles(page).first).to_be_visible()
    tiles(page, "star").first.click()
    page.get_by_role("button", name="Save 1").click()
    expect(page.get_by_text("1 saved")).to_be_visible()
    page.set_viewport_size(ALL_IN_VIEW)
    turn(page, "Grid")
    expect(tiles(page)).to_have_count(36)
    tiles(page, "star").press("y")  # the only other one
    done = page.get_by_text("All of these are labelled.")
    while not done.is_visible():
        first, count = name_of(tiles(page).first), tiles(page).count()
        mark_the_rest(page, count)
        expect(tiles(page, first)).to_have_count(0)
        expect(tiles(page).first.or_(done)).to_be_visible()
    label_the_rest(page, "star")
    expect(page.get_by_role("img", name="2 count,")).to_be_visible()
    looked_over_now(site.bench.concept("Star"))  # what is worked out behind
    step(page, "Describe")
    rare = page.get_by_text("Rare: 0 of 24 test pictures count, so at most").filter(visible=True)
    expect(rare).to_be_visible()
    step(page, "Label")
    expect(rare).to_contain_text("Sheets and grids find them faster")


def add_search(page: Any, words: str) -> None:
    """What it finds shows while it is typed, and stays."""
    search = page.get_by_label("New search")
    search.press_sequentially(words)
    strip = page.get_by_role("group", name=f"Found by {words}")
    expect(strip.get_by_role("img").first).to_be_visible()
    page.get_by_role("button", name="Counts", exact=True).click()
    expect(page.get_by_text(f"Added “{words}”.")).to_be_visible()
    expect(strip.get_by_role("img").first).to_be_visible()


@pytest.mark.slow
def test_both_kinds_that_count_are_searched_labelled_and_among_the_results(site: Site, page: Any) -> None:
    kinds = {"ellipse", "line"}
    begin(site, page, "Round or thin", "A disc or a stroke.")
    for words in ("a filled disc", "a thin stroke"):
        add_search(page, words)
    page.get_by_role("button", name="Find candidates").click()
    page.get_by_role("link", name="Start labelling").click()
    for kind in kinds:
        expect(tiles(page, kind).first).to_be_visible()
        for tile in tiles(page, kind).all()[:8]:
            tile.click()
    page.get_by_role("button", name="Save 16").click()
    expect(page.get_by_text("16 saved")).to_be_visible()
    page.set_viewport_size(ALL_IN_VIEW)
    turn(page, "Grid")
    expect(tiles(page)).to_have_count(36)
    first = name_of(tiles(page).first)
    page.get_by_label("Order", exact=True).click()
    for words in ("a filled disc", "a thin stroke"):
        expect(page.get_by_role("option", name=f"Found by “{words}”")).to_be_visible()
    page.get_by_role("option", name="Least likely first").click()
    expect(tiles(page).first).not_to_have_attribute("aria-label", re.compile(f"^{re.escape(first)}"))
    expect(tiles(page)).to_have_count(36)
    for tile in tiles(page, "(ellipse|line)").all():
        tile.press("y")
    mark_the_rest(page, 36)
    expect(page.get_by_text("36 saved")).to_be_visible()
    step(page, "Check")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_text("Version 1 is trained")).to_be_visible()
    step(page, "Results")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    step(page, "Library")
    page.get_by_role("button", name="Filter").click()
    filters = page.locator("#library-filters")
    for name, value in (("Concept", "Round or thin"), ("Newest version", "Flagged")):
        filters.get_by_label(name, exact=True).click()
        page.get_by_role("option", name=value, exact=True).click()
    filters.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("Unlabelled test pictures are left out")).to_be_visible()
    flagged = page.get_by_role("listbox", name="Pictures", exact=True)
    for kind in kinds:
        expect(flagged.get_by_role("option", name=re.compile(f"^{kind}")).first).to_be_visible()


@pytest.fixture
def let_in(site: Site, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Runs a command that lets somebody log in, with the password of all. In the end nobody has to."""
    settings = site.bench.settings
    monkeypatch.setenv("DISCERN_HOME", str(settings.home))

    def run(command: str) -> None:
        ended = CliRunner().invoke(app, command.split()[1:], input=f"{PASSWORD}\n" * 2)
        assert ended.exit_code == 0, ended.output

    yield run
    Users(settings).file.unlink()


def log_in(page: Any, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")


@pytest.mark.slow
def test_an_owner_settles_where_a_labeller_says_otherwise(
    site: Site, page: Any, first_page: Any, let_in: Callable[[str], None]
) -> None:
    lea, name = first_page, "Ellipse by two"
    page.goto(f"{site.url}/settings/people")
    command = page.get_by_text("discern users add").inner_text().splitlines()[0]
    for person in ("ola", "lea"):  # the first one is an owner
        let_in(command.replace("NAME", person))
    page.reload()
    expect(page.get_by_label("Password")).to_be_visible()
    assert wrong_with_looks(page) == []
    log_in(page, "ola")
    expect(page.get_by_role("row", name="lea labeller")).to_be_visible()
    begin(site, page, name, "A filled ellipse.")
    lea.goto(site.url)
    log_in(lea, "lea")
    lea.get_by_role("link", name=name, exact=True).click()
    page.get_by_role("button", name="Find candidates").click()
    for person in (page, lea):
        person.get_by_role("link", name="Start labelling").click()
    people = {page: "n", lea: "y"}
    for person in people:
        turn(person, "Grid")
        expect(tiles(person)).to_have_count(36)
    both = name_of(tiles(page).first)
    for person, key in people.items():
        tiles(person, both).press(key)
        person.get_by_role("button", name="Save 1").click()
        expect(person.get_by_text("1 saved.")).to_be_visible()
    page.get_by_role("link", name="Review", exact=True).click()
    page.get_by_role("listbox", name="Worth another look").get_by_role("option", name=both).click()
    beside = page.get_by_role("region", name="Selected picture")
    expect(beside.get_by_text("People disagree")).to_be_visible()
    for said in ("lea: yes", "ola: no"):
        expect(beside.get_by_text(said)).to_be_visible()
    beside.get_by_role("button", name="Counts").click()
    expect(page.get_by_text("1 picture: counts.")).to_be_visible()
    expect(page.get_by_text("No label needs another look.")).to_be_visible()
