"""Deliberating in a browser: what is open, other words taken, and answers that may not stand any
more.

The models are SIMULATED: they recognise drawings by their pixels, behind real HTTP. So is the person, who
means what is no line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from accessible import wrong_with_looks
from fake_openai import FakeOpenAI
from playwright.sync_api import expect
from pydantic import SecretStr
from simulated import (
    Picture,
    Recognises,
    SimulatedProposer,
    SimulatedVision,
    any_of,
    by_chance,
    simulated_server,
)

from concepts.definition.document import Criterion, Definition
from storage.labels import Author

NAME = "Shapes without lines"
ME = Author("me")
PHRASES = {
    "something drawn": any_of("ellipse", "rectangle", "line"),
    "made of lines": any_of("line"),
    "left over": by_chance("left over", 0.3),
    "somewhere else": by_chance("somewhere else", 0.3),
}


@pytest.fixture(scope="module")
def site(own_site: Any) -> Any:
    return own_site


@pytest.fixture
def server(site: Any) -> Iterator[FakeOpenAI]:
    known = [Picture(f, frozenset({f.name.split("-")[0]})) for f in site.pictures.glob("*.png")]
    vision = SimulatedVision(Recognises(known), PHRASES)
    answer = simulated_server(vision, SimulatedProposer(list(PHRASES)))
    settings = site.bench.context.settings
    names = ("openai_base_url", "openai_api_key", "llm_model", "vlm_model")
    before = {name: getattr(settings, name) for name in names}
    with FakeOpenAI(answer) as running:
        settings.openai_base_url, settings.openai_api_key = running.base_url, SecretStr("simulated")
        settings.llm_model, settings.vlm_model = "simulated-proposer", "simulated-vision"
        yield running
        for name, value in before.items():
            setattr(settings, name, value)


def test_from_what_is_open_to_other_words_and_answers_that_may_not_stand(
    site: Any, page: Any, server: FakeOpenAI
) -> None:
    """The concept begins with everything drawn; most is answered."""
    bench = site.bench
    bench.concepts.begin(NAME, "Drawings.")
    criteria = (Criterion(kind="necessary", text="something drawn"),)
    first = Definition(name=NAME, description="Drawings.", criteria=criteria)
    bench.concept(NAME).definition.revise(first, author="me", note="begun")
    bench.concept(NAME).definition.mine().wait()
    answer(site, NAME, 55)
    go_through_what_is_open(site, page, NAME)
    take_other_words(site, page, NAME)
    look_again_at_an_earlier_answer(site, page, NAME)


def answer(site: Any, name: str, count: int) -> None:
    """Candidates that a version learns from."""
    dataset = site.bench.context.dataset(site.bench.context.concept(name))
    for picture in [i for i in dataset.candidates if i not in dataset.reserved][:count]:
        give(site.bench, picture, name=name)


def go_through_what_is_open(site: Any, page: Any, name: str) -> None:
    opened(site, page, "label/borderline", name=name)
    page.get_by_role("button", name="Find borderline pictures").click()
    page.get_by_role("button", name="Label pictures of").first.click()
    tiles = answer_the_round(page)
    tiles.first.focus()
    page.keyboard.press("c")
    page.get_by_label("Your comment for").fill("<b>Lines</b> never count.")
    page.keyboard.press("Enter")
    expect(page.locator(".own-remark").first).to_contain_text("<b>Lines</b> never count.")
    tiles.first.click()
    expect(page.get_by_role("dialog").get_by_text("Suggestion:")).to_be_visible()
    assert wrong_with_looks(page) == []
    page.keyboard.press("Escape")


def answer_the_round(page: Any) -> Any:
    expect(page.get_by_text("Label first")).to_be_visible()
    tiles = page.get_by_role("region", name="Borderline pictures").locator(".tile")
    expect(tiles.first).to_be_visible()
    for n in range(tiles.count()):
        expect(tiles.nth(n)).to_contain_text("Unlabelled")  # and no suggestion
        is_line = "line-" in (tiles.nth(n).locator("img").get_attribute("alt") or "")
        tiles.nth(n).focus()
        page.keyboard.press("n" if is_line else "y")
        expect(tiles.nth(n)).to_contain_text("You: no" if is_line else "You: yes")
    expect(page.get_by_text("All labelled")).to_be_visible()
    return tiles


def take_other_words(site: Any, page: Any, name: str) -> None:
    page.get_by_role("button", name="Try other wordings").click()
    first = page.locator(".wording").first
    expect(first).to_be_visible()
    is_better = first.get_by_text("Agrees with you more often")
    settle = page.get_by_role("button", name="Label those")
    expect(settle.or_(is_better)).to_be_visible()
    while not is_better.is_visible():
        settle.click()
        answer_the_round(page)
        expect(settle.or_(is_better)).to_be_visible()
    expect(first.locator("ins").first).to_contain_text("made of lines")
    assert wrong_with_looks(page) == []
    a_slip(site, name)
    first.get_by_role("button", name="Use this wording").click()
    expect(page.get_by_text("Saved as description 3")).to_be_visible()


def look_again_at_an_earlier_answer(site: Any, page: Any, name: str) -> None:
    opened(site, page, "label/review", name=name)
    page.get_by_role("group", name="Reason").get_by_role("button", name="Older description").click()
    again = page.get_by_role("region", name="Worth another look").locator(".tile")
    expect(again).to_have_count(1)
    again.click()
    opened_ = page.get_by_role("dialog")
    expect(opened_).to_contain_text("under description 2")
    assert wrong_with_looks(page) == []
    page.reload()
    expect(again).to_have_count(1)
    again.click()
    opened_.get_by_role("button", name="Doesn’t").click()
    expect(again).to_have_count(0)


def opened(site: Any, page: Any, screen: str, ready: str = ".page h1", *, name: str = NAME) -> None:
    page.goto(f"{site.url}/{screen}?concept={quote(name)}")
    page.wait_for_selector(ready)


def path(bench: Any, picture: str) -> str:
    return str(bench.context.collection.paths([picture])[picture])


def give(bench: Any, picture: str, *, name: str = NAME, again: bool = False) -> None:
    value = "no" if "line-" in path(bench, picture) else "yes"
    bench.concept(name).labels.give(picture, value, author=ME.name, key=f"{name} {again} {picture}")


def a_slip(site: Any, name: str) -> None:
    """The person says yes to a picture of a line, under the definition as it is."""
    bench = site.bench
    dataset = bench.context.dataset(bench.context.concept(name))
    free = [i for i in dataset.candidates if i not in dataset.reserved | dataset.answers.keys()]
    line = next(i for i in free if "line-" in path(bench, i))
    bench.concept(name).labels.give(line, "yes", author=ME.name, key=f"{name} a slip")
