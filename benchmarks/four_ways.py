"""One classifier in four ways: in the product, and exported as float32, as int8 and as a page for a browser.

    python -m benchmarks.four_ways PICTURES --pictures 200 --rounds 3

PICTURES is a folder. Each way is a process of its own. Start-up: from starting it to its first answer. Then
the others of the pictures, as many a second as come. The ways take turns, round by round, and what is shown
is the median of the rounds and its ratio to the product's: a busy machine slows all of them.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import NamedTuple

from concepts.bundle.reading import walk
from concepts.settings import load_settings
from concepts.workbench import Workbench

NAME = "in four ways"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SLOWEST = 600_000  # ms
PRODUCT = """
import sys
from pathlib import Path
from concepts.encoders import load_encoder
from concepts.bundle.load import load_bundle
from concepts.library.ingestion import embed_files
bundle, cache, precision, *pictures = sys.argv[1:]
head = load_bundle(Path(bundle)).head
encoder = load_encoder("embedded", cache=Path(cache), precision=precision)
for some in (pictures[:1], pictures[1:]):
    for _, _, vectors, _ in embed_files([Path(picture) for picture in some], encoder):
        head.probabilities(vectors)
    print("done", flush=True)
"""
EXPORTED = """
import sys
bundle, *pictures = sys.argv[1:]
sys.path.insert(0, bundle)
import classify
classifier = classify.Classifier()
for some in (pictures[:1], pictures[1:]):
    list(classifier.answers(some))
    print("done", flush=True)
"""


class Taken(NamedTuple):
    """Seconds to the first answer, and pictures a second after it."""

    start: float
    rate: float


Way = Callable[[Sequence[str]], Taken]


def in_a_process(code: str, arguments: Sequence[str], pictures: Sequence[str]) -> Taken:
    started = time.perf_counter()
    command = [sys.executable, "-c", code, *arguments, *pictures]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=dict(os.environ)) as process:
        assert process.stdout is not None
        times = [time.perf_counter() for line in process.stdout if line == "done\n"]
    first, last = times
    return Taken(first - started, (len(pictures) - 1) / (last - first))


def in_a_browser(page_file: Path, pictures: Sequence[str]) -> Taken:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        found = next(filter(None, map(shutil.which, BROWSERS)), playwright.chromium.executable_path)
        started = time.perf_counter()
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.goto(page_file.as_uri())
        rows = page.locator("#answers tr")
        times: list[float] = []
        for some in (pictures[:1], pictures[1:]):
            page.locator("#files").set_input_files(list(some))
            expect(rows).to_have_count(len(pictures) if times else 1, timeout=SLOWEST)
            times.append(time.perf_counter())
        browser.close()
    return Taken(times[0] - started, (len(pictures) - 1) / (times[1] - times[0]))


def exported(folder: Path, home: Path) -> tuple[Path, Path, str]:
    """The float32 bundle with its page, the int8 one, and the library's precision."""
    bench = Workbench(load_settings(home=home))
    bench.library.add([folder], encoder="embedded").wait()
    bench.concepts.begin(NAME, "A photo of something to eat.")
    answers = home.parent / "answers.csv"  # of nobody: what it learns makes it neither faster nor slower
    rows = [f"{path},{('yes', 'no')[place % 2]}" for place, path in enumerate(walk([folder]))]
    answers.write_text("\n".join(["path,label", *rows]), encoding="utf-8")
    bench.concept(NAME).label_files.import_file(answers, simulated=True)
    bench.concept(NAME).versions.train().wait()
    whole, small = home.parent / "float32", home.parent / "int8"
    bench.concept(NAME).exports.write(whole, page=True)
    bench.concept(NAME).exports.measure_int8().wait()
    bench.concept(NAME).exports.write(small, int8=True)
    precision = bench.context.collection.recorded().precision
    bench.close()
    return whole, small, precision


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        every = random.Random(0).sample(list(walk([asked.folder])), asked.pictures)
        library = Path(work) / "pictures"
        library.mkdir()
        for picture in every:
            shutil.copy(picture, library / f"{len(list(library.iterdir()))}{Path(picture).suffix}")
        pictures = list(walk([library]))
        whole, small, precision = exported(library, Path(work) / "home")
        cache = str(Path(work) / "home" / "cache")
        ways: dict[str, tuple[Path | None, Way]] = {
            f"product ({precision})": (None, partial(in_a_process, PRODUCT, [str(whole), cache, precision])),
            "classify.py, float32": (
                whole / "classifier.onnx",
                partial(in_a_process, EXPORTED, [str(whole)]),
            ),
            "classify.py, int8": (small / "classifier.onnx", partial(in_a_process, EXPORTED, [str(small)])),
            "classify.html, float32": (
                whole / "classify.html",
                partial(in_a_browser, whole / "classify.html"),
            ),
        }
        if precision != "float32":
            ways["product (float32)"] = (
                None,
                partial(in_a_process, PRODUCT, [str(whole), cache, "float32"]),
            )
        taken: dict[str, list[Taken]] = {name: [] for name in ways}
        for _ in range(asked.rounds):
            for name, (_, way) in ways.items():
                taken[name].append(way(pictures))
        print_table({name: file for name, (file, _) in ways.items()}, taken)


def print_table(files: dict[str, Path | None], taken: dict[str, list[Taken]]) -> None:
    """As Markdown; load averages after it."""
    first = next(iter(taken.values()))
    base = Taken(median(t.start for t in first), median(t.rate for t in first))
    print("| | file | pictures a second | ratio | first answer after | ratio |\n|---|---|---|---|---|---|")
    for name, times in taken.items():
        start, rate = median(t.start for t in times), median(t.rate for t in times)
        file = files[name]
        size = f"{file.stat().st_size / 1e6:.1f} MB" if file else "–"
        speed, begins = f"{rate:.1f} | {rate / base.rate:.2f}", f"{start:.1f} s | {start / base.start:.2f}"
        print(f"| {name} | {size} | {speed} | {begins} |")
    print(f"\nLoad: {', '.join(f'{load:.1f}' for load in os.getloadavg())} on {os.cpu_count()} cores.")


if __name__ == "__main__":
    main()
