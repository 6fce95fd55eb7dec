"""Two visitors of the demo at once, each in a browser of their own: neither sees what the other makes."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from accessible import serious, wrong_with_looks
from demo_house import demo_house
from playwright.sync_api import Page, expect
from running_app import served


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[str]:
    """Its address."""
    from web.server import create_app

    with (
        demo_house(tmp_path_factory.mktemp("demo"), tiny_open_clip) as house,
        served(create_app(house.base, house)) as address,
    ):
        yield address


def begin(page: Page, demo: str) -> None:
    page.goto(f"{demo}/label?concept=Ball")
    expect(page).to_have_url(f"{demo}/begin")
    assert serious(page) == []
    page.get_by_role("button", name="Begin").press("Enter")
    expect(page.get_by_role("heading", name="What do you want to recognise?")).to_be_visible()


def make(page: Page, demo: str, name: str) -> None:
    page.get_by_role("button", name="New concept").click()
    form = page.get_by_role("dialog", name="New concept")
    form.get_by_label("Name", exact=True).fill(name)
    form.get_by_label("What counts").fill(f"A {name.lower()}, and nothing else.")
    form.get_by_role("button", name="Create").click()
    expect(page).to_have_url(re.compile("/describe"))


def test_two_visitors_at_once_never_see_each_others_work(
    demo: str, first_page: Page, second_page: Page, tmp_path: Path
) -> None:
    ana, ben = first_page, second_page
    begin(ana, demo)
    begin(ben, demo)
    assert wrong_with_looks(ana) == []
    make(ana, demo, "Ellipse of Ana")
    make(ben, demo, "Line of Ben")

    answered = []
    for page, name in ((ana, "Ellipse of Ana"), (ben, "Line of Ben")):
        page.goto(f"{demo}/label?concept={name.replace(' ', '+')}#single")
        expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
        answered.append(page.locator(".stage img").get_attribute("data-picture"))
        with page.expect_response(lambda got: got.url.endswith("/app/answers") and got.ok):
            page.keyboard.press("y")

    for page, own, others in ((ana, "Ellipse of Ana", "Line of Ben"), (ben, "Line of Ben", "Ellipse of Ana")):
        page.goto(demo)
        expect(page.get_by_role("link", name=own, exact=True)).to_be_visible()
        expect(page.get_by_text(others)).to_have_count(0)
        page.goto(f"{demo}/describe?concept={others.replace(' ', '+')}")
        expect(page.get_by_text(f"There is no concept “{others}”")).to_be_visible()

    with ana.expect_download() as download:
        ana.get_by_role("link", name="Download what you made").click()
    download.value.save_as(tmp_path / "made.zip")
    with zipfile.ZipFile(tmp_path / "made.zip") as archive:
        answers = archive.read("ellipse-of-ana/answers.csv").decode()
        assert str(answered[0]) in answers
        assert not any("ben" in name for name in archive.namelist())
