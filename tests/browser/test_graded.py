"""A graded concept, from Home to what the trained version says."""

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

NAME = "Roundness"
GRADES = {"ellipse": "5", "rectangle": "2", "line": "1"}


def grade(path: str) -> str:
    return GRADES[Path(path).name.split("-")[0]]


def test_a_graded_concept_from_start_to_its_figures(site: Site, page: Page) -> None:
    page.goto(f"{site.url}/")
    page.get_by_role("button", name="New concept").click()
    page.locator("#begin-name").fill(NAME)
    page.locator("#begin-sentence").fill("How round it is.")
    page.get_by_text("Grades or classes").click()
    page.locator("#begin-kind").select_option("graded")
    page.locator("#begin-grade-names").fill("flat, round")
    expect(page.locator("#begin-classes")).to_be_hidden()  # only what is chosen is asked
    page.locator("#begin").click()
    page.wait_for_url("**/describe**")
    page.get_by_text("Labels: grades 1 (flat) to 5 (round)").click()
    expect(page.get_by_label("Names of the lowest")).to_have_value("flat, round")
    expect(page.get_by_label("Grades", exact=True)).to_have_value("5")

    context, concept = site.bench.context, site.bench.concept(NAME)
    context.draw_more(concept.row, at_least=30)  # so that there are figures
    learned = [picture.id for picture in concept.labels.next_pictures(20)]
    paths = context.collection.paths([*context.to_answer(concept.row), *learned])
    given = {f"{NAME} {i}": GivenLabel(picture=i, value=grade(path)) for i, path in paths.items()}
    concept.labels.commit(given, Author("me"))

    page.goto(f"{site.url}/label?{urlencode({'concept': NAME})}")
    picture = page.locator("#labeller[data-ready] .stage img")
    for _ in range(4):
        expect(picture).to_be_visible()
        alt, before = picture.get_attribute("alt"), picture.get_attribute("data-picture")
        page.keyboard.press(grade((alt or "").removeprefix("Picture ")))
        expect(page.locator(f'.stage img:not([data-picture="{before}"])')).to_be_visible()
    expect(page.locator("[data-part=saved]")).to_have_text("saved")
    expect(page.locator("[data-part=last-body]")).to_contain_text("of 5")
    expect(page.locator("[data-do='say:5']")).to_contain_text("round")
    page.keyboard.press("z")
    page.keyboard.press("g")
    first = page.locator(".tiles .tile").first
    expect(first).to_be_visible()
    page.keyboard.press("4")
    expect(first).to_contain_text("4 of 5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=status]")).to_contain_text("1 saved")

    page.goto(f"{site.url}/check?{urlencode({'concept': NAME})}")
    page.get_by_role("button", name="Train", exact=True).click()
    fold = page.locator("summary", has_text=re.compile(r"^\s*Grades\s*$"))
    expect(fold).to_be_attached()
    page.locator("summary", has_text="Details").click()
    fold.click()
    expect(page.get_by_text("Weighted kappa")).to_be_visible()
    expect(page.get_by_role("table", name="Grades")).to_be_visible()
    assert serious_in_both_themes(page) == []
