"""Visible words of every screen, in Chromium, over a small library of drawn pictures."""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

from docs import screenshots
from tools.measure.words import Words, words
from web.screens import SCREENS

VIEWPORTS = {1440: 900, 1280: 860, 390: 780}
PICTURES = 400
FOLDERS = ("north", "south", "east", "west")
EMPTY = "first start"  # how the first screen is before there is anything
PATIENCE, CALM = 60.0, 1.5  # seconds until a screen is there, and without a change until it is

UNFOLD = """() => {
  for (const one of document.querySelectorAll('details')) { one.removeAttribute('name'); one.open = true; }
  for (const one of document.querySelectorAll('[popover]'))
    one.style.setProperty('display', 'block', 'important');
}"""
VISIBLE_TEXT = Path(__file__).with_name("visible_text.js").read_text(encoding="utf-8")


def screen_words() -> dict[str, dict[int, Words]]:
    """Screen → width of the window → words. Takes minutes."""
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        pictures = work / "Pictures"
        draw_pictures(pictures)
        screenshots.prepare(work / "home", work, pictures)
        with (
            screenshots.served(work / "home") as url,
            screenshots.served(work / "empty") as empty,
            sync_playwright() as playwright,
        ):
            executable = next(filter(None, map(shutil.which, screenshots.BROWSERS)), None)
            browser = playwright.chromium.launch(executable_path=executable, args=screenshots.FLAGS)
            places = [
                (name, (empty if name == EMPTY else url) + address, ready)
                for name, address, ready in addresses()
            ]
            for _, address, ready in places:  # what a screen prepares when it is first opened is there then
                opened(browser, address, ready, max(VIEWPORTS)).close()
            own = persons_words()
            found = {
                name: {width: count_words(browser, address, ready, width, own) for width in VIEWPORTS}
                for name, address, ready in places
            }
            browser.close()
    return found


def addresses() -> Iterator[tuple[str, str, str]]:
    """Screen, address, and the selector of what has to be there: as they are photographed for the tour."""
    shots = {shot.address.partition("?")[0]: shot for shot in reversed(screenshots.SHOTS)}
    titles = {screen.path: screen.title for screen in SCREENS}
    yield EMPTY, "/", ".page h1"
    for screen in SCREENS:
        tab = screen.tab or (screen.title if screen.tab_of else "")
        name = " › ".join(filter(None, [titles[screen.tab_of or screen.path], tab])).lower()
        shot = shots.get(screen.path)
        yield name, shot.address if shot else screen.path + screenshots.OF, shot.ready if shot else ".page h1"


def count_words(browser: Browser, address: str, ready: str, width: int, own: Sequence[str]) -> Words:
    page = opened(browser, address, ready, width)
    folded = words(settled_text(page), own)
    page.evaluate(UNFOLD)
    settled_text(page)
    page.evaluate(UNFOLD)  # folds within what was only fetched when one opened
    unfolded = words(settled_text(page), own)
    page.close()
    return Words(folded, unfolded)


def opened(browser: Browser, address: str, ready: str, width: int) -> Page:
    """The screen once it is all there."""
    size: ViewportSize = {"width": width, "height": VIEWPORTS[width]}
    page = browser.new_page(viewport=size, reduced_motion="reduce")
    page.goto(address)
    page.wait_for_selector(ready, timeout=PATIENCE * 1000, state="attached")
    settled_text(page)
    return page


def settled_text(page: Page) -> list[str]:
    """What is to be read once nothing changes any more. Raises `TimeoutError`."""
    deadline = time.monotonic() + PATIENCE
    text: list[str] = []
    since = time.monotonic()
    while time.monotonic() < deadline:
        now: list[str] = page.evaluate(VISIBLE_TEXT)
        if now != text or not now:
            text, since = now, time.monotonic()
        elif time.monotonic() - since >= CALM:
            return text
        page.wait_for_timeout(200)
    raise TimeoutError(f"{page.url} was still changing after {PATIENCE:.0f} seconds.")


def persons_words() -> list[str]:
    """Names, sentences and folders that the library was made with, and the parts of its sentences."""
    names = [screenshots.NAME, screenshots.DARK, screenshots.GRADED, screenshots.RULE]
    sentences = [screenshots.TEXT, screenshots.DARK_TEXT, screenshots.GRADED_TEXT]
    parts = [part.strip() for text in sentences for part in re.split(r"[,;:.]|\b(?:or|not)\b", text)]
    return [*names, *sentences, *filter(None, parts), *FOLDERS]


def draw_pictures(folder: Path) -> None:
    """Warm and cold ones, dark and bright ones, calm and busy ones, spread over four folders."""
    rng = np.random.default_rng(0)
    for number in range(PICTURES):
        light = float(rng.choice([0.15, 0.6, 1.0]))
        warm = number % 3 == 0
        colour = np.array([230, 160, 60] if warm else [90, 150, 210]) * light
        noise = rng.normal(0, float(rng.choice([1, 8, 30])), (128, 160, 3))
        picture = Image.fromarray((colour + noise).clip(0, 255).astype(np.uint8))
        left, top = (int(place) for place in rng.integers(5, 60, 2))
        shape = (left, top, left + int(rng.integers(30, 90)), top + int(rng.integers(20, 60)))
        pen = ImageDraw.Draw(picture)
        (pen.ellipse if number % 2 else pen.rectangle)(shape, fill=tuple(int(c) for c in colour / 2))
        place = folder / FOLDERS[number % len(FOLDERS)]
        place.mkdir(parents=True, exist_ok=True)
        picture.save(place / f"drawn-{number:04}.png")
