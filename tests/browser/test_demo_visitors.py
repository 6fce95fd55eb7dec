"""Two visitors of the demo at once, each in a browser of their own: neither sees what the other makes."""

from __future__ import annotations

import re
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from demo_house import PICTURES, demo_house
from not_run import not_run
from playwright.sync_api import Browser, Page, expect


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[str]:
    """Its address."""
    import uvicorn

    from web.server import create_app

    with demo_house(tmp_path_factory.mktemp("demo"), tiny_open_clip) as house:
        server = uvicorn.Server(uvicorn.Config(create_app(house.base, house), port=0, log_level="warning"))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        while not server.started:
            thread.join(0.02)
            assert thread.is_alive(), "the server did not start"
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def visitors(chromium: Browser | None) -> Iterator[tuple[Page, Page]]:
    """Two pages that share nothing: no cookie, no storage."""
    if chromium is None:
        not_run("the screens in a browser", "There is no Chromium, and it could not be fetched.")
    contexts = [chromium.new_context(viewport={"width": 1280, "height": 900}) for _ in range(2)]
    errors: list[str] = []
    pages = [context.new_page() for context in contexts]
    for page in pages:
        page.on("pageerror", lambda error: errors.append(str(error)))
    yield pages[0], pages[1]
    for context in contexts:
        context.close()
    assert errors == []


def begin(page: Page, demo: str) -> None:
    page.goto(f"{demo}/label?concept=Ball")
    expect(page).to_have_url(f"{demo}/begin")
    page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_role("heading", name="What do you want to recognise?")).to_be_visible()


def make(page: Page, demo: str, name: str) -> None:
    page.get_by_label("Its name").fill(name)
    page.get_by_label("In one sentence").fill(f"A {name.lower()}, and nothing else.")
    page.locator("#begin").click()
    expect(page).to_have_url(re.compile("/define"))


def test_two_visitors_at_once_never_see_each_others_work(
    demo: str, visitors: tuple[Page, Page], tmp_path: Path
) -> None:
    ana, ben = visitors
    begin(ana, demo)
    begin(ben, demo)
    make(ana, demo, "Ellipse of Ana")
    make(ben, demo, "Line of Ben")

    answered = []
    for page, name in ((ana, "Ellipse of Ana"), (ben, "Line of Ben")):
        page.goto(f"{demo}/label?concept={name.replace(' ', '+')}")
        expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
        answered.append(page.locator(".stage img").get_attribute("data-picture"))
        with page.expect_response(lambda got: got.url.endswith("/app/answers") and got.ok):
            page.keyboard.press("y")

    for page, own, others in ((ana, "Ellipse of Ana", "Line of Ben"), (ben, "Line of Ben", "Ellipse of Ana")):
        page.goto(demo)
        expect(page.get_by_role("link", name=own, exact=True)).to_be_visible()
        expect(page.get_by_text(others)).to_have_count(0)
        page.goto(f"{demo}/activity")
        expect(page.get_by_role("heading", name="Activity")).to_be_visible()
        expect(page.get_by_text(others)).to_have_count(0)
        page.goto(f"{demo}/define?concept={others.replace(' ', '+')}")
        expect(page.get_by_text(f"There is no concept “{others}”")).to_be_visible()

    with ana.expect_download() as download:
        ana.get_by_role("link", name="Download what you made").click()
    download.value.save_as(tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        answers = archive.read("ellipse-of-ana/answers.csv").decode()
        assert str(answered[0]) in answers
        assert not any("ben" in name for name in archive.namelist())


def test_a_visitor_adds_pictures_of_their_own_and_finds_no_settings(
    demo: str, visitors: tuple[Page, Page], tmp_path: Path
) -> None:
    from drawing import draw

    page, other = visitors
    begin(page, demo)
    begin(other, demo)
    draw("ellipse", 950).save(tmp_path / "mine.png")
    page.goto(f"{demo}/library")
    page.get_by_text("Add pictures").click()
    expect(page.get_by_text("Folders, zip archives or lists")).to_have_count(0)
    page.locator("#upload-files").set_input_files(tmp_path / "mine.png")
    expect(page.get_by_text(f"{PICTURES + 1} pictures")).to_be_visible()
    other.goto(f"{demo}/library")
    expect(other.get_by_text(f"{PICTURES} pictures")).to_be_visible()
    page.goto(f"{demo}/activity?view=models")
    expect(page.get_by_role("heading", name="Activity")).to_be_visible()
    expect(page.get_by_text("Models and cost")).to_have_count(0)
    expect(page.get_by_text("Key", exact=True)).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_of_a_visit_are_accessible(demo: str, visitors: tuple[Page, Page], scheme: Any) -> None:
    page, _ = visitors
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{demo}/begin")
    assert _violations(page) == []
    begin(page, demo)
    expect(page.get_by_text("This demo is yours for")).to_be_visible()
    assert _violations(page) == []
    page.set_viewport_size({"width": 375, "height": 800})
    expect(page.get_by_role("link", name="Download what you made")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def _violations(page: Page) -> list[str]:
    options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
    found = Axe().run(page, options=options).response["violations"]
    return [f"{rule['id']}: {node['html']}" for rule in found for node in rule["nodes"]]
