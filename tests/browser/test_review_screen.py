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
    page.get_by_text("Details").click()
    page.wait_for_selector("table.figures")
    assert wrong_with_looks(page) == []
    row = page.locator("tr", has_text="built-in")
    row.get_by_role("button", name="Use").click()
    row.get_by_text("in use").wait_for()
    assert site.bench.concept(NAME).annotators.in_use() == Setup("builtin")


def test_suggestions_are_made_labelled_by_key_or_opened_undone_and_filtered(
    site: Any, page: Any, concept: str
) -> None:
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    page.get_by_role("button", name="Get suggestions").click()
    tile = page.locator(".pictures .tile").first
    expect(tile).to_be_visible()
    expect(page.get_by_text("No suggestion was checked yet")).to_be_visible()
    picture = tile.get_attribute("data-value")
    tile.focus()
    page.keyboard.press("n")
    expect(tile.locator(".said")).to_have_text("✗ doesn’t")
    page.keyboard.press("z")
    expect(tile.locator(".said")).to_have_text("")
    tile.click()
    opened = page.get_by_role("dialog")
    expect(opened.get_by_text("Suggestion:")).to_be_visible()
    expect(opened.locator(".why")).not_to_be_empty()
    assert wrong_with_looks(page) == []
    opened.get_by_role("button", name="Counts").click()
    expect(opened).to_have_count(0)
    expect(page.get_by_text("Saved: yes.")).to_be_visible()
    (given,) = site.bench.concept(concept).labels.recent("me", 100)
    assert (given.id, given.value) == (picture, "yes")
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Undone.")).to_be_visible()
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
    tile = page.get_by_role("region", name="Worth another look").locator(".tile")
    said = ("ana: yes", "Says ana.", "ben: no", "Says ben.")
    expect(tile).to_contain_text("Label it first")
    tile.click()
    opened = page.get_by_role("dialog")
    expect(opened.get_by_text("Label it first")).to_be_visible()
    for text in said:
        expect(opened.get_by_text(text)).to_have_count(0)
    page.keyboard.press("Escape")
    tile.focus()
    page.keyboard.press("y")
    expect(tile).not_to_contain_text("Label it first")
    tile.click()
    expect(opened.get_by_text("2 yes, 1 no.")).to_be_visible()
    for text in said:
        expect(opened.get_by_text(text)).to_be_visible()
    (own,) = site.bench.concept(concept).labels.own([picture.id], "me")
    assert not own.in_view  # so that it settles what measures, too
    assert site.bench.concept(concept).labels.decisions()[picture.id].value == "yes"


def test_all_that_is_selected_is_in_sight(site: Any, page: Any, concept: str) -> None:
    """Ctrl+A leaves out what is folded away."""
    site.bench.concept(concept).annotations.annotate().wait()
    (picture,) = site.bench.library.pictures(limit=1).pictures
    for who, value in (("ana", "yes"), ("ben", "no")):
        site.bench.concept(concept).labels.give(picture.id, value, author=who)
    page.goto(f"{site.url}/label/review?{urlencode({'concept': concept})}")
    expect(page.get_by_role("region", name="Worth another look").locator(".tile")).to_have_count(1)
    page.keyboard.press("ControlOrMeta+a")
    expect(page.get_by_text("1 selected")).to_be_visible()
