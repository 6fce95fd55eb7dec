"""A million pictures in the real app in Chromium: python -m benchmarks.limits.app [--pictures N] [--home DIR]
[--screens DIR]

Opens, looks through, filters, searches, labels 50, trains with 2,000 answers until the library is on screen
in its new order, and has the scores of all pictures exported. What is waited for is what a person would wait
for: pictures that are decoded, or words that are there. The library is `benchmarks.limits.million`'s, the
answers are simulated. `--home` keeps it and uses it again; screens are written to `--screens`.
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
    from playwright.sync_api import Page

STARTS = 3  # of the app; for the first the files of its libraries come from the disk
LABELLED = 50
A_PRESS = 0.3  # seconds between a picture and the next press
PATIENCE = 120_000  # ms
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SEARCHED = ("red star", "blue circle", "green arrow", "yellow ring", "black cross")
FOLDERS = ("2012/event 030", "2015/event 070", "2018/event 010")

# Whether all pictures that can be seen are there.
SEEN = """(within) => {
  const all = [...document.querySelectorAll(within + ' img')];
  const seen = all.filter((one) => one.checkVisibility() && one.getBoundingClientRect().top < innerHeight);
  return seen.length > 0 && seen.every((one) => one.complete && one.naturalWidth > 0);
}"""

# Whether something that can be seen says this. What Playwright itself waits for, it looks for after 20, 70,
# 170, 270 and 770 ms, and then twice a second.
THERE = """([what, words]) => [...document.querySelectorAll(what)].some((one) =>
  one.checkVisibility() && one.textContent.includes(words))"""

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
  const began = event.timeStamp, before = document.querySelector('.stage img');
  const look = () => {
    const now = document.querySelector('.stage img');
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

# How long it takes from an answer that has the next batch chosen until that is there.
BATCHES = """
window.batches = [];
const fetched = window.fetch;
let looking = false;
window.fetch = async (...asked) => {
  const response = await fetched(...asked);
  const address = String(asked[0]?.url || asked[0]);
  if (!looking && address.includes('/app/answers') && response.ok) {
    const said = await response.clone().json().catch(() => null);
    if (said?.upcoming?.thinking && !looking) {
      looking = true;
      const began = performance.now(), concept = new URLSearchParams(location.search).get('concept');
      const look = async () => {
        const now = await (await fetched('/app/answers?' + new URLSearchParams({concept}))).json();
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
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(PATIENCE)
        page.add_init_script(MEASURE + BATCHES)
        opened: list[float] = []
        starts = 1 if quick else STARTS
        while len(opened) < starts:
            with serving(home, "benchmarks.limits.made_up_app") as (address, begun):
                journey = Journey(page, address, f"{pictures:,} pictures", screens, quick)
                opened.append(journey.opened() - begun)
                if len(opened) == starts:
                    yield from journey.rows(opened)
        browser.close()


class Journey:
    """A person's way through the app. Each step waits until it is on screen."""

    def __init__(self, page: Page, address: str, of: str, screens: Path | None, quick: bool = False) -> None:
        self._page, self._address, self._of, self._screens = page, address, of, screens
        self._labelled, self._pages, self._repeats = (15, 2, 1) if quick else (LABELLED, 5, 3)

    def rows(self, opened: list[float]) -> Rows:
        yield self._row("open the app", 5, opened)
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
        self._go("/")
        self._there("#home-concepts a", million.CONCEPT)
        self._seen("#home-concepts")
        return self._shown("start")

    def _library(self) -> float:
        begun = time.perf_counter()
        self._go("/library")
        self._seen("#library-main")
        return self._shown("library") - begun

    def _next_page(self) -> float:
        return self._pressed(lambda: self._page.get_by_role("button", name="Next").click(), "library-older")

    def _filtered(self, kind: str) -> float:
        self._go("/library")
        self._seen("#library-main")
        self._page.get_by_role("button", name="Filter", exact=True).click()
        self._page.get_by_label("Format").select_option(kind)
        return self._pressed(lambda: self._page.get_by_role("button", name="Apply").click(), "library-filter")

    def _folder(self, path: str) -> float:
        begun = time.perf_counter()
        self._go("/library", folder=f"/synthetic/{path}")
        self._there("#library-fitting")
        self._seen("#library-main")
        return self._shown("library-folder") - begun

    def _searched(self, words: str) -> float:
        self._go("/library")
        self._seen("#library-main")
        self._page.fill("#search-words", words)
        took = self._pressed(lambda: self._page.press("#search-words", "Enter"), "library-words")
        found = [million.KINDS[million.kind_of(i)] for i in self._tiles("#library-main")[:12]]
        assert found.count(words) > len(found) / 2, (words, found)
        return took

    def _like(self) -> float:
        self._go("/library")
        self._seen("#library-main")
        self._page.locator("#library-main .tile").first.click()
        like = self._page.get_by_role("button", name="More like this")
        like.wait_for()
        return self._pressed(like.click, "library-like")

    def _label(self) -> Rows:
        page = self._page
        begun = time.perf_counter()
        self._go("/label", "#single", concept=million.CONCEPT)
        self._there("#labeller[data-ready] .stage img")
        opened = self._shown("label") - begun
        for number in range(self._labelled):
            shown = page.locator(".stage img").get_attribute("data-picture")
            assert shown
            page.keyboard.press("y" if million.counts(shown) else "n")
            page.wait_for_function("n => window.latencies.length > n", arg=number)
            page.wait_for_timeout(1000 * A_PRESS)
        page.locator("[data-part=saved]", has_text="saved").wait_for()
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

    def _trained(self) -> tuple[float, float]:
        """After one more answer, without which there is nothing new to learn."""
        page = self._page
        self._go("/label", "#single", concept=million.CONCEPT)
        self._there("#labeller[data-ready] .stage img")
        picture = page.locator(".stage img").get_attribute("data-picture")
        assert picture
        page.keyboard.press("y" if million.counts(picture) else "n")
        page.locator("[data-part=saved]", has_text="saved").wait_for()
        self._go("/check", concept=million.CONCEPT)
        page.locator("#train").wait_for()
        self._at_rest()
        begun = time.perf_counter()
        page.locator("#train").click()
        self._there("#check-trained .notice", "is trained")
        ranked = self._shown("check-trained") - begun
        page.wait_for_function("() => !document.querySelector('#check-progress .job')")
        self._there("#threshold")
        return ranked, self._shown("check") - begun

    def _use(self) -> float:
        begun = time.perf_counter()
        self._go("/results", concept=million.CONCEPT)
        self._there("#results-library .pictures")
        self._seen("#results-library")
        took = self._shown("results") - begun
        found = self._tiles("#results-library")[:12]
        assert found
        assert all(map(million.counts, found)), [million.KINDS[million.kind_of(i)] for i in found]
        return took

    def _exported(self) -> Row:
        page = self._page
        page.get_by_text("Export", exact=True).click()
        page.locator("#score-suffix").select_option("parquet")
        link = page.get_by_role("link", name="Download PARQUET").first
        written = link.evaluate("(one) => one.href") if link.count() else ""
        self._at_rest()
        begun = time.perf_counter()
        page.locator("#score-files").click()
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

    def _go(self, path: str, part: str = "", **query: str) -> None:
        self._page.goto(f"{self._address}{path}?{urlencode(query)}{part}", wait_until="commit")

    def _pressed(self, press: Callable[[], object], screen: str) -> float:
        """Until the pictures shown are others than before."""
        before = self._tiles("#library-main")
        begun = time.perf_counter()
        press()
        self._page.wait_for_function(
            "(before) => [...document.querySelectorAll('#library-main .tile')]"
            ".map((one) => one.dataset.value).join() !== before",
            arg=",".join(before),
        )
        self._seen("#library-main")
        return self._shown(screen) - begun

    def _tiles(self, within: str) -> list[str]:
        found: list[str] = self._page.evaluate(
            "(within) => [...document.querySelectorAll(within + ' .tile')].map((one) => one.dataset.value)",
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
