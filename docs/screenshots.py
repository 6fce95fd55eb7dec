"""The pictures of the documentation: `python -m docs.screenshots` (or `make screenshots`).

Starts the real app over parts of free photographs (`docs/photographs.py`), with a SIMULATED person who
measures how warm, how dark and how calm each of them is, and photographs the screens in Chromium into
`docs/images/`.

`python -m docs.screenshots label quality` makes only those. With `--pictures FOLDER --out FOLDER` it works
over pictures of your own, which then never get into the repository.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from concepts.collaborator.annotations import annotate
from concepts.collaborator.proposals import propose
from concepts.errors import DiscernError
from concepts.labelling.label_files import import_label_file
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine
from concepts.learning.scale import Scale
from concepts.library.collections import make_collection
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.rules import keep_rule
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from docs.photographs import brightness, busyness, cut_library, photographs, warmth

IMAGES = Path(__file__).parent / "images"
ROOT = Path(__file__).parents[1]
NAME = "Warm light"
TEXT = "Warm, golden light, as at sunset or in a desert; not cold, grey or green."
DARK, DARK_TEXT = "Dark picture", "Dark enough for white letters to stand out; not a bright picture."
GRADED, GRADED_TEXT = "How calm", "How restful it is to look at: 1 is busy everywhere, 5 is nearly empty."
RULE = f"{NAME} AND NOT {DARK}"
SIMULATED = "simulated"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # as in the Makefile
QUALITY = 80  # of WebP
WIDE = (1280, 860)
MOVING = "first-minutes"  # the README's: what one sees first, one still after the other
STILLS = ("home-first", "describe", "grid", "label", "check", "results")
STAYS = 2500  # milliseconds


# The simulated person's answers.


def is_warm(picture: Path) -> str:
    return "1" if warmth(picture) > 20 else "0"


def is_dark(picture: Path) -> str:
    return "1" if brightness(picture) < 60 else "0"


def how_calm(picture: Path) -> str:
    return str(1 + sum(busyness(picture) < line for line in (10, 6, 3.5, 2)))


def answer(
    bench: App, work: Path, name: str, says: Callable[[Path], str], count: int, *, measure: bool = False
) -> None:
    """Answers so many pictures of those that the app would ask about."""
    pictures = next_pictures(bench.concept(name), count, purpose="evaluation" if measure else "train")
    file = work / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label"])
        writer.writerows([p.id, says(Path(p.path))] for p in pictures)
    import_label_file(bench.concept(name), file, author=SIMULATED, simulated=True)


# What the screens show.


def prepare(home: Path, work: Path, pictures: Path) -> None:
    """Does what a person does in an afternoon."""
    bench = open_app(load_settings(home=home))
    files = sorted(file for file in pictures.rglob("*") if file.is_file())
    random.Random(0).shuffle(files)  # added folder by folder, the newest would all be parts of one photograph
    import_pictures(bench, files, encoder="embedded").wait()
    for folder in sorted(path for path in pictures.iterdir() if path.is_dir())[:4]:
        make_collection(bench, folder.name, folder=str(folder), author=SIMULATED)
    begin_concept(bench, GRADED, GRADED_TEXT, scale=Scale.graded(5))
    _answers(bench, work, GRADED, how_calm, 30, 20)
    begin_concept(bench, DARK, DARK_TEXT)
    _answers(bench, work, DARK, is_dark, 60, 40)
    begin_concept(bench, NAME, TEXT)  # the last begun is the first on Home
    bench.concept(NAME).begin(propose).wait()
    bench.concept(NAME).begin(mine, size=200).wait()
    bench.concept(NAME).begin(annotate).wait()
    _answers(bench, work, NAME, is_warm, 120, 100)
    keep_rule(bench, "Warm and bright", RULE, author=SIMULATED)
    bench.close()


def _answers(
    bench: App, work: Path, name: str, says: Callable[[Path], str], measure: int, learn: int
) -> None:
    for _ in range(learn // 10):
        answer(bench, work, name, says, 10)
    for _ in range(measure // 30):
        answer(bench, work, name, says, 30, measure=True)
    bench.jobs.resume(bench.concept(name).begin(train).id)


# The shots.


@dataclass(frozen=True)
class Shot:
    """`ready`: what has to be there first. `before`: what a person does before it is as shown."""

    name: str
    address: str
    ready: str
    before: Callable[[Page], None] | None = None


def _until_colourful(page: Page) -> None:
    """Skips what is grey or nearly black, some pictures at most."""
    for _ in range(12):
        if page.evaluate(COLOUR) > 60:
            break
        before = page.locator("#labeller .stage img").first.get_attribute("src")
        page.keyboard.press("s")
        page.wait_for_function(
            "before => [...document.querySelectorAll('#labeller .stage img')].some("
            "i => i.offsetParent && i.getAttribute('src') !== before && i.complete)",
            arg=before,
        )
    page.wait_for_selector("[data-part=saved]:text-is('saved')")


def _adjusting(page: Page) -> None:
    page.wait_for_selector("#check-mistakes")  # the folds below come last
    page.get_by_role("button", name="Adjust").click()
    page.wait_for_selector("#check-above .tile img")


COLOUR = """() => {
  const image = [...document.querySelectorAll('#labeller .stage img')].find(i => i.offsetParent);
  const canvas = Object.assign(document.createElement('canvas'), {width: 32, height: 32});
  const pen = canvas.getContext('2d');
  pen.drawImage(image, 0, 0, 32, 32);
  const {data} = pen.getImageData(0, 0, 32, 32);
  let sum = 0;
  for (let i = 0; i < data.length; i += 4) {
    const pixel = data.slice(i, i + 3);
    sum += Math.max(...pixel) - Math.min(...pixel);
  }
  return sum / 1024;
}"""  # 0 to 255, of the picture that is asked about
# Every picture in sight has to be decoded, or the photograph shows grey boxes. A strip may cut some off.
ALL_SEEN = """() => [...document.images].filter(image => {
  const {x, y, width, height} = image.getBoundingClientRect();
  return width && document.elementsFromPoint(x + width / 2, y + height / 2).includes(image);
}).every(image => image.complete && image.naturalWidth)"""
OF = f"?concept={quote(NAME)}"
EMPTY = "EMPTY"  # the app before there is anything
SHOTS = (
    Shot("home-first", EMPTY, "#home-first .example img"),
    Shot("home", "/", "#home-concepts .card img"),
    Shot("library", "/library", "#library-grid .tile img"),
    Shot("describe", f"/describe{OF}", "#describe-body .strip img"),
    Shot("label", f"/label{OF}#single", "#labeller .stage img", _until_colourful),
    Shot("grid", f"/label{OF}#grid", "#label-grid .tile img"),
    Shot("review", f"/label/review{OF}", "#review-queue .tile img"),
    Shot("check", f"/check{OF}", "#check-verdict .measures", _adjusting),
    Shot("results", f"/results{OF}", "#results-grid .tile img"),
)


def photograph(browser: Browser, where: dict[str, str], shots: Sequence[Shot], out: Path) -> None:
    """`where`: the app's address as "", and of what is elsewhere."""
    for shot in shots:
        width, height = WIDE
        page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
        page.goto(where.get(shot.address) or where[""] + shot.address)
        page.wait_for_selector(shot.ready, timeout=60_000)
        if shot.before:
            shot.before(page)
        page.wait_for_function(ALL_SEEN)
        with tempfile.NamedTemporaryFile(suffix=".png") as taken:
            page.screenshot(path=taken.name)
            picture = Image.open(taken.name).convert("RGB")
        picture.save(out / f"{shot.name}.webp", quality=QUALITY, method=6)
        page.close()
        print(shot.name, flush=True)


def move(folder: Path) -> None:
    """Puts the stills one after the other."""
    first, *rest = (
        still.resize((WIDE[0] * 3 // 4, WIDE[1] * 3 // 4))
        for still in (Image.open(folder / f"{name}.webp") for name in STILLS)
    )
    first.save(
        folder / f"{MOVING}.webp", save_all=True, append_images=rest, duration=STAYS, loop=0, quality=QUALITY
    )


@contextmanager
def served(home: Path) -> Iterator[str]:
    """The app over a data folder; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"DISCERN_HOME": str(home), "DISCERN_PORT": str(port)}
    app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
    assert app.stdout is not None
    app.stdout.readline()  # says where it is, once it listens
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        app.terminate()
        app.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", choices=[[], *(shot.name for shot in SHOTS)], metavar="NAME")
    parser.add_argument(
        "--pictures", type=Path, help="a folder of your own, in place of the free photographs"
    )
    parser.add_argument("--out", type=Path, default=IMAGES)
    wanted = parser.parse_args()
    if wanted.pictures and wanted.out.resolve() == IMAGES.resolve():
        parser.error("name a folder with --out: pictures of your own don't belong in the repository")
    shots = [shot for shot in SHOTS if not wanted.names or shot.name in wanted.names]
    wanted.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        pictures = wanted.pictures or work / "Photographs"
        if not wanted.pictures:
            cut_library(pictures, photographs(work))
        prepare(work / "home", work, pictures)
        with served(work / "home") as url, served(work / "empty") as empty, sync_playwright() as playwright:
            executable = next(filter(None, map(shutil.which, BROWSERS)), None)
            browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
            photograph(browser, {"": url, EMPTY: empty}, shots, wanted.out)
            browser.close()
    if not wanted.names:
        move(wanted.out)


if __name__ == "__main__":
    try:
        main()
    except DiscernError as error:
        sys.exit(f"{error}\nOver those: python -m docs.screenshots --pictures FOLDER --out FOLDER")
