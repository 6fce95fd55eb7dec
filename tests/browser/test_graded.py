"""A graded concept and one of exclusive classes, from Home to what the trained version says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from accessible import serious_in_both_themes
from playwright.sync_api import Page, expect

from concepts.workbench.labels import GivenLabel
from storage.labels import Author

if TYPE_CHECKING:
    from conftest import Site

GRADED, CLASSED = "Roundness", "Shape"
KEYS = {"ellipse": "5", "rectangle": "2", "line": "1"}


def begin(site: Site, page: Page, name: str, sentence: str, kind: str, **more: str) -> None:
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="New concept").click()
    page.locator("#begin-name").fill(name)
    page.locator("#begin-sentence").fill(sentence)
    page.get_by_text("Grades or classes").click()
    page.locator("#begin-kind").select_option(kind)
    for field, text in more.items():
        page.locator(f"#begin-{field}").fill(text)
    if kind == "graded":  # only what is chosen is asked
        expect(page.locator("#begin-classes")).to_be_hidden()
    page.locator("#begin").click()
    page.wait_for_url("**/describe**")


def shape(path: str) -> str:
    return Path(path).name.split("-")[0]


def label(site: Site, page: Page, name: str, keys: dict[str, str], n: int) -> None:
    """Answers n pictures with keys, by the names of their files."""
    page.goto(f"{site.url}/label?{urlencode({'concept': name})}")
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
    for _ in range(n):
        picture = page.locator(".stage img")
        expect(picture).to_be_visible()
        alt, before = picture.get_attribute("alt"), picture.get_attribute("data-picture")
        page.keyboard.press(keys[shape((alt or "").removeprefix("Picture "))])
        expect(page.locator(f'.stage img:not([data-picture="{before}"])')).to_be_visible()
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def test_a_graded_concept_from_start_to_its_figures(site: Site, page: Page) -> None:
    begin(site, page, GRADED, "How round it is.", "graded", **{"grade-names": "flat, round"})
    page.get_by_text("Labels: grades 1 (flat) to 5 (round)").click()
    expect(page.get_by_label("Names of the lowest")).to_have_value("flat, round")
    expect(page.get_by_label("Grades", exact=True)).to_have_value("5")
    context = site.bench.context
    concept = context.concept(GRADED)
    context.draw_more(concept, at_least=30)  # so that there are figures
    learned = [picture.id for picture in site.bench.concept(GRADED).labels.next_pictures(20)]
    paths = context.collection.paths([*context.to_answer(concept), *learned])
    given = {f"{GRADED} {i}": GivenLabel(picture=i, value=KEYS[shape(path)]) for i, path in paths.items()}
    site.bench.concept(GRADED).labels.commit(given, Author("me"))
    label(site, page, GRADED, KEYS, 4)
    expect(page.locator("[data-part=last-body]")).to_contain_text("of 5")
    expect(page.locator("[data-do='say:5']")).to_contain_text("round")
    page.keyboard.press("z")
    page.keyboard.press("g")
    expect(page.locator(".tiles .tile").first).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator(".tiles .tile").first).to_contain_text("4 of 5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=status]")).to_contain_text("1 saved")
    page.goto(f"{site.url}/check?{urlencode({'concept': GRADED})}")
    page.get_by_role("button", name="Train", exact=True).click()
    fold = page.locator("summary", has_text=re.compile(r"^\s*Grades\s*$"))
    expect(fold).to_be_attached()
    page.locator("summary", has_text="Details").click()
    fold.click()
    expect(page.get_by_text("Weighted kappa")).to_be_visible()
    expect(page.get_by_role("table", name="Grades")).to_be_visible()
    assert serious_in_both_themes(page) == []


def test_exclusive_classes_are_answered_by_their_keys(site: Site, page: Page) -> None:
    begin(site, page, CLASSED, "Which shape it shows.", "classes", classes="ellipse, rectangle")
    label(site, page, CLASSED, {"ellipse": "1", "rectangle": "2", "line": "0"}, 4)
    expect(page.locator("[data-part=balance]")).to_contain_text("one of these")
