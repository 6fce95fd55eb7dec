"""Scoping in a browser: questions answered with a press, a word or a key.

The model is SIMULATED: a scripted server over real HTTP.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from fake_openai import MODEL, FakeOpenAI, Request
from pydantic import SecretStr

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


@pytest.fixture(scope="module")
def site(own_site: Any) -> Any:
    return own_site


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
