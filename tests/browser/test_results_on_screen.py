"""Results in a real browser: finds to label, rules, and what Export writes."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from answering import answer
from late_answers import CALLS, HeldAnswer
from playwright.sync_api import expect

from concepts.labelling.labels import next_pictures
from concepts.library.collections import all_collections
from concepts.results.keywords import pictures_that_count
from concepts.results.trained import train, use_version
from web import jobs
from web.parts import GO

if TYPE_CHECKING:
    from conftest import Site

A_FRAME = "new Promise(requestAnimationFrame)"


@pytest.fixture
def results(site: Site, page: Any, concept: str) -> Any:
    """Results of a concept with a version that flags everything."""
    of = site.bench.concept(concept)
    answer(site.bench, concept, [picture.id for picture in next_pictures(of, 20)])
    of.begin(train).wait()
    use_version(of, 1, 1e-9, author="me").wait()
    page.goto(f"{site.url}/results?concept={quote(concept)}")
    expect(page.get_by_role("option").first).to_be_visible()
    return page


def test_a_label_by_a_key_was_given_with_the_score_in_view_and_z_takes_it_back(
    site: Site, results: Any, concept: str
) -> None:
    finds = results.locator("#results-order .finds")
    before = int(finds.inner_text())
    first = results.get_by_role("listbox").get_by_role("option").first
    first.click()
    results.keyboard.press("n")
    expect(first).to_have_accessible_name(re.compile("doesn’t"))
    expect(finds).to_have_text(str(before - 1))
    expect(results.get_by_text("1 picture: doesn’t.")).to_be_visible()
    results.keyboard.press("z")
    expect(finds).to_have_text(str(before))


def test_a_table_an_album_and_a_rule_come_from_what_is_flagged(
    site: Site, results: Any, concept: str
) -> None:
    results.get_by_role("button", name="Export").click()
    results.get_by_role("button", name="Write table").click()
    link = results.get_by_role("link", name="Download CSV").first
    expect(link).to_be_visible()
    with results.expect_download() as download:
        link.click()
    assert download.value.suggested_filename.endswith(".csv")
    album = results.get_by_label("Album, or the name of a new one")
    album.fill(f"Of {concept}")
    album.press("Enter")
    results.get_by_role("button", name="Add to album").click()
    expect(results.get_by_text(f"“Of {concept}” created")).to_be_visible()
    (made,) = [one for one in all_collections(site.bench) if one.name == f"Of {concept}"]
    assert made.pictures == len(pictures_that_count(site.bench.concept(concept)))
    results.keyboard.press("Escape")
    results.get_by_role("button", name="Rules").click()
    results.get_by_label("Rule, with AND").fill("Nothing like it")
    results.get_by_role("button", name="Apply").click()
    expect(results.get_by_role("alert")).to_contain_text("There is no concept “Nothing like it”")
    results.get_by_label("Rule, with AND").fill(f'NOT "{concept}"')
    results.get_by_role("button", name="Apply").click()
    expect(results.get_by_role("heading", name="Rule", exact=True)).to_be_visible()
    results.get_by_label("Save with today").fill(f"Not {concept}")
    results.get_by_role("button", name="Save rule").click()
    expect(results.get_by_role("heading", name=f"Not {concept}")).to_be_visible()
    results.go_back()
    expect(results.get_by_role("heading", name="Rule", exact=True)).to_be_visible()


@pytest.mark.slow
def test_a_late_answer_about_work_does_not_overwrite_the_next_view(
    site: Site, results: Any, concept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test holds back the answer of a timer until the screen shows a rule."""
    monkeypatch.setattr(jobs, "LATELY", timedelta())  # the timer stops when the work ends
    results.get_by_role("button", name="Export").click()
    held = HeldAnswer(results, lambda _, text: "Download CSV" in text)  # the table is written
    results.get_by_role("button", name="Write table").click()
    held.wait()
    results.evaluate(GO(), f"/results?concept={quote(concept)}&rule=NOT+{quote(concept)}")
    expect(results.get_by_role("heading", name="Rule", exact=True)).to_be_visible()
    with results.expect_request(CALLS):  # the screen asks for what it should show
        held.deliver()
    expect(results.get_by_role("heading", name="Rule", exact=True)).to_be_visible()
    results.get_by_role("button", name="Rules").click()
    expect(results.get_by_label("Save with today")).to_be_visible()


def test_a_late_answer_about_earlier_work_does_not_end_the_progress_of_new_work(
    site: Site, results: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "LATELY", timedelta(hours=1))
    results.reload()  # its timer runs on
    goes_on: list[Any] = []

    def has_ended(route: Any, text: str) -> bool:
        if '"active":true' in text:
            goes_on.append(route)
        return '"active":false' in text

    expect(results.get_by_role("option").first).to_be_visible()
    results.get_by_role("button", name="Export").click()
    held = HeldAnswer(results, has_ended)
    while not goes_on:  # the timer asks once at a time: no answer from before the route is on its way now
        results.evaluate(A_FRAME)
    monkeypatch.setattr(jobs, "LATELY", timedelta())  # the next answer ends the timer
    held.wait()
    results.get_by_role("button", name="Write table").click()
    expect(results.locator("#results-progress .job")).to_be_visible()
    held.deliver()
    expect(results.get_by_role("link", name="Download CSV").first).to_be_visible()


def test_of_two_quick_steps_the_second_one_is_shown(site: Site, results: Any, concept: str) -> None:
    held: list[Any] = []
    goes_on = False
    results.route(CALLS, lambda route: route.continue_() if goes_on else held.append(route))
    results.evaluate(GO(), f"/results?concept={quote(concept)}&rule=NOT+nothing")
    while not held:
        results.evaluate(A_FRAME)
    results.evaluate(GO(), f"/results?concept={quote(concept)}&rule=NOT+{quote(concept)}")
    goes_on = True
    for route in held:
        route.continue_()
    expect(results.get_by_role("heading", name="Rule", exact=True)).to_be_visible()
    expect(results.get_by_text("There is no concept")).to_have_count(0)
