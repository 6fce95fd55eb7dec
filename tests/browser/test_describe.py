"""Home, Library and Describe in a browser: from a sentence to a definition, by keyboard where people type."""

from __future__ import annotations

import base64
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from drawing import draw
from playwright.sync_api import expect


def open_definition(site: Any, page: Any, name: str) -> None:
    site.bench.concepts.begin(name, "A round shape; not a square one.")
    page.goto(f"{site.url}/describe?concept={quote(name)}")
    page.wait_for_selector(".query .strip img")


def said(page: Any, text: str) -> None:
    page.wait_for_selector(f"#describe-head .notice:has-text('{text}')")


def new_concept(site: Any, page: Any) -> Any:
    page.goto(site.url)
    page.get_by_role("button", name="New concept").click()
    return page.get_by_role("dialog", name="New concept")


def test_a_name_that_is_taken_is_an_error_that_keeps_what_was_typed(site: Any, page: Any) -> None:
    site.bench.concepts.begin("Taken", "A shape")
    form = new_concept(site, page)
    expect(form.get_by_label("Name", exact=True)).to_be_focused()
    form.get_by_label("Name", exact=True).fill("taken")
    form.get_by_label("What counts").fill("A round shape")
    form.get_by_label("Name", exact=True).press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("There is a concept called")
    expect(form.get_by_label("What counts")).to_have_value("A round shape")
    form.get_by_label("Name", exact=True).fill("Another name")
    form.get_by_label("Name", exact=True).press("Enter")
    page.wait_for_url("**/describe?concept=Another*")


def test_what_counts_and_what_does_not_are_two_fields_of_a_concept_whose_card_leads_on(
    site: Any, page: Any
) -> None:
    form = new_concept(site, page)
    form.get_by_label("Name", exact=True).fill("Begun by Enter")
    form.get_by_label("What doesn’t").fill("a square\na line")
    form.get_by_label("What counts").fill("A round shape")
    form.get_by_label("What counts").press("Enter")
    page.wait_for_url("**/describe?concept=Begun*")
    expect(page.get_by_label("Description", exact=True)).to_have_value("A round shape")
    page.goto(site.url)
    page.get_by_role("link", name="Begun by Enter", exact=True).click()
    page.wait_for_url("**/describe?concept=Begun*")
    page.wait_for_selector(".query .strip img")  # until then the page is still being drawn
    page.get_by_label("What doesn’t count", exact=True).fill("a cross")
    page.get_by_role("button", name="Add: What doesn’t count").click()
    said(page, "added “a cross”")
    page.get_by_role("button", name="Delete “a square”").click()
    said(page, "removed “a square”")
    definition = site.bench.concept("Begun by Enter").definition.read().revision.definition
    assert [(c.kind, c.text) for c in definition.criteria] == [
        ("excluding", "a line"),
        ("excluding", "a cross"),
    ]


def test_the_description_is_edited_in_place_and_a_search_shows_what_it_finds_while_it_is_typed(
    site: Any, page: Any
) -> None:
    open_definition(site, page, "Typed")
    description, save = page.get_by_label("Description", exact=True), page.get_by_role("button", name="Save")
    expect(save).to_be_hidden()
    description.fill("A round shape")
    save.click()
    said(page, "another sentence")
    expect(description).to_have_value("A round shape")
    description.fill("A round, flat shape")
    page.get_by_label("What doesn’t count", exact=True).fill("a ring")
    page.get_by_role("button", name="Add: What doesn’t count").click()
    said(page, "added “a ring”")
    expect(description).to_have_value("A round, flat shape")
    search = page.get_by_label("New search")
    search.press_sequentially("a disc")
    expect(page.get_by_role("group", name="Found by a disc").get_by_role("img").first).to_be_visible()
    expect(search).to_be_focused()
    expect(search).to_have_value("a disc")
    assert site.bench.concept("Typed").definition.read().revision.number == 4


def test_every_edit_is_saved_as_a_revision_and_undone_by_one_press(site: Any, page: Any) -> None:
    open_definition(site, page, "Edited")
    page.fill("#new-criterion", "No corners")
    page.press("#new-criterion", "Enter")
    said(page, "Saved as definition 2: added “No corners”")
    page.click(".criteria summary")
    page.fill("#criterion-0", "No corners at all")
    page.select_option("#criterion-0-kind", "supporting")
    page.press("#criterion-0", "Enter")
    said(page, "Saved as definition 3")
    page.wait_for_selector(".criteria .tag.helps")
    page.click("#describe-head button:has-text('Undo')")
    said(page, "back to definition 2")
    page.wait_for_selector(".criteria summary :text('No corners') >> visible=true")
    page.reload()
    page.get_by_text("Definitions: 4").wait_for()


def test_the_history_shows_changed_words_by_more_than_colour_and_goes_back(site: Any, page: Any) -> None:
    open_definition(site, page, "Looked back on")
    page.fill("#sentence-text", "A round shape; not a straight one.")
    page.press("#sentence-text", "Enter")
    said(page, "another sentence")
    page.get_by_text("Definitions: 2").click()
    page.get_by_role("button", name="Changes of definition 2").click()
    page.wait_for_selector("dialog[open] .diff")
    assert "straight" in page.inner_text("dialog[open] .diff ins")
    assert "square" in page.inner_text("dialog[open] .diff del")
    style = "getComputedStyle(document.querySelector('dialog[open] del')).textDecorationLine"
    assert page.evaluate(style) == "line-through"
    page.keyboard.press("Escape")
    go_back = page.get_by_role("button", name="Go back to definition 1")
    assert go_back.evaluate("button => button.getClientRects().length && button.clientHeight") < 40  # a line
    go_back.click()
    said(page, "back to definition 1")
    way_back = page.locator(".notice:focus").get_by_role("button", name="Undo")
    expect(way_back).to_be_in_viewport()


def test_a_change_on_a_stale_page_is_refused_and_the_newest_is_shown(site: Any, page: Any) -> None:
    open_definition(site, page, "In two tabs")
    other = page.context.new_page()
    other.goto(page.url)
    other.wait_for_selector("#new-query")
    other.fill("#new-query", "a disc")
    other.get_by_role("button", name="Counts", exact=True).click()
    said(other, "added “a disc”")
    page.fill("#new-query", "a wheel")
    page.get_by_role("button", name="Counts", exact=True).click()
    said(page, "changed meanwhile")
    page.wait_for_selector(".query :text('a disc')")
    assert page.locator(".query :text('a wheel')").count() == 0


def test_queries_are_proposed_kept_and_dropped_and_bring_candidates(site: Any, page: Any) -> None:
    open_definition(site, page, "Proposed")
    page.get_by_role("button", name="Propose searches").click()
    page.wait_for_selector("#describe-head .notice:has-text('from the built-in words')")
    first = site.bench.concept("Proposed").definition.read().revision.definition.queries[0].text

    def choose(what: str) -> None:
        page.get_by_role("button", name=f"More for search “{first}”").click()
        page.get_by_role("group", name=f"search “{first}”").get_by_role("button", name=what).click()

    choose("Keep")
    said(page, "kept as yours")
    choose("Doesn’t count")
    said(page, "now finds what only looks similar")
    before = page.locator(".query").count()
    choose("Delete")
    said(page, "removed")
    expect(page.locator(".query")).to_have_count(before - 1)
    page.get_by_role("button", name="Find candidates").click()
    expect(page.get_by_role("link", name="Start labelling")).to_be_visible()


def test_an_example_is_chosen_from_a_search_or_dropped_from_elsewhere_and_what_is_no_picture_is_refused(
    site: Any, page: Any, tmp_path: Path
) -> None:
    open_definition(site, page, "With an example")
    page.get_by_role("button", name="Choose from library").click()
    page.fill("#pick-words", "circle")
    page.press("#pick-words", "Enter")
    page.wait_for_selector("#pick-words[value='circle']")
    counts = page.get_by_role("dialog").get_by_role("button", name="Counts")
    counts.first.click()
    counts.nth(1).click()  # before the first is answered
    for number in (0, 1):
        expect(counts.nth(number)).to_have_attribute("aria-pressed", "true")
    expect(counts.nth(1)).to_be_focused()
    counts.nth(1).click()
    expect(counts.nth(1)).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("Escape")
    page.wait_for_selector("#describe-examples .chip.yes")
    page.click("[aria-label='Remove this example']")
    expect(page.locator("#describe-examples .chip")).to_have_count(0)

    draw("ellipse", 7001).save(tmp_path / "found.png")
    content = base64.b64encode((tmp_path / "found.png").read_bytes()).decode()
    dropped = page.evaluate_handle(
        """content => {
            const held = new DataTransfer(), bytes = Uint8Array.from(atob(content), c => c.charCodeAt(0));
            held.items.add(new File([bytes], 'found.png', {type: 'image/png'}));
            return held;
        }""",
        content,
    )
    page.dispatch_event("[data-example=true]", "drop", {"dataTransfer": dropped})
    said(page, "an example picture added")
    page.wait_for_selector("#describe-examples li:has-text('not in the library') .chip.yes")
    page.wait_for_function(
        "() => document.querySelector('#describe-examples .pictures img').naturalWidth > 0"
    )
    assert site.bench.library.info().pictures == len(list(site.pictures.glob("*.png")))
    (tmp_path / "notes.png").write_text("no picture")
    page.set_input_files("[data-example=false] input", str(tmp_path / "notes.png"))
    said(page, "notes.png")
    page.click("[aria-label='Remove this example']")
    said(page, "an example picture removed")


def test_a_zip_with_bad_files_is_added_and_the_bad_ones_are_listed(
    site: Any, page: Any, tmp_path: Path
) -> None:
    draw("ellipse", 9001).save(tmp_path / "new.png")
    with zipfile.ZipFile(tmp_path / "some.zip", "w") as archive:
        archive.write(tmp_path / "new.png", "new.png")
        archive.writestr("broken.png", b"no picture at all")
    (tmp_path / "notes.txt").write_text("no picture either")
    page.goto(f"{site.url}/library")
    pictures = site.bench.library.info().pictures
    page.wait_for_selector(f"#rail-pictures:has-text('{pictures} pictures')")
    page.set_input_files("#upload-files", [str(tmp_path / "some.zip"), str(tmp_path / "notes.txt")])
    page.wait_for_selector("#library-progress :text('1 new picture')")
    page.wait_for_selector(f"#rail-pictures:has-text('{pictures + 1} pictures')")  # and no page opened anew
    page.wait_for_selector("#library-progress :text('1 file skipped')")
    assert "notes.txt" in page.inner_text("#upload-status")
    page.get_by_role("link", name="1 file skipped").click()
    page.wait_for_selector("td:has-text('some.zip!/broken.png')")


def test_searching_by_words_then_by_picture_is_in_the_address(site: Any, page: Any) -> None:
    page.goto(f"{site.url}/library")
    page.wait_for_selector(".pictures img")
    page.fill("#search-words", "a line")
    page.press("#search-words", "Enter")
    page.wait_for_url("**/library?q=a+line")
    page.click("#library-main .tile")
    page.wait_for_selector("dialog[open] .large img")
    page.click("dialog[open] button:has-text('More like this')")
    page.wait_for_url("**/library?like=*")
    page.fill("#search-words", "green")
    page.press("#search-words", "Enter")
    page.wait_for_url("**/library?like=*&q=green")
    page.reload()
    page.wait_for_selector(".like img")
    assert page.input_value("#search-words") == "green"
    page.go_back()
    page.wait_for_url(lambda url: "q=" not in url)
    page.wait_for_selector(".like img")  # a page that is closed while it comes back can hang the browser
