"""Two tabs of one person keep in step; two people see where they differ and settle it: in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from conftest import Site


@pytest.fixture
def concept(site: Site, request: pytest.FixtureRequest) -> str:
    name = f"Two people: {request.node.name}"
    site.bench.concepts.begin(name, "A filled ellipse, not a rectangle.")
    return name


def test_what_is_answered_in_one_tab_is_asked_no_more_in_the_other(
    site: Site, page: Any, concept: str
) -> None:
    other = page.context.new_page()
    for tab in (other, page, other):  # the first time it is still being chosen what to ask
        tab.goto(f"{site.url}/label?{urlencode({'concept': concept})}")
        expect(tab.locator("#labeller[data-ready] .stage img")).to_be_visible()
        site.bench.context.background.submit(str).result()  # which comes after what is being chosen
    picture = page.locator(".stage img").get_attribute("data-picture")
    expect(other.locator(f'.stage img[data-picture="{picture}"]')).to_be_visible()
    page.keyboard.press("y")
    expect(other.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(other.get_by_text("in another tab")).to_be_visible()
    other.close()


def test_a_third_settles_where_two_people_differ_without_having_seen_what_they_said(
    site: Site, page: Any, concept: str
) -> None:
    (picture,) = site.bench.library.pictures(limit=1).pictures
    for who, value in (("ana", "yes"), ("ben", "no")):
        key = f"{concept} {who}"
        site.bench.concept(concept).labels.give(
            picture.id,
            value,
            author=who,
            key=key,
            comment=f"Says {who}.",
        )
    page.goto(f"{site.url}/review?{urlencode({'concept': concept})}")
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
