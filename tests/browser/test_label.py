"""Label in a real browser: keys, undo, comments, the grid, lost connections, reloads, two tabs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from concepts.collaborator.annotations import annotate, opinion_of
from concepts.labelling.labels import own_comments, recent_labels

if TYPE_CHECKING:
    from conftest import Site

LABELS = re.compile("/api/v1/concepts/[^/]+/labels$")


def opened(site: Site, page: Any, concept: str) -> None:
    page.goto(f"{site.url}/label?concept={quote(concept)}#single")
    page.reload()  # as only what is behind the # may have changed
    expect(page.locator("#labeller .stage img")).to_be_visible()


def shown(page: Any) -> str:
    return str(page.locator(".stage img").get_attribute("data-picture"))


def shows(page: Any, picture: str) -> None:
    expect(page.locator(f'.stage img[data-picture="{picture}"]')).to_be_visible()


def press(page: Any, key: str) -> str:
    """Presses a key and returns the picture it was for, once another one is shown."""
    expect(page.locator(".stage img")).to_be_visible()
    before = shown(page)
    page.keyboard.press(key)
    expect(page.locator(f'.stage img:not([data-picture="{before}"])')).to_be_visible()
    return before


def saved(page: Any) -> None:
    expect(page.locator("[data-part=saved]")).to_have_text("saved")


def answers(site: Site, concept: str) -> list[tuple[str, str]]:
    return [(answer.id, answer.value) for answer in recent_labels(site.bench.concept(concept), "me", 100)]


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


def test_undo_brings_the_picture_back_and_back_and_forth_changes_an_answer(
    site: Site, label: Any, concept: str
) -> None:
    first, second = press(label, "y"), press(label, "n")
    label.keyboard.press("z")
    shows(label, second)
    label.keyboard.press("ArrowLeft")
    shows(label, first)
    expect(label.locator("[data-part=why]")).to_contain_text("Your label: counts")
    label.keyboard.press("n")
    shows(label, second)
    saved(label)
    expect(label.locator("[data-part=balance]")).to_have_text("0 count, 1 don’t")
    assert answers(site, concept)[-1] == (first, "no")


def test_an_answer_without_a_connection_is_visibly_not_saved_and_outlives_a_reload(
    site: Site, label: Any, concept: str
) -> None:
    label.route(LABELS, lambda route: route.abort())
    picture = press(label, "y")
    expect(label.locator("[data-part=saved]")).to_have_text("not saved: 1")
    expect(label.locator("[data-part=trouble]")).to_contain_text("Your label is safe here")
    assert answers(site, concept) == []
    label.unroute(LABELS)
    label.reload()
    expect(label.locator("#labeller .stage img")).to_be_visible()
    saved(label)
    expect(label.locator("[data-part=count-words]")).to_contain_text("1 label by you")
    assert answers(site, concept) == [(picture, "yes")]


def test_who_comes_back_to_label_while_the_server_is_away_labels_on(
    site: Site, label: Any, concept: str
) -> None:
    rail, counts = label.get_by_role("navigation", name="Steps"), label.get_by_role("button", name="Counts Y")
    rail.get_by_role("link", name="Describe").click()
    expect(label.locator("#describe-head h1")).to_be_visible()
    label.context.set_offline(True)
    rail.get_by_role("link", name="Label").click()
    counts.click()
    expect(label.locator("[data-part=saved]")).to_have_text("not saved: 1")
    label.context.set_offline(False)
    saved(label)
    assert [value for _, value in answers(site, concept)] == ["yes"]


def test_a_lost_reply_does_not_count_the_answer_twice(site: Site, label: Any, concept: str) -> None:
    lost: list[str] = []

    def lose_the_first(route: Any) -> None:
        reply = route.fetch()
        if lost:
            return route.fulfill(response=reply)
        lost.append(reply.text())
        return route.abort()

    label.route(LABELS, lose_the_first)
    press(label, "y")
    label.locator("[data-do=retry]").click()
    saved(label)
    assert lost
    assert len(list(site.bench.log.events(site.bench.concept(concept).id))) == 1


def test_the_machines_opinion_is_hidden_until_the_answer(site: Site, page: Any, concept: str) -> None:
    site.bench.concept(concept).begin(annotate).wait()
    opened(site, page, concept)
    for _ in range(12):
        expect(page.locator(".stage img")).to_be_visible()
        expect(page.locator("[data-part=why]")).not_to_contain_text("Suggestion")
        learns = "test picture" not in page.locator("[data-part=why]").inner_text()
        press(page, "y")
        saved(page)
        if learns and opinion_of(site.bench.concept(concept), answers(site, concept)[-1][0]):
            break
    expect(page.locator("[data-part=last-body]")).to_contain_text("Suggestion:")
    expect(page.locator("[data-part=last-body] .why")).not_to_be_empty()


def test_what_is_answered_in_one_tab_is_asked_no_more_in_the_other(
    site: Site, page: Any, concept: str
) -> None:
    other = page.context.new_page()
    for tab in (other, page, other):  # the first time it is still being chosen what to ask
        opened(site, tab, concept)
        site.bench.background.submit(str).result()  # which comes after what is being chosen
    picture = shown(page)
    shows(other, picture)
    page.keyboard.press("y")
    expect(other.locator(f'.stage img:not([data-picture="{picture}"])')).to_be_visible()
    expect(other.get_by_text("in another tab")).to_be_visible()
    other.close()


# Comments


def remarks(page: Any) -> Any:
    return page.locator("[data-part=remarks] li")


def write(page: Any, text: str) -> None:
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)
    page.keyboard.press("Enter")
    expect(page.locator("[data-part=comment]")).to_be_hidden()
    saved(page)


def test_undo_takes_back_a_whole_sheet_and_shows_it_as_it_was(site: Site, label: Any, concept: str) -> None:
    label.keyboard.press("w")
    tiles, selected = label.locator("#label-grid .tile"), label.locator("#label-grid [aria-selected=true]")
    expect(tiles.first).to_be_focused()
    tiles.nth(1).click()
    tiles.nth(2).click()
    label.keyboard.press("ArrowRight")
    label.keyboard.press("n")
    label.keyboard.press("Enter")
    status(label, "3 saved")
    expect(label.locator("[data-part=count]")).to_contain_text("3 of about 100 labels")
    label.keyboard.press("z")
    expect(label.locator("[data-part=count]")).to_contain_text("0 of about 100 labels")
    expect(label.locator("#label-save")).to_have_text("Save 3")
    expect(selected).to_have_count(2)
    assert answers(site, concept) == []


@pytest.mark.slow
def test_a_kept_comment_is_seen_again_changed_and_taken_back(site: Site, label: Any, concept: str) -> None:
    handle, picture = site.bench.concept(concept), shown(label)
    label.keyboard.press("c")
    label.keyboard.type("Half a thought")
    label.keyboard.press("Escape")
    expect(label.locator("[data-part=comment]")).to_be_hidden()
    label.keyboard.press("c")
    expect(label.locator("#comment-text")).to_have_value("Half a thought")
    label.keyboard.press("Escape")
    write(label, "A plate, yes or no.")
    expect(remarks(label)).to_have_text("You: A plate, yes or no.")
    assert recent_labels(handle, "me", 100) == []  # typing it answers nothing
    press(label, "n")
    saved(label)
    label.reload()
    expect(label.locator("#labeller .stage img")).to_be_visible()
    label.keyboard.press("ArrowLeft")
    shows(label, picture)
    expect(remarks(label)).to_have_text("You: A plate, yes or no.")
    write(label, "A bowl.")
    expect(remarks(label)).to_have_text("You: A bowl.")
    assert own_comments(handle, [picture], "me") == {picture: "A bowl."}
    label.keyboard.press("c")
    label.get_by_role("button", name="Take it back").click()
    expect(remarks(label)).to_have_count(0)
    saved(label)
    assert own_comments(handle, [picture], "me") == {}


# The grid


@pytest.fixture
def grid(label: Any) -> Any:
    """The page on the Label screen, in the grid."""
    label.keyboard.press("g")
    expect(label.locator("#label-grid .tile")).to_have_count(36)
    return label


def mark(page: Any, count: int) -> list[str]:
    """Marks the first as yes by keys; their pictures."""
    expect(page.locator("#label-grid .tile").first).to_be_focused()
    page.keyboard.press("y")
    for _ in range(count - 1):
        page.keyboard.press("ArrowRight")
        page.keyboard.press("y")
    expect(marked(page)).to_have_count(count)
    return [str(tile.get_attribute("data-picture")) for tile in marked(page).locator("img").all()]


def marked(page: Any) -> Any:
    return page.locator("#label-grid .tile:has(.mark.yes)")


def status(page: Any, text: str) -> None:
    expect(page.locator("[data-part=status]")).to_contain_text(text)


def test_the_grid_answers_many_with_one_commit_and_one_undo(site: Site, grid: Any, concept: str) -> None:
    tiles = grid.locator("#label-grid .tile")
    expect(tiles.nth(0)).to_be_focused()
    for key in ("y", "ArrowRight", "Shift+ArrowRight", "u"):
        grid.keyboard.press(key)
    expect(tiles.nth(2).locator(".mark.unsure")).to_be_visible()
    tiles.nth(5).click()
    tiles.nth(7).click(modifiers=["Shift"])
    grid.keyboard.press("y")
    grid.keyboard.press("Shift+N")
    assert grid.locator("#label-grid .mark.no").count() < 30  # what was not in view has not been judged
    grid.set_viewport_size({"width": 1280, "height": 3000})
    grid.wait_for_function(
        "() => document.querySelector('#label-grid .picture-grid').parentElement.grid.seen.size === 36"
    )
    grid.keyboard.press("Shift+N")
    expect(grid.locator("#label-grid .mark.no")).to_have_count(30)
    grid.keyboard.press("Enter")
    status(grid, "36 saved")
    values = [value for _, value in answers(site, concept)]
    assert (values.count("yes"), values.count("unsure"), values.count("no")) == (4, 2, 30)
    grid.keyboard.press("z")  # brings the sheet back as it was
    expect(grid.locator("[data-part=saved]")).to_have_text("36 not saved")
    assert answers(site, concept) == []


@pytest.mark.slow
def test_a_grid_whose_script_comes_last_is_filled(site: Site, page: Any, concept: str) -> None:
    held: list[Any] = []
    page.route(re.compile("/grid/grid.js$"), lambda route: held.append(route))
    page.goto(f"{site.url}/label?concept={quote(concept)}#grid")
    expect(page.get_by_role("radio", name="Grid")).to_be_visible()
    page.wait_for_function("() => [...document.querySelectorAll('*')].some((one) => one.labelling)")
    for one in held:
        one.continue_()
    expect(page.locator("#label-grid [role=option] img").first).to_be_visible()


@pytest.mark.slow
def test_a_mode_chosen_before_the_script_loads_is_kept(site: Site, page: Any, concept: str) -> None:
    held: list[Any] = []
    page.route(re.compile("/label/label.js$"), lambda route: held.append(route), times=1)
    with page.expect_request(re.compile("/label/label.js$")):
        page.goto(f"{site.url}/label?concept={quote(concept)}")
    page.get_by_role("radio", name="Grid").check()
    for one in held:
        one.continue_()
    expect(page.locator("#label-grid [role=option]")).to_have_count(36)
    page.reload()
    expect(page.locator("#label-grid [role=option]")).to_have_count(36)


def test_a_reload_asks_and_keeps_marks_and_so_does_taking_back_what_was_saved_before(
    site: Site, grid: Any, concept: str
) -> None:
    given = mark(grid, 4)
    asked: list[str] = []
    grid.once("dialog", lambda dialog: (asked.append(dialog.type), dialog.accept()))
    grid.reload()
    expect(marked(grid)).to_have_count(4)
    status(grid, "4 of 36 marked")
    assert asked == ["beforeunload"]
    grid.keyboard.press("Enter")
    status(grid, "4 saved")
    assert answers(site, concept) == [(picture, "yes") for picture in given]
    expect(grid.locator("#label-grid .tile:not(:has(.mark.yes))")).to_have_count(36)
    mark(grid, 3)
    grid.keyboard.press("z")
    expect(grid.locator("[data-part=count]")).to_contain_text("0 of about 100 labels")
    expect(marked(grid)).to_have_count(3)
