"""Home as a first visitor finds it, and light and dark as a person chose."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import expect
from running_app import served

from concepts.settings import Settings
from concepts.workbench import Workbench


@pytest.fixture(scope="module")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server without a picture."""
    from web.server import create_app

    bench = Workbench(Settings(home=tmp_path_factory.mktemp("empty")))
    with served(create_app(bench)) as address:
        yield address
    bench.close()


def test_a_first_visitor_sees_what_comes_out_what_it_takes_and_what_to_do(empty_site: str, page: Any) -> None:
    page.goto(empty_site)
    example = page.get_by_role("region", name="Example result")
    expect(example.get_by_role("img")).to_have_count(8)
    page.wait_for_function(
        "() => [...document.querySelectorAll('.example img')].every(i => i.naturalWidth > 0)"
    )
    said = example.inner_text()
    assert re.search(r"\d+ % are right \(\d+–\d+ %\)", said), said
    assert re.search(r"\d+ labels by a simulated person, about \d+ minutes", said), said
    for word in ("encoder", "embedding", "threshold", "model"):  # one click away
        assert word not in page.locator(".page").inner_text().lower()
    assert example.bounding_box()["y"] + example.bounding_box()["height"] < 900
    expect(page.get_by_role("link", name="Import pictures")).to_be_visible()
    page.get_by_role("button", name="New concept").press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Name", exact=True)).to_be_focused()


DARK = "rgb(20, 21, 19)"  # --bg of style.css


def test_a_chosen_theme_is_there_after_a_reload_before_anything_is_painted(site: Any, page: Any) -> None:
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/settings/appearance")
    dark = page.get_by_role("button", name="Dark")
    dark.press("Enter")
    expect(dark).to_have_attribute("aria-pressed", "true")
    expect(page.locator("body")).to_have_css("background-color", DARK)
    # Every colour that the page had from the first moment on.
    page.add_init_script(
        "window.grounds = []; const look = () => { if (document.body)"
        " grounds.push(getComputedStyle(document.body).backgroundColor); requestAnimationFrame(look) };"
        " look()"
    )
    page.goto(f"{site.url}/library")
    page.wait_for_selector(".pictures img")
    assert page.evaluate("[...new Set(grounds)]") == [DARK]
    page.goto(f"{site.url}/settings/appearance")
    expect(dark).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="System").click()
    expect(page.locator("body")).not_to_have_css("background-color", DARK)
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).to_have_css("background-color", DARK)
