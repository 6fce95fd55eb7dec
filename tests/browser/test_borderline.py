"""Deliberating in a browser: what is open, other words, and the answers that may not stand any more.

The models are SIMULATED: they recognise drawings by their pixels, behind real HTTP.
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

from benchmarks.simulated.models import SimulatedProposer, SimulatedVision, simulated_server
from benchmarks.simulated.world import Picture, Recognises, any_of, by_chance
from concepts.definition.document import Criterion, Definition

NAME = "Shapes without lines"
PHRASES = {
    "something drawn": any_of("ellipse", "rectangle", "line"),
    "made of lines": any_of("line"),
    "left over": by_chance("left over", 0.3),
    "somewhere else": by_chance("somewhere else", 0.3),
}


@pytest.fixture
def server(site: Any) -> Iterator[FakeOpenAI]:
    known = [Picture(f, frozenset({f.name.split("-")[0]})) for f in site.pictures.glob("*.png")]
    vision = SimulatedVision(Recognises(known), PHRASES, errors=(0, 0))
    settings = site.bench.context.settings
    names = ("openai_base_url", "openai_api_key", "llm_model", "vlm_model")
    before = {name: getattr(settings, name) for name in names}
    with FakeOpenAI(simulated_server(vision, SimulatedProposer(list(PHRASES)))) as running:
        settings.openai_base_url, settings.openai_api_key = running.base_url, SecretStr("simulated")
        settings.llm_model, settings.vlm_model = "simulated-proposer", "simulated-vision"
        yield running
        for name, value in before.items():
            setattr(settings, name, value)


@pytest.fixture
def concept(site: Any, server: FakeOpenAI) -> str:
    """It begins with everything drawn; the person means what is no line, and has answered most."""
    bench = site.bench
    bench.concepts.begin(NAME, "Drawings.")
    criteria = (Criterion(kind="necessary", text="something drawn"),)
    first = Definition(name=NAME, description="Drawings.", criteria=criteria)
    bench.concept(NAME).definition.revise(first, author="me", note="begun")
    bench.concept(NAME).definition.mine().wait()
    dataset = bench.context.dataset(bench.context.concept(NAME))
    free = [i for i in dataset.candidates if i not in dataset.reserved]
    paths = bench.context.collection.paths(free)
    for i in free[:55]:
        value = "no" if "line-" in paths[i] else "yes"
        bench.concept(NAME).labels.give(i, value, author="me", key=f"browser {i}")
    return NAME


def takes_in_a_line(site: Any) -> None:
    """The person says yes to a picture of a line, under the definition as it is."""
    bench = site.bench
    dataset = bench.context.dataset(bench.context.concept(NAME))
    paths = bench.context.collection.paths(list(dataset.candidates))
    free = [i for i in dataset.candidates if i not in dataset.reserved | dataset.answers.keys()]
    line = next(i for i in free if "line-" in paths[i])
    bench.concept(NAME).labels.give(line, "yes", author="me", key="a line")


def test_from_what_is_open_to_other_words_and_answers_that_may_not_stand(
    site: Any, page: Any, concept: str
) -> None:
    page.goto(f"{site.url}/borderline?concept={quote(concept)}")
    page.get_by_role("button", name="Look for what is open").click()
    page.get_by_role("button", name="Go through").first.click()
    expect(page.get_by_text("Answer first")).to_be_visible()
    expect(page.get_by_text("Machine:")).to_have_count(0)

    cards = page.locator("section[aria-label='Borderline pictures'] .review-card")
    for n in range(cards.count()):
        is_line = "line-" in (cards.nth(n).locator("img").get_attribute("alt") or "")
        cards.nth(n).focus()
        page.keyboard.press("n" if is_line else "y")
        expect(cards.nth(n).locator(".verdict")).to_be_visible()
    expect(page.get_by_text("All answered")).to_be_visible()
    cards.first.locator("summary").click()
    cards.first.locator("textarea").fill("Lines never count.")
    cards.first.get_by_role("button", name="Keep it").click()
    expect(page.locator(".remark").first).to_contain_text("Lines never count.")
    assert wrong_with_looks(page) == []

    page.get_by_role("button", name="Look for other words").click()
    take = page.locator(".wording").first.get_by_role("button", name="Take these words")
    expect(take).to_be_visible()
    expect(page.locator(".wording").first).to_contain_text("Agrees with you more often")
    expect(page.locator(".wording ins").first).to_contain_text("made of lines")
    assert wrong_with_looks(page) == []
    takes_in_a_line(site)
    take.click()
    expect(page.get_by_text("It is definition 3 now")).to_be_visible()

    page.goto(f"{site.url}/review?concept={quote(NAME)}")
    page.locator("#reason-older_description").click()
    again = page.locator("section[aria-label='Worth a second look'] .review-card")
    expect(again).to_have_count(1)
    expect(again).to_contain_text("under description 2")
    assert wrong_with_looks(page) == []
    page.reload()
    expect(again).to_have_count(1)
    again.get_by_role("button", name="doesn't count").click()
    expect(again).to_have_count(0)
