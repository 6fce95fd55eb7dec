"""Scoping in a browser: questions answered with a press or a word, a tree proposed, kinds turned round.

The model is SIMULATED: a scripted server over real HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

import pytest
from accessible import wrong_with_looks
from fake_openai import MODEL, FakeOpenAI, Request
from playwright.sync_api import expect
from pydantic import SecretStr

from concepts.definition import editing

QUESTIONS = {
    "questions": [
        {
            "question": "Does an oval count?",
            "about": "an oval",
            "answers": [
                {"answer": "Yes, ovals count", "kind": "included", "criterion": "an oval"},
                {"answer": "No, only circles", "kind": "excluding", "criterion": "an oval"},
            ],
        },
        {
            "question": "Must the shape be filled?",
            "about": "",
            "answers": [
                {"answer": "Yes", "kind": "necessary", "criterion": "the shape is filled"},
                {"answer": "It doesn’t matter", "kind": "nothing", "criterion": ""},
            ],
        },
        {
            "question": "Do rings count?",
            "about": "a ring",
            "answers": [
                {"answer": "They do", "kind": "included", "criterion": "a ring"},
                {"answer": "They don’t", "kind": "excluding", "criterion": "a ring"},
            ],
        },
    ]
}
TREE = {
    "necessary": ["no corners"],
    "reason_to_split": "",
    "seen_apart": [],
    "included": [{"text": "a green disc", "of": 1}, {"text": "a red ellipse", "of": 1}],
    "excluding": [{"text": "a square with soft corners", "of": 1}],
    "undecided": [{"text": "a half circle", "of": 1}],
    "supporting": ["a plain background"],
    "queries_that_count": [f"round shape {n}" for n in range(6)],
    "queries_that_look_similar": [f"square {n}" for n in range(4)],
}
KINDS = {
    "kinds": [
        {"text": "a spiral", "kind": "excluding"},
        {"text": "a ball", "kind": "included"},
        {"text": "an egg", "kind": "undecided"},
    ]
}


def scripted(request: Request) -> dict[str, Any]:
    answers = {"Questions": QUESTIONS, "MoreKinds": KINDS}
    return answers.get(request.schema_name or "", TREE)


@pytest.fixture
def server(site: Any) -> Iterator[FakeOpenAI]:
    """A simulated model that the running app is set to for the length of a test."""
    settings = site.bench.context.settings
    before = settings.openai_base_url, settings.openai_api_key, settings.llm_model
    with FakeOpenAI(scripted) as server:
        settings.openai_base_url, settings.openai_api_key = server.base_url, SecretStr("simulated")
        settings.llm_model = MODEL
        yield server
        settings.openai_base_url, settings.openai_api_key, settings.llm_model = before


def begin(site: Any, page: Any, name: str, sentence: str = "A round shape; not a square one.") -> None:
    site.bench.concepts.begin(name, sentence)
    page.goto(f"{site.url}/describe?concept={quote(name)}")
    page.wait_for_selector(".query .strip img")


def ask(page: Any) -> None:
    if not page.get_by_role("button", name="Ask me").is_visible():
        page.locator("#questions > summary").click()
    page.get_by_role("button", name="Ask me").click()


def criteria(site: Any, name: str) -> dict[str, str]:
    definition = site.bench.concept(name).definition.read().revision.definition
    return {criterion.text: criterion.kind for criterion in definition.criteria}


def test_questions_are_answered_by_a_press_a_word_or_skipped_and_survive_a_reload(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    begin(site, page, "Asked about")
    ask(page)
    page.wait_for_selector("#question-2")
    page.reload()
    page.wait_for_selector("#question-2")
    page.click("button:has-text('No, only circles')")
    page.wait_for_selector("#describe-head .notice:has-text('added “an oval”')")
    page.get_by_text("an oval", exact=True).click()
    page.get_by_text("from your answer: “No, only circles”").wait_for()
    assert page.locator(".questions li").count() == 2
    page.click("li:has-text('filled') button:has-text('Skip')")
    page.wait_for_selector("#question-1", state="detached")
    page.fill("#own-0", "yes, thick ones")
    page.press("#own-0", "Enter")
    page.wait_for_selector("#question-0", state="detached")
    assert criteria(site, "Asked about") == {"an oval": "excluding", "a ring, thick ones": "included"}
    page.click("#describe-head button:has-text('Undo')")
    page.wait_for_selector("#question-0:has-text('Do rings count?')")


def test_a_question_is_answered_by_keyboard_and_the_next_one_has_the_focus(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    begin(site, page, "Asked by keyboard")
    ask(page)
    page.wait_for_selector("#answer-0-1")
    page.focus("#answer-0-1")
    page.keyboard.press("Enter")
    page.wait_for_selector("#question-0:has-text('filled')")
    page.wait_for_function("() => document.activeElement.id == 'answer-0-1'")


def test_a_tree_is_proposed_shown_with_pictures_and_a_kind_is_turned_round(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    begin(site, page, "Round things")
    page.get_by_role("button", name="Propose").click()
    page.wait_for_selector(".criteria li:has-text('a half circle') .strip img")
    near = page.get_by_role("list", name="Kinds of pictures near “no corners”")
    expect(near.get_by_role("listitem")).to_have_count(2)
    page.reload()
    page.wait_for_selector(".criteria li:has-text('a half circle') .strip img")
    page.get_by_role("button", name="“a half circle” doesn’t count").click()
    page.wait_for_selector("#describe-head .notice:has-text('“a half circle” now excludes')")
    page.reload()
    page.wait_for_selector(".criteria li:has-text('a half circle') .strip img")
    expect(page.get_by_role("heading", name="Not decided")).to_have_count(0)
    page.get_by_role("button", name="More kinds").click()
    page.wait_for_selector(".criteria li:has-text('an egg') .strip img")
    assert criteria(site, "Round things")["a spiral"] == "excluding"


def test_what_a_kind_belongs_to_follows_when_its_signal_is_reworded(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    site.bench.concepts.begin("Reworded signal", "A round shape")
    site.bench.concept("Reworded signal").definition.propose().wait()
    page.goto(f"{site.url}/describe?concept=Reworded%20signal")
    page.wait_for_selector(".kinds li .strip img")
    page.click(".criteria summary:has-text('no corners')")
    page.fill("#criterion-0", "a shape without corners")
    page.press("#criterion-0", "Enter")
    page.wait_for_selector("#describe-head .notice:has-text('Saved as definition 3')")
    page.wait_for_selector(".kinds[aria-label*='a shape without corners'] li:has-text('a green disc')")


def test_without_a_model_look_alikes_of_the_built_in_words_are_asked_about(site: Any, page: Any) -> None:
    name = "Juice without a model"
    begin(site, page, name, "Bottles of fruit juice")
    assert page.locator("button:has-text('Ask me')").count() == 0
    site.bench.concept(name).definition.propose().wait()
    page.reload()
    ask(page)
    page.wait_for_selector("#question-0:has-text('Does “fruit')")
    page.click("li:has(#question-0) button:has-text('It doesn’t count')")
    page.wait_for_selector("#describe-head .notice:has-text('added “fruit')")
    assert list(criteria(site, name).values()) == ["excluding"]


def test_a_button_that_is_held_down_stays_until_it_is_let_go(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    begin(site, page, "Held down")
    definition = site.bench.concept("Held down").definition
    definition.ask().wait()
    page.reload()
    answer = page.get_by_role("button", name="No, only circles")
    answer.hover()
    page.mouse.down()
    definition.edit(partial(editing.describe, text="A shape that is round"), author="Ana", after=1)
    definition.ask().wait()  # after this job the page is drawn anew, with the forms of the newer definition
    with page.expect_response(lambda reply: reply.request.method == "POST"):
        page.evaluate("document.dispatchEvent(new Event('labelled'))")
    page.evaluate("new Promise(requestAnimationFrame)")
    page.mouse.up()
    page.wait_for_selector("#describe-head .notice:has-text('added “an oval”')")


def test_what_a_menu_or_a_field_keeps_of_a_press_holds_nothing_up(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    begin(site, page, "Not held")
    site.bench.concept("Not held").definition.ask().wait()
    page.reload()
    answer = page.get_by_role("button", name="No, only circles")
    answer.dispatch_event("pointerdown", {"button": 0})
    answer.dispatch_event("contextmenu")  # and no pointerup
    page.locator("#own-0").dispatch_event("pointerdown", {"button": 0})
    answer.focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#describe-head .notice:has-text('added “an oval”')")


def test_questions_and_kinds_fit_the_window(site: Any, page: Any, server: FakeOpenAI) -> None:
    name = "Fitting"
    site.bench.concepts.begin(name, "A round shape")
    site.bench.concept(name).definition.propose().wait()
    site.bench.concept(name).definition.ask().wait()
    page.goto(f"{site.url}/describe?concept={quote(name)}")
    page.wait_for_selector(".kinds li .strip img")
    page.wait_for_selector("#question-2")
    assert wrong_with_looks(page) == []
