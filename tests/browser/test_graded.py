"""A graded concept and one of exclusive classes, from Home to what the trained version says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from accessible import serious_in_both_themes
from playwright.sync_api import Page, expect

from concepts.workbench.labels import GivenLabel
from storage.labels import Author

if TYPE_CHECKING:
    from conftest import Site

GRADED, CLASSED = "Roundness", "Shape"


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


def answer_most(site: Site, name: str, words: dict[str, str]) -> None:
    """What measures, so that there are figures, and most of what a version learns from."""
    context = site.bench.context
    concept = context.concept(name)
    context.draw_more(concept, at_least=30)
    learned = [picture.id for picture in site.bench.concept(name).labels.next_pictures(20)]
    paths = context.collection.paths([*context.to_answer(concept), *learned])
    given = {f"{name} {i}": GivenLabel(picture=i, value=words[shape(path)]) for i, path in paths.items()}
    site.bench.concept(name).labels.commit(given, Author("me"))


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


def train(site: Site, page: Page, name: str, figures: str) -> None:
    """Trains, and unfolds these figures."""
    page.goto(f"{site.url}/check?{urlencode({'concept': name})}")
    page.get_by_role("button", name="Train", exact=True).click()
    fold = page.locator("summary", has_text=re.compile(rf"^\s*{figures}\s*$"))
    expect(fold).to_be_attached()
    page.locator("summary", has_text="Details").click()
    fold.click()


def test_ten_grades_are_chosen_on_define_and_the_tenth_has_the_key_0(site: Site, page: Page) -> None:
    site.bench.concepts.begin("Of ten", "How round it is.")
    page.goto(f"{site.url}/describe?concept=Of+ten")
    page.get_by_text("Labels: yes or no").click()
    page.get_by_label("Labels", exact=True).select_option("graded")
    page.get_by_label("Grades", exact=True).select_option("10")
    page.get_by_label("Counts from grade").select_option("8")
    page.locator("#labels-by").get_by_role("button", name="Save").click()
    expect(page.get_by_text("Labels: grades 1 to 10")).to_be_visible()
    page.goto(f"{site.url}/label?concept=Of+ten")
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible()
    page.keyboard.press("0")
    expect(page.locator("[data-part=last-body]")).to_contain_text("10 of 10")
    expect(page.locator("[data-part=balance]")).to_contain_text("1 at 8 or more")


@pytest.fixture
def phone(page: Page) -> Page:
    page.set_viewport_size({"width": 390, "height": 800})
    return page


def test_classes_are_answered_on_library_too_and_a_phone_shows_all_of_them(site: Site, phone: Page) -> None:
    from concepts.learning.scale import Scale

    names = [f"kind of shape number {n}" for n in range(1, 8)]
    site.bench.concepts.begin("Many", "Which kind.", scale=Scale.of_classes(names))
    phone.goto(f"{site.url}/label?concept=Many")
    expect(phone.locator("#labeller[data-ready] .stage img")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390
    phone.goto(f"{site.url}/library?concept=Many")
    expect(phone.locator(".answering[data-ready]")).to_be_attached()
    tile = phone.locator("#library-main .tile").first
    tile.focus()
    phone.keyboard.press("3")
    expect(tile.locator(".said")).to_have_text(names[2])
    phone.keyboard.press("0")
    expect(tile.locator(".said")).to_have_text("none of these")
    assert phone.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_graded_concept_from_start_to_its_figures(site: Site, page: Page) -> None:
    begin(site, page, GRADED, "How round it is.", "graded", **{"grade-names": "flat, round"})
    page.get_by_text("Labels: grades 1 (flat) to 5 (round)").click()
    expect(page.get_by_label("Names of the lowest")).to_have_value("flat, round")
    expect(page.get_by_label("Grades", exact=True)).to_have_value("5")
    answer_most(site, GRADED, {"ellipse": "5", "rectangle": "2", "line": "1"})
    label(site, page, GRADED, {"ellipse": "5", "rectangle": "2", "line": "1"}, 4)
    expect(page.locator("[data-part=last-body]")).to_contain_text("of 5")
    expect(page.locator("[data-do='say:5']")).to_contain_text("round")
    page.keyboard.press("z")
    page.keyboard.press("g")
    expect(page.locator(".tiles .tile").first).to_be_visible()
    page.keyboard.press("4")
    expect(page.locator(".tiles .tile").first).to_contain_text("4 of 5")
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=status]")).to_contain_text("1 saved")
    train(site, page, GRADED, "Grades")
    expect(page.get_by_text("Weighted kappa")).to_be_visible()
    expect(page.get_by_role("table", name="Grades")).to_be_visible()
    assert serious_in_both_themes(page) == []


def test_exclusive_classes_from_start_to_their_figures(site: Site, page: Page) -> None:
    begin(site, page, CLASSED, "Which shape it shows.", "classes", classes="ellipse, rectangle")
    answer_most(site, CLASSED, {"ellipse": "ellipse", "rectangle": "rectangle", "line": "none"})
    label(site, page, CLASSED, {"ellipse": "1", "rectangle": "2", "line": "0"}, 4)
    expect(page.locator("[data-part=balance]")).to_contain_text("one of these")
    train(site, page, CLASSED, "Classes")
    expect(page.get_by_role("table", name="Classes")).to_be_visible()
    assert serious_in_both_themes(page) == []
