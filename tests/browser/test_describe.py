"""Describe as a person uses it: by the words, roles and keys that are on the screen."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from accessible import wrong_with_looks
from late_answers import HeldAnswer
from playwright.sync_api import expect

from concepts.definition import editing
from concepts.definition.revisions import definition_of
from concepts.labelling.examples import edit_definition

if TYPE_CHECKING:
    from conftest import Site

HOSTILE = "<img src=x onerror=alert(1)> ${alert(2)} {{7*7}}"


def describe(site: Site, page: Any, concept: str) -> None:
    page.goto(f"{site.url}/describe?{urlencode({'concept': concept})}")
    expect(page.get_by_role("heading", name=concept, level=1)).to_be_visible()
    expect(page.get_by_role("group", name="Found by").first).to_be_visible()


def definition(site: Site, concept: str) -> Any:
    return definition_of(site.bench.concept(concept)).definition


def test_what_counts_is_written_decided_reworded_and_taken_back(site: Site, page: Any, concept: str) -> None:
    describe(site, page, concept)
    page.get_by_label("New criterion").fill(HOSTILE)
    page.get_by_label("New criterion").press("Enter")
    expect(page.get_by_text(f"Added “{HOSTILE}”.")).to_be_visible()
    page.locator("summary").filter(has_text=HOSTILE).first.click()
    page.get_by_label("Words").first.fill("a whole ellipse")
    page.get_by_label("What it means").nth(0).select_option("undecided")
    page.get_by_role("button", name="Save", exact=True).first.click()
    page.get_by_role("button", name="“a whole ellipse” doesn’t count").click()
    expect(page.get_by_text("“a whole ellipse” now excludes.")).to_be_visible()
    assert [(one.kind, one.text) for one in definition(site, concept).criteria][-1][0] == "excluding"
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Not decided")).to_be_visible()
    sentence = page.get_by_label("What counts", exact=True)
    sentence.fill("An ellipse of any colour.")
    page.get_by_label("New search").focus()  # leaving the field saves it
    expect(page.get_by_text("Another sentence.")).to_be_visible()
    assert definition(site, concept).description == "An ellipse of any colour."


def test_a_search_shows_what_it_finds_while_it_is_typed(site: Site, page: Any, concept: str) -> None:
    describe(site, page, concept)
    page.get_by_label("New search").press_sequentially("a disc")
    expect(page.get_by_role("group", name="Found by a disc").get_by_role("img").first).to_be_visible()
    page.get_by_role("button", name="Doesn’t", exact=True).click()
    expect(page.get_by_text("Added “a disc”.")).to_be_visible()
    expect(page.get_by_role("heading", name="Look-alikes")).to_be_visible()
    page.get_by_role("button", name="More for search “a disc”").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_text("Removed “a disc”.")).to_be_visible()
    assert not definition(site, concept).queries


def test_two_searches_removed_in_a_row_are_both_removed_and_a_late_answer_brings_none_back(
    site: Site, page: Any, concept: str
) -> None:
    for query in ("a disc", "a square"):
        add = partial(editing.add_query, text=query, counts=True)
        edit_definition(site.bench.concept(concept), add, author="me")
    describe(site, page, concept)

    def remove(query: str) -> None:
        page.get_by_role("button", name=f"More for search “{query}”").click()
        page.get_by_role("button", name="Delete", exact=True).click()

    first = HeldAnswer(page, lambda route, text: "Removed “a disc”" in text)
    remove("a disc")
    first.wait()
    remove("a square")
    expect(page.get_by_text("Removed “a square”.")).to_be_visible()
    assert not definition(site, concept).queries
    first.deliver()
    expect(page.get_by_role("button", name="More for search “a square”")).to_have_count(0)


def test_examples_are_chosen_from_the_library_by_key_and_button(site: Site, page: Any, concept: str) -> None:
    describe(site, page, concept)
    page.get_by_role("button", name="Choose from library").click()
    found = page.get_by_role("listbox", name="Pictures to choose from").get_by_role("option")
    found.nth(0).click()
    page.keyboard.press("y")
    expect(found.nth(0)).to_contain_text("counts")
    found.nth(1).click()
    page.locator("#describe-picker").get_by_role("button", name="Doesn’t").click()
    expect(page.get_by_role("img", name="Example 2")).to_be_visible()
    chosen = definition(site, concept)
    assert len(chosen.examples) == len(chosen.counterexamples) == 1
    page.get_by_role("button", name="Remove example 1").click()
    expect(page.get_by_role("img", name="Example 2")).to_be_hidden()
    assert not definition(site, concept).examples


def test_it_looks_right_in_both_themes_and_on_a_phone(site: Site, page: Any, concept: str) -> None:
    describe(site, page, concept)
    for fold in ("Questions", "Scope", "Judged by", "Labels", "Definitions", "Prompts"):
        page.get_by_role("button", name=fold).first.click()
    page.get_by_role("button", name="Read or change annotate.user").click()
    expect(page.get_by_role("heading", name="What will be sent")).to_be_visible()
    assert wrong_with_looks(page) == []


def test_a_concept_is_renamed_duplicated_and_put_away_with_the_way_back(
    site: Site, page: Any, concept: str
) -> None:
    describe(site, page, concept)
    more = page.get_by_role("button", name=f"More for {concept}")
    more.click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("New name").fill(f"{concept} renamed")
    page.get_by_label("New name").press("Enter")
    expect(page.get_by_text(f"“{concept}” renamed to “{concept} renamed”.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name=concept, level=1, exact=True)).to_be_visible()
    more.click()
    page.get_by_role("button", name="Move to trash").click()
    expect(
        page.get_by_text(f"“{concept}” is in the trash, with everything that belongs to it.")
    ).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("link", name=concept, exact=True).first).to_be_visible()
