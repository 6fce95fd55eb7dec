"""A million pictures in the real app in Chromium: python -m benchmarks.limits.app [--pictures N] [--home DIR]
[--screens DIR]

Opens, goes from screen to screen, looks through, filters, searches, labels 50, trains with 2,000 answers
until the library is on screen in its new order, and has the scores of all pictures exported. What is waited
for is what a person would wait for: pictures that are decoded, or words that are there. Screens are reached
within the page, as by a link. The library is `benchmarks.limits.million`'s, the answers are simulated.
`--home` keeps it and uses it again; screens are written to `--screens`.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks.limits import million
from benchmarks.limits.rows import Row, Rows, seconds_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STARTS = 3  # of the app; for the first the files of its libraries come from the disk
LABELLED = 50
A_PRESS = 0.3  # seconds between a picture and the next press
PATIENCE = 120_000  # ms
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SEARCHED = ("red star", "blue circle", "green arrow", "yellow ring", "black cross")
FOLDERS = ("2012/event 030", "2015/event 070", "2018/event 010")
LIBRARY, FOUND = "#library-grid", "#results-grid"
# By their links in the rail, what of a screen a person looks for first. Those of the concept come first.
RAIL = {
    "/label": "#label-head h1",
    "/check": "#check-head h1",
    "/results": "#results-head h1",
    "/describe": "#describe-head h1",
    "/library": "#library-grid .tile",
    "/settings": "#screen-settings h1",
    "/": "#home-concepts a",
}

# Whether all pictures that can be seen are there.
SEEN = """(within) => {
  const all = [...document.querySelectorAll(within + ' img')];
  const inView = ({top, bottom}) => top < innerHeight && bottom > 0;
  const seen = all.filter((one) => one.checkVisibility() && inView(one.getBoundingClientRect()));
  return seen.length > 0 && seen.every((one) => one.complete && one.naturalWidth > 0);
}"""

# Whether something that can be seen says this. What Playwright itself waits for, it looks for after 20, 70,
# 170, 270 and 770 ms, and then twice a second.
THERE = """([what, words]) => [...document.querySelectorAll(what)].some((one) =>
  one.checkVisibility() && one.textContent.includes(words))"""

# Clicks a link of the rail; milliseconds until the server's answer has it marked as where one is, something
# of the screen is in view, and a frame is drawn.
GONE = """([path, what]) => new Promise((done, failed) => {
  const to = (which) => [...document.querySelectorAll(`.rail a${which}`)]
    .find((one) => new URL(one.href).pathname === path && !one.closest('[popover]'));
  const seen = (one) => one.checkVisibility() && (one.textContent || one.dataset.id);
  const link = to('[href]'), began = performance.now();
  link.click();
  const there = () => to('[aria-current]') && [...document.querySelectorAll(what)].some(seen);
  const look = () => {
    if (performance.now() - began > PATIENCE) return failed(`${path} did not come`);
    if (!there()) return requestAnimationFrame(look);
    requestAnimationFrame(() => {
      const drawn = new MessageChannel();
      drawn.port1.onmessage = () => done(performance.now() - began);
      drawn.port2.postMessage(0);
    });
  };
  look();
})""".replace("PATIENCE", str(PATIENCE))

# Waits for a newer file of scores among the links to such files. To ask again at every frame, as Playwright
# does, takes a processor from what is timed.
WRITTEN = """(before) => new Promise((done) => {
  const look = () => {
    const newest = [...document.querySelectorAll('a')]
      .find((one) => one.textContent.includes('Download PARQUET'))?.href || '';
    if (newest !== before) done(newest);
  };
  new MutationObserver(look).observe(document.body, {childList: true, subtree: true});
  look();
})"""

# A press counts from the event's own time until the picture that follows is decoded and a frame is drawn.
MEASURE = """
window.latencies = [];
performance.setResourceTimingBufferSize(10000);
window.addEventListener('keydown', (event) => {
  if (!'yn'.includes(event.key)) return;
  const began = event.timeStamp, before = document.querySelector('#labeller .stage img');
  const look = () => {
    const now = document.querySelector('#labeller .stage img');
    const next = now && now.dataset.picture !== before?.dataset.picture;
    if (!next) return requestAnimationFrame(look);
    now.decode().then(() => requestAnimationFrame(() => {
      const drawn = new MessageChannel();
      drawn.port1.onmessage = () => window.latencies.push(performance.now() - began);
      drawn.port2.postMessage(0);
    }));
  };
  queueMicrotask(look);
}, true);
"""

# How long it takes from when the next batch is being chosen until it is there.
BATCHES = """
window.batches = [];
const fetched = window.fetch;
let looking = false;
window.fetch = async (...asked) => {
  const response = await fetched(...asked);
  const address = String(asked[0]?.url || asked[0]);
  if (!looking && address.includes('/upcoming?') && response.ok) {
    const said = await response.clone().json().catch(() => null);
    if (said?.upcoming?.thinking && !looking) {
      looking = true;
      const began = performance.now();
      const look = async () => {
        const now = await (await fetched(address)).json();
        if (now.upcoming.thinking) return setTimeout(look, 200);
        window.batches.push(performance.now() - began);
        looking = false;
      };
      setTimeout(look, 200);
    }
  }
  return response;
};
"""


def rows(folder: Path, pictures: int, screens: Path | None = None, quick: bool = False) -> Rows:
    """A library of `pictures` is built in the folder, unless one is there. `quick`: one start and one
    training, and fewer pages and answers."""
    home = million.library(folder, pictures)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = new_page(browser)
        opened: list[float] = []
        starts = 1 if quick else STARTS
        while len(opened) < starts:
            with serving(home, "benchmarks.limits.made_up_app") as (address, begun):
                journey = Journey(page, address, f"{pictures:,} pictures", screens, quick)
                opened.append(journey.opened() - begun)
                if len(opened) == starts:
                    yield from journey.rows(opened)
        browser.close()


def new_page(browser: Browser) -> Page:
    """Of a profile of its own, which was never here."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(PATIENCE)
    page.add_init_script(MEASURE + BATCHES)
    return page


class Journey:
    """A person's way through the app. Each step waits until it is on screen."""

    def __init__(self, page: Page, address: str, of: str, screens: Path | None, quick: bool = False) -> None:
        self._page, self._address, self._of, self._screens = page, address, of, screens
        self._labelled, self._pages, self._repeats = (15, 2, 1) if quick else (LABELLED, 5, 3)

    def rows(self, opened: list[float]) -> Rows:
        yield self._row("open the app", 7, opened)
        yield self._row("page from a fresh profile", 1.5, [self._fresh() for _ in range(self._pages)])
        screens = [self._round() for _ in range(self._repeats)]
        yield self._row("another screen, first", 0.6, [one for first, _ in screens for one in first])
        yield self._row("another screen, later", 0.15, [one for _, later in screens for one in later])
        yield self._row("Library, the first page", 1, [self._library() for _ in range(self._pages)])
        yield self._row("Library, the next page", 1, [self._next_page() for _ in range(self._pages)])
        yield self._row("Library, a filter", 1, [self._filtered(kind) for kind in ("PNG", "TIFF", "WEBP")])
        yield self._row("Library, a folder", 1, [self._folder(path) for path in FOLDERS])
        yield self._row("search by words", 1, [self._searched(words) for words in SEARCHED[: self._pages]])
        yield self._row("search by a picture", 1, [self._like() for _ in range(self._repeats)])
        yield from self._label()
        trained = [self._trained() for _ in range(self._repeats)]
        yield self._row(
            f"train with {million.TAUGHT:,} answers until re-ranked", 1, [one[0] for one in trained]
        )
        yield self._row("the same until measured", 10, [one[1] for one in trained])
        yield self._row("Use, the library re-ranked", 1, [self._use() for _ in range(self._repeats)])
        yield self._exported()

    def _row(self, row: str, bar: float, seconds: list[float]) -> Row:
        return Row(f"{self._of}: {row}", tuple(seconds), (), bar, "")

    # Steps

    def opened(self) -> float:
        """When the concepts are on screen, and how many pictures there are."""
        self._home()
        return self._shown("start")

    def _home(self) -> None:
        self._load("/")
        self._there("#home-concepts a", million.CONCEPT)
        self._seen("#home-concepts")

    def _fresh(self) -> float:
        """The same journey's first step, in a profile that has none of the page's files."""
        browser = self._page.context.browser
        assert browser
        page = new_page(browser)
        fresh = Journey(page, self._address, self._of, None)
        begun = time.perf_counter()
        took = fresh.opened() - begun
        page.context.close()
        return took

    def _round(self) -> tuple[list[float], list[float]]:
        """From screen to screen by the rail, in a page that was at none of them, and once more."""
        concept = urlencode({"concept": million.CONCEPT})
        self._load("/library/trash", concept=million.CONCEPT)
        rounds = []
        for which in ("first", "later"):
            self._there(".rail .steps a")
            took = [self._page.evaluate(GONE, [path, what]) / 1000 for path, what in RAIL.items()]
            each = ", ".join(f"{path} {1000 * one:.0f}" for path, one in zip(RAIL, took, strict=True))
            print(f"another screen, {which}: {each} ms", file=sys.stderr)
            rounds.append(took)
            self._move(f"/library/trash?{concept}")
        return rounds[0], rounds[1]

    def _library(self) -> float:
        self._home()
        begun = time.perf_counter()
        self._page.evaluate("() => document.querySelector('.rail a[href^=\"/library\"]').click()")
        self._seen(LIBRARY)
        return self._shown("library") - begun

    def _next_page(self) -> float:
        """At the end of what is there: until there is more, and all that is in view."""
        shown = len(self._tiles(LIBRARY))
        begun = time.perf_counter()
        self._page.evaluate("() => scrollTo(0, document.documentElement.scrollHeight)")
        self._page.wait_for_function(
            "([within, shown]) => document.querySelectorAll(within + ' .tile').length > shown",
            arg=[LIBRARY, shown],
        )
        self._seen(LIBRARY)
        return self._shown("library-older") - begun

    def _all(self) -> None:
        """The library as it is at first, in a new page."""
        self._load("/library")
        self._seen(LIBRARY)

    def _filtered(self, kind: str) -> float:
        page = self._page
        self._all()
        page.locator("#library-filter").click()
        page.get_by_label("Format").click()
        page.get_by_role("option", name=kind, exact=True).click()
        apply = page.locator("#library-filters").get_by_role("button", name="Apply")
        return self._pressed(apply.click, "library-filter")

    def _folder(self, path: str) -> float:
        self._all()
        address = f"/library?{urlencode({'folder': f'/synthetic/{path}'})}"
        return self._pressed(lambda: self._move(address), "library-folder")

    def _searched(self, words: str) -> float:
        self._all()
        search = self._page.locator("#library-search").get_by_role("textbox")
        search.fill(words)
        took = self._pressed(lambda: search.press("Enter"), "library-words")
        found = [million.KINDS[million.kind_of(i)] for i in self._tiles(LIBRARY)[:12]]
        assert found.count(words) > len(found) / 2, (words, found)
        return took

    def _like(self) -> float:
        self._all()
        self._page.locator(f"{LIBRARY} .tile").first.dblclick()
        like = self._page.get_by_role("link", name="More like this")
        like.wait_for()
        return self._pressed(like.click, "library-like")

    def _label(self) -> Rows:
        page = self._page
        self._home()
        begun = time.perf_counter()
        self._move(f"/label?{urlencode({'concept': million.CONCEPT})}#single")
        self._there("#labeller .stage img")
        opened = self._shown("label") - begun
        for number in range(self._labelled):
            shown = page.locator("#labeller .stage img").get_attribute("data-picture")
            assert shown
            page.keyboard.press("y" if million.counts(shown) else "n")
            page.wait_for_function("n => window.latencies.length > n", arg=number)
            page.wait_for_timeout(1000 * A_PRESS)
        self._saved()
        waits = sorted(page.evaluate("window.latencies"))
        page.wait_for_function(
            "() => window.batches.length > 0"
        )  # the first may take longer than all answers
        batches = page.evaluate("window.batches")
        self._shown("label-after")
        yield self._row("Label opens", 1, [opened])
        yield self._row(
            "Label, a key until the next picture, 95 of 100", 0.05, [waits[int(0.95 * len(waits))] / 1000]
        )
        print(
            f"a key until the next picture: half within {statistics.median(waits):.0f} ms, "
            f"the longest {waits[-1]:.0f} ms; batches {[round(one) for one in batches]} ms",
            file=sys.stderr,
        )
        yield self._row("Label, the next batch is chosen", 1, [one / 1000 for one in batches])

    def _saved(self) -> None:
        self._page.wait_for_function(
            "() => document.querySelector('[data-part=saved]').textContent.trim() === 'saved'"
        )

    def _trained(self) -> tuple[float, float]:
        """After one more training label, without which there is nothing new to learn."""
        page = self._page
        self._load("/label", "#single", concept=million.CONCEPT)
        tests = True
        while tests:
            self._there("#labeller .stage img")
            picture = page.locator("#labeller .stage img").get_attribute("data-picture")
            assert picture
            tests = "test picture" in page.locator("[data-part=why]").inner_text()
            page.keyboard.press("y" if million.counts(picture) else "n")
            page.locator(f"#labeller .stage img[data-picture='{picture}']").wait_for(state="detached")
        self._saved()
        self._at_rest()
        self._load("/check", concept=million.CONCEPT)
        train = page.locator("#check-verdict [data-do=train]")
        self._there("#check-verdict .say")
        if not train.is_visible():
            page.locator("#check-adjust").get_by_role("button", name="Adjust").click()
            train = page.get_by_role("button", name="Train again")
        train.wait_for()
        begun = time.perf_counter()
        train.click()
        self._there("#check-trained .notice", "is trained")
        ranked = self._shown("check-trained") - begun
        self._there("#check-trained .notice", "trained and tested")
        self._there("#check-verdict .measures")
        return ranked, self._shown("check") - begun

    def _use(self) -> float:
        """New finds first, as whoever comes from Check sees them."""
        self._load("/check", concept=million.CONCEPT)
        self._there("#check-verdict .measures")
        begun = time.perf_counter()
        self._page.locator(".rail .steps a", has_text="Results").click()
        self._seen(FOUND)
        took = self._shown("results") - begun
        found = self._tiles(FOUND)[:12]
        assert found
        assert all(map(million.counts, found)), [million.KINDS[million.kind_of(i)] for i in found]
        return took

    def _exported(self) -> Row:
        page = self._page
        page.get_by_role("button", name="Export", exact=True).click()
        page.locator("#results-export").get_by_label("File", exact=True).click()
        page.get_by_role("option", name="Parquet", exact=True).click()
        link = page.get_by_role("link", name="Download PARQUET").first
        written = link.evaluate("(one) => one.href") if link.count() else ""
        self._at_rest()
        begun = time.perf_counter()
        page.get_by_role("button", name="Write table").click()
        page.evaluate(WRITTEN, written)
        took = self._shown("use-exported") - begun
        with page.expect_download() as download:
            link.click()
        return self._against_pyarrow(took, Path(download.value.path()))

    def _against_pyarrow(self, took: float, file: Path) -> Row:
        from pyarrow import parquet

        table = parquet.read_table(file)
        again = file.with_name("again.parquet")
        least = seconds_of(lambda: parquet.write_table(table, again))
        row = f"{self._of}: export of all scores as Parquet"
        return Row(row, (took,), (least,), 3, "pyarrow writing the same columns")

    def _at_rest(self) -> None:
        """Waits for what follows the training before, which takes the same processors."""
        jobs = f"{self._address}/api/v1/jobs"
        while any(job["state"] in ("queued", "running") for job in self._page.request.get(jobs).json()):
            self._page.wait_for_timeout(200)

    # What is on screen

    def _load(self, path: str, part: str = "", **query: str) -> None:
        self._page.goto(f"{self._address}{path}?{urlencode(query)}{part}", wait_until="commit")

    def _move(self, address: str) -> None:
        """As a link within the page does."""
        self._page.evaluate("(detail) => dispatchEvent(new CustomEvent('go', {detail}))", address)

    def _pressed(self, press: Callable[[], object], screen: str) -> float:
        """Until the pictures shown are others than before."""
        before = self._tiles(LIBRARY)
        begun = time.perf_counter()
        press()
        self._page.wait_for_function(
            "([within, before]) => {"
            "const now = [...document.querySelectorAll(within + ' .tile')].map((one) => one.dataset.id);"
            "return now.length && now.join() !== before}",
            arg=[LIBRARY, ",".join(before)],
        )
        self._seen(LIBRARY)
        return self._shown(screen) - begun

    def _tiles(self, within: str) -> list[str]:
        found: list[str] = self._page.evaluate(
            "(within) => [...document.querySelectorAll(within + ' .tile')].map((one) => one.dataset.id)",
            within,
        )
        return found

    def _there(self, what: str, words: str = "") -> None:
        self._page.wait_for_function(THERE, arg=[what, words])

    def _seen(self, within: str) -> None:
        self._page.wait_for_function(SEEN, arg=within)

    def _shown(self, screen: str) -> float:
        """Now; and a picture of the screen, which takes no part of what is timed."""
        now = time.perf_counter()
        if self._screens:
            self._screens.mkdir(parents=True, exist_ok=True)
            self._page.screenshot(path=self._screens / f"{screen}.png")
        return now


@contextmanager
def serving(home: Path, module: str) -> Iterator[tuple[str, float]]:
    """The address of an app, which answers there, and when it was begun."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "DISCERN_HOME": str(home),
        "DISCERN_PORT": str(port),
        "HF_HUB_OFFLINE": "1",
        "PYTHONDONTWRITEBYTECODE": "",  # a person's start finds what an earlier one compiled
    }
    begun = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", module], env=environment, stdout=subprocess.DEVNULL)
    try:
        while True:
            with socket.socket() as look:
                if look.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert process.poll() is None, "the app ended"
            time.sleep(0.02)
        yield f"http://127.0.0.1:{port}", begun
    finally:
        process.terminate()
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pictures", type=int, default=1_000_000)
    parser.add_argument("--home", type=Path, help="keep the library here and use it again")
    parser.add_argument("--screens", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(asked.home or Path(folder), asked.pictures, asked.screens):
            met = "" if row.met else "  not met"
            figures = ", ".join(f"{one:.3f}" for one in row.seconds)
            ratio = "" if row.ratio is None else f", {row.ratio:.1f} × {row.baseline}"
            print(f"{row.row:62}{figures} s{ratio}, bar {row.bar:g}{met}", flush=True)


if __name__ == "__main__":
    main()
