"""Review in a browser: what the machine says, where people differ, and annotators side by side."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import pytest
from accessible import wrong_with_looks
from playwright.sync_api import expect

from concepts.collaborator.comparing import AnnotatorsCompared, Compared
from concepts.collaborator.setups import Setup

NAME = "Compared"


def compared(name: str, agree: int, **changes: Any) -> Compared:
    known: dict[str, Any] = {
        "annotator": "builtin",
        "large": False,
        "examples": False,
        "repeats": False,
        "agreement": agree / 100,
        "low": agree / 100 - 0.08,
        "high": agree / 100 + 0.06,
        "unsure": 4,
        "failed": 1,
        "usd": 0.0,
        "measured": True,
        "seconds": 0.2,
        "change": 0.0,
        "change_low": -0.1,
        "change_high": 0.1,
        "in_use": False,
        "recommended": False,
    }
    return Compared(name=name, agree=agree, **known | changes)


@pytest.fixture(scope="module")
def annotators_compared(site: Any) -> None:
    """A concept with the result of a comparison."""
    bench = site.bench
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    found = AnnotatorsCompared(
        definition=1,
        pictures=100,
        setups=[
            compared("simulated-model", 74, annotator="vlm", usd=0.00036, in_use=True),
            compared("builtin", 61),
            compared(
                "simulated-model, in steps, with examples",
                91,
                annotator="decomposed",
                examples=True,
                usd=0.0011,
                measured=False,
                seconds=None,
                recommended=True,
            ),
        ],
        reason="It surely agrees with you more often than what is in use: by 6 to 24 of 100.",
        substitute=None,
        calls=400,
        cost_usd=0.21,
        stopped="",
    )
    store = bench.jobs.store
    job = store.add("compare annotators", {"budget": None}, bench.context.concept(NAME).id)
    store.claim(job)
    store.finish(job, "done", result=found.model_dump(mode="json"))


def test_annotators_are_side_by_side_and_one_press_switches(
    site: Any, page: Any, annotators_compared: None
) -> None:
    page.goto(f"{site.url}/label/review?concept={NAME}")
    page.wait_for_selector("table.figures")
    assert wrong_with_looks(page) == []
    row = page.locator("tr", has_text="the built-in comparison")
    row.get_by_role("button", name="Use this one").click()
    row.get_by_text("in use").wait_for()
    assert site.bench.concept(NAME).annotators.in_use() == Setup("builtin")


def test_review_lets_the_machine_look_overrides_undoes_and_filters(
    site: Any, page: Any, concept: str
) -> None:
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    page.get_by_role("button", name="Let the machine look").click()
    card = page.locator(".review-card").first
    expect(card).to_be_visible()
    expect(page.locator(".say")).to_contain_text("Nobody has checked a picture yet")
    picture = card.get_attribute("data-picture")
    card.locator("button.no").focus()
    page.keyboard.press("n")
    expect(page.locator("#review-said")).to_contain_text("Saved.")
    expect(page.locator(f'[data-picture="{picture}"] [data-action=no]')).to_have_attribute(
        "aria-pressed", "true"
    )
    (given,) = site.bench.concept(concept).labels.recent("me", 100)
    assert (given.id, given.value) == (picture, "no")
    page.locator(f'[data-picture="{picture}"]').get_by_text("Take back").click()
    expect(page.locator("#review-said")).to_contain_text("Taken back.")
    assert site.bench.concept(concept).labels.recent("me", 100) == []
    page.select_option("#filter-rating", index=1)
    expect(page).to_have_url(re.compile(r"rating=\d"))


def test_a_third_settles_where_two_people_differ_without_having_seen_what_they_said(
    site: Any, page: Any, concept: str
) -> None:
    (picture,) = site.bench.library.pictures(limit=1).pictures
    for who, value in (("ana", "yes"), ("ben", "no")):
        given = {"author": who, "key": f"{concept} {who}", "comment": f"Says {who}."}
        site.bench.concept(concept).labels.give(picture.id, value, **given)
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    section = page.get_by_role("region", name="Worth a second look")
    said = ("ana: counts", "Says ana.", "ben: doesn't count", "Says ben.")
    expect(section.get_by_text("Label it first")).to_be_visible()
    for text in said:
        expect(section.get_by_text(text)).to_have_count(0)
    section.get_by_role("button", name="Counts", exact=True).click()
    expect(section.get_by_text("2 yes, 1 no.")).to_be_visible()
    for text in said:
        expect(section.get_by_text(text)).to_be_visible()
    (own,) = site.bench.concept(concept).labels.own([picture.id], "me")
    assert not own.in_view  # so that it settles what measures, too
    assert site.bench.concept(concept).labels.decisions()[picture.id].value == "yes"
