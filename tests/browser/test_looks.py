"""Every screen in both themes, on a phone and magnified: axe finds nothing serious, nothing scrolls sideways.
Words aren't cut off, the step one is at is in view on a phone, and Describe stays short after Propose.

The answers are simulated: a drawing counts if its file is called ellipse.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from accessible import wrong_with_looks
from answering import answer
from playwright.sync_api import Browser, BrowserContext, Page

from concepts.learning import waves

if TYPE_CHECKING:
    from conftest import Site

NAME = "Looked at by axe"
SCREENS = {
    "start": ("/", ".card"),
    "library": ("/library", ".pictures img"),
    "health": ("/library?view=health", ".page h1"),
    "describe": (f"/describe?concept={NAME}", ".query .strip img"),
    "label": (f"/label?concept={NAME}#single", ".stage img"),
    "grid": (f"/label?concept={NAME}#grid", ".tiles .tile img"),
    "review": (f"/label/review?concept={NAME}", ".page h1"),
    "borderline": (f"/label/borderline?concept={NAME}", ".page h1"),
    "check": (f"/check?concept={NAME}", "#threshold"),
    "results": (f"/results?concept={NAME}", "#results-library .pictures img"),
    "activity": ("/settings/activity", ".page h1"),
    "settings": ("/settings", ".page h1"),
    "rule": (f"/results?rule=NOT+{NAME}", "#results-library .pictures img"),
    "people": ("/settings/people", ".page h1"),
    "cost": ("/settings/cost", ".page h1"),
    "encoder": ("/settings/encoder", ".page h2"),
    "backup": ("/settings/backup", ".page h1"),
    "several": (f"/library/side-by-side?of={NAME}", ".several-pictures .cell"),
    "appearance": (f"/settings/appearance?concept={NAME}", ".page h1"),
    "collections": ("/library?view=collections", ".cards img"),
    "album": ("/library?in=1", ".pictures img"),
    "trash": ("/library?view=trash", ".trash img"),
    "nowhere": ("/no-such-screen", "text=There is nothing at this address"),
}
# Words that their element cuts off, but for those that say so by an ellipsis or are for screen readers alone.
CLIPPED = """() => [...document.querySelectorAll('.page *')].filter(element => {
  const style = getComputedStyle(element);
  return element.offsetParent && element.innerText && ['hidden', 'clip'].includes(style.overflowX)
    && style.textOverflow !== 'ellipsis' && !element.matches('.visually-hidden, input, svg *')
    && element.scrollWidth > element.clientWidth + 1;
}).map(element => element.innerText.slice(0, 80))"""
CODE = """() => [...document.querySelectorAll('.copyable pre')].filter(
  code => code.scrollWidth > code.clientWidth + 1).map(code => code.innerText.slice(0, 80))"""
# Panels beside each other that don't end together, and rows that leave a part of the page empty.
HOLES = """() => {
  const all = [...document.querySelectorAll('.page .panel')].filter(one => one.offsetParent
    && !one.parentElement.closest('.panel'));
  const boxes = all.map(one => one.getBoundingClientRect());
  const left = Math.min(...boxes.map(box => box.left)), right = Math.max(...boxes.map(box => box.right));
  return all.filter((one, place) => {
    const box = boxes[place];
    const row = boxes.filter(other => other.top < box.bottom && other.bottom > box.top);
    const near = side => row.every(other => Math.abs(other[side] - box[side]) < 2);
    return !near('top') || !near('bottom') || Math.min(...row.map(other => other.left)) > left + 2
      || Math.max(...row.map(other => other.right)) < right - 2;
  }).map(one => one.innerText.slice(0, 40));
}"""


@pytest.fixture(scope="module")
def concept(site: Site) -> str:
    """With a version and its figures, beside another one to switch to."""
    bench = site.bench
    bench.concepts.begin("Another one", "A square.")
    bench.concepts.begin(NAME, "A filled ellipse, not a rectangle.")
    bench.concept(NAME).definition.propose().wait()
    bench.concept(NAME).definition.mine().wait()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(waves, "SHARE", 0.35)  # of a small library: figures need ten of each kind
        to_measure = bench.concept(NAME).labels.next_pictures(200, purpose="evaluation")
    answer(bench, NAME, [picture.id for picture in to_measure])
    answer(bench, NAME, [picture.id for picture in bench.concept(NAME).labels.next_pictures(30)])
    bench.concept(NAME).versions.train().wait()
    some = [picture.id for picture in bench.library.pictures(limit=4).pictures]
    bench.collections.make("Looked at", some[:3], author="me")
    bench.trash.put(pictures=[*some[3:]], author="me")
    return NAME


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_nothing_serious_and_nothing_scrolls_sideways(
    site: Site, page: Page, concept: str, screen: str
) -> None:
    path, ready = SCREENS[screen]
    page.goto(site.url + path)
    page.wait_for_selector(ready)
    assert wrong_with_looks(page) == []


@pytest.fixture(scope="module")
def pocket(chromium: Browser | None) -> Iterator[BrowserContext | None]:
    """A browser with a finger for a pointer. A page stays open, as its process ends with the last one."""
    if chromium is None:
        yield None
        return
    context = chromium.new_context(
        viewport={"width": 375, "height": 800}, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    context.new_page()
    yield context
    context.close()


@pytest.fixture
def phone(pocket: BrowserContext | None, page: Page) -> Iterator[Page]:
    assert pocket is not None  # `page` has seen to it
    phone = pocket.new_page()
    yield phone
    phone.close()


def opened(site: Site, page: Page, path: str, shown: str) -> None:
    mode = "#single" if path == "label" else ""
    page.goto(f"{site.url}/{path}?concept={quote(NAME)}{mode}")
    page.wait_for_selector(shown)


@pytest.mark.parametrize(("path", "shown"), [("check", "#check-around img"), ("results", ".pictures img")])
def test_no_words_and_no_code_are_cut_off_and_no_panel_leaves_a_hole_beside_it(
    site: Site, page: Page, concept: str, path: str, shown: str
) -> None:
    opened(site, page, path, shown)
    if path == "results":
        page.get_by_text("Download classifier", exact=True).click()
        page.get_by_role("button", name="Code", exact=True).click()
        page.wait_for_selector(".copyable pre")
    page.wait_for_selector(".pictures img, .mistakes")
    for width in (1280, 1600):
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate(HOLES) == []
    for width in (1280, 640, 375):
        page.set_viewport_size({"width": width, "height": 800})
        for summary in page.locator(".code > summary").all():
            summary.click()
            assert page.evaluate(CODE) == []
            summary.click()
        assert page.evaluate(CLIPPED) == []


@pytest.mark.parametrize("path", ["label", "check", "results"])
def test_on_a_phone_the_step_one_is_at_is_in_view(site: Site, phone: Page, concept: str, path: str) -> None:
    opened(site, phone, path, ".rail[data-placed] [aria-current]:not([popover] *)")
    box = phone.locator(".rail [aria-current]:not([popover] *)").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375


def test_keys_are_named_where_there_are_keys_alone(site: Site, page: Page, phone: Page, concept: str) -> None:
    opened(site, page, "label", "[data-do=yes] kbd >> visible=true")
    opened(site, phone, "label", "[data-do=yes]")
    assert phone.locator("#labeller .btn kbd >> visible=true").count() == 0
    assert phone.locator("[data-do=help]").is_hidden()


def test_after_propose_define_takes_two_windows_at_most_and_what_was_unfolded_stays_so(
    site: Site, page: Page, concept: str
) -> None:
    opened(site, page, "describe", ".query .strip img")
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900
    page.click("#about-examples > summary")
    page.fill("#new-query", "a disc")
    page.get_by_role("button", name="Counts", exact=True).click()
    page.wait_for_selector(".query :text('a disc')")
    page.wait_for_selector("#about-examples[open]")
