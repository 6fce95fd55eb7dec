"""Labelling in a real browser: keys, undo, the grid, lost connections, reloads, two tabs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from concepts.labelling import rechecks

if TYPE_CHECKING:
    from conftest import Site

from playwright.sync_api import expect


def ready(page: Any) -> None:
    expect(page.locator(".stage img")).to_be_visible()


def shown(page: Any) -> str:
    return str(page.locator(".stage img").get_attribute("data-picture"))


def press(page: Any, key: str) -> str:
    """Presses a key and returns the picture it was for, once another one is shown."""
    ready(page)
    before = shown(page)
    page.keyboard.press(key)
    expect(page.locator(f'.stage img:not([data-picture="{before}"])')).to_be_visible()
    return before


def saved(page: Any) -> None:
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def answers(site: Site, concept: str) -> list[tuple[str, str]]:
    return [(answer.id, answer.value) for answer in site.bench.concept(concept).labels.recent("me", 100)]


def test_help_lists_the_keys_that_answer_and_every_answer_is_in_the_log(
    site: Site, label: Any, concept: str
) -> None:
    label.keyboard.press("?")
    expect(label.locator("dialog[data-part=help]")).to_be_visible()
    label.keyboard.press("Escape")
    expect(label.locator("dialog[data-part=help]")).to_be_hidden()
    given = [
        (press(label, key), value) for key, value in zip("ynus", ("yes", "no", "unsure", "skip"), strict=True)
    ]
    saved(label)
    expect(label.locator("[data-part=count-words]")).to_contain_text("4 labels by you")
    assert answers(site, concept) == given


def test_a_picture_comes_back_like_a_new_one_and_its_second_answer_can_be_taken_back(
    site: Site, label: Any, concept: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"SHARE": 1, "ENOUGH": 1, "SOONEST": 4, "LATEST": 4}.items():
        monkeypatch.setattr(rechecks, name, value)
    (first,) = site.bench.concept(concept).labels.next_pictures(1, purpose="evaluation")
    site.bench.concept(concept).labels.give(first.id, "yes", author="me")
    label.reload()
    given = [first.id, press(label, "y")]
    while len(set(given)) == len(given):
        expect(label.locator("[data-part=why]")).not_to_contain_text("Your label")
        given.append(press(label, "y"))
    label.keyboard.press("z")
    expect(label.locator(f'.stage img[data-picture="{given[-1]}"]')).to_be_visible()
    assert press(label, "n") == given[-1]
    saved(label)
    dataset = site.bench.context.dataset(site.bench.context.concept(concept))
    (pair,) = dataset.twice.pairs
    assert [(event.picture_id, event.value) for event in pair] == [(given[-1], "yes"), (given[-1], "no")]
    assert dataset.decisions[given[-1]].value == "yes"


def test_undo_brings_the_picture_back_and_back_and_forth_changes_an_answer(
    site: Site, label: Any, concept: str
) -> None:
    first, second = press(label, "y"), press(label, "n")
    label.keyboard.press("z")
    expect(label.locator(f'.stage img[data-picture="{second}"]')).to_be_visible()
    label.keyboard.press("ArrowLeft")
    expect(label.locator(f'.stage img[data-picture="{first}"]')).to_be_visible()
    expect(label.locator("[data-part=why]")).to_contain_text("Your label: counts")
    label.keyboard.press("n")
    expect(label.locator(f'.stage img[data-picture="{second}"]')).to_be_visible()
    saved(label)
    expect(label.locator("[data-part=balance]")).to_have_text("0 count, 1 don’t")
    assert answers(site, concept)[-1] == (first, "no")


def test_an_answer_without_a_connection_is_visibly_not_saved_and_outlives_a_reload(
    site: Site, label: Any, concept: str
) -> None:
    label.route("**/app/answers", lambda route: route.abort())
    picture = press(label, "y")
    expect(label.locator("[data-part=saved]")).to_have_text("not saved: 1")
    expect(label.locator("[data-part=trouble]")).to_contain_text("1 label waits")
    assert answers(site, concept) == []
    label.unroute("**/app/answers")
    label.reload()
    expect(label.locator("#labeller[data-ready]")).to_be_visible()
    saved(label)
    expect(label.locator("[data-part=count-words]")).to_contain_text("1 label by you")
    assert answers(site, concept) == [(picture, "yes")]


def test_a_lost_reply_does_not_count_the_answer_twice(site: Site, label: Any, concept: str) -> None:
    lost: list[str] = []

    def lose_the_first(route: Any) -> None:
        reply = route.fetch()
        if lost:
            return route.fulfill(response=reply)
        lost.append(reply.text())
        return route.abort()

    label.route("**/app/answers", lose_the_first)
    press(label, "y")
    label.locator("[data-do=retry]").click()
    saved(label)
    assert lost
    row = site.bench.context.store.find(concept)
    assert row is not None
    assert len(list(site.bench.context.log.events(row.id))) == 1


def test_the_grid_answers_many_with_one_commit_and_one_undo(site: Site, label: Any, concept: str) -> None:
    label.keyboard.press("g")
    tiles = label.locator(".tiles .tile")
    expect(tiles).to_have_count(36)
    expect(tiles.nth(0)).to_be_focused()
    label.keyboard.press("y")
    label.keyboard.press("ArrowRight")
    label.keyboard.press("Shift+ArrowRight")
    label.keyboard.press("u")
    expect(tiles.nth(2)).to_have_class(re.compile("unsure"))
    tiles.nth(5).click()
    tiles.nth(7).click(modifiers=["Shift"])
    label.keyboard.press("Shift+N")
    expect(label.locator(".tiles .tile.no")).to_have_count(30)
    label.keyboard.press("Enter")
    expect(label.locator("[data-part=status]")).to_contain_text("36 saved")
    values = [value for _, value in answers(site, concept)]
    assert (values.count("yes"), values.count("unsure"), values.count("no")) == (4, 2, 30)
    label.keyboard.press("z")
    expect(label.locator("[data-part=balance]")).to_have_text("0 count, 0 don’t")
    assert answers(site, concept) == []


def test_the_machines_opinion_is_hidden_until_the_answer(site: Site, page: Any, concept: str) -> None:
    site.bench.concept(concept).annotations.annotate().wait()
    page.goto(f"{site.url}/label?{urlencode({'concept': concept})}#single")
    expect(page.locator("#labeller[data-ready]")).to_be_visible()
    for _ in range(12):
        ready(page)
        expect(page.locator("[data-part=why]")).not_to_contain_text("Suggestion")
        learns = "test picture" not in page.locator("[data-part=why]").inner_text()
        press(page, "y")
        saved(page)
        if learns and site.bench.concept(concept).annotations.opinion(answers(site, concept)[-1][0]):
            break
    expect(page.locator("[data-part=last-body]")).to_contain_text("Suggestion:")
    expect(page.locator("[data-part=last-body] .why")).not_to_be_empty()


def test_what_is_answered_in_one_tab_is_asked_no_more_in_the_other(
    site: Site, page: Any, concept: str
) -> None:
    other = page.context.new_page()
    for tab in (other, page, other):  # the first time it is still being chosen what to ask
        tab.goto(f"{site.url}/label?{urlencode({'concept': concept})}#single")
        tab.reload()  # as only what is behind the # may have changed
        expect(tab.locator("#labeller[data-ready] .stage img")).to_be_visible()
        site.bench.context.background.submit(str).result()  # which comes after what is being chosen
    picture = page.locator(".stage img").get_attribute("data-picture")
    expect(other.locator(f'.stage img[data-picture="{picture}"]')).to_be_visible()
    page.keyboard.press("y")
    expect(other.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(other.get_by_text("in another tab")).to_be_visible()
    other.close()
