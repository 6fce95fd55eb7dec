"""Nothing is cut off, the step one is at is in view on a phone, and Define stays short after Propose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

NAME = "Laid out"
# Words that their element cuts off, but for those that say so by an ellipsis or are for screen readers alone.
CLIPPED = """() => [...document.querySelectorAll('.page *')].filter(element => {
  const style = getComputedStyle(element);
  return element.offsetParent && element.innerText && ['hidden', 'clip'].includes(style.overflowX)
    && style.textOverflow !== 'ellipsis' && !element.matches('.visually-hidden, input, svg *')
    && element.scrollWidth > element.clientWidth + 1;
}).map(element => element.innerText.slice(0, 80))"""
CODE = """() => [...document.querySelectorAll('.copyable pre')].filter(
  code => code.scrollWidth > code.clientWidth + 1).map(code => code.innerText.slice(0, 80))"""


@pytest.fixture(scope="module")
def answered(site: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The site with a trained concept, and another one to switch to. SIMULATED answers: a drawing counts if
    its file is called ellipse."""
    site.bench.concepts.begin("Another one", "A square.")
    site.bench.concepts.begin(NAME, "A filled ellipse; not a square.")
    site.bench.concept(NAME).definition.propose().wait()
    site.bench.concept(NAME).definition.mine().wait()
    pictures = site.bench.library.pictures(limit=120).pictures
    rows = [f'"{picture.path}",{"yes" if "ellipse" in picture.path else "no"}' for picture in pictures]
    answers = tmp_path_factory.mktemp("answers") / "answers.csv"
    answers.write_text("\n".join(["path,label", *rows]))
    site.bench.concept(NAME).label_files.import_file(answers, author="simulated", simulated=True)
    site.bench.concept(NAME).versions.train().wait()
    return site


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


def opened(site: Any, page: Page, path: str, shown: str) -> None:
    page.goto(f"{site.url}/{path}?concept={quote(NAME)}")
    page.wait_for_selector(shown)


@pytest.mark.parametrize("width", [1280, 640, 375])
def test_no_words_and_no_code_are_cut_off(answered: Any, page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for path, shown in (("quality", "#quality-steady .panel"), ("use", ".copyable pre")):
        opened(answered, page, path, shown)
        for summary in page.locator(".code:not([open]) > summary").all():
            summary.click()
            assert page.evaluate(CODE) == []
        assert page.evaluate(CLIPPED) == []


@pytest.mark.parametrize("path", ["label", "quality", "use"])
def test_on_a_phone_the_step_one_is_at_is_in_view(answered: Any, phone: Page, path: str) -> None:
    opened(answered, phone, path, ".rail[data-placed] [aria-current]:not([popover] *)")
    box = phone.locator(".rail [aria-current]:not([popover] *)").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 375


def test_keys_are_named_where_there_are_keys_alone(answered: Any, page: Page, phone: Page) -> None:
    opened(answered, page, "label", "[data-do=yes] kbd >> visible=true")
    opened(answered, phone, "label", "[data-do=yes]")
    assert phone.locator("#labeller .btn kbd >> visible=true").count() == 0
    assert phone.locator("[data-do=help]").is_hidden()


def test_after_propose_define_takes_two_windows_at_most_and_what_was_unfolded_stays_so(
    answered: Any, page: Page
) -> None:
    opened(answered, page, "define", ".query .strip img")
    assert page.evaluate("document.documentElement.scrollHeight") <= 2 * 900
    page.click("details.fold[id^=more-that] > summary >> nth=0")
    page.fill("#new-query", "a disc")
    page.click("button:has-text('It counts')")
    page.wait_for_selector(".query:not(.proposed) :text('a disc')")
    page.wait_for_selector("details.fold[open] .query >> nth=0")
