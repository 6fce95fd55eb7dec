"""The pictures of the guided tour: `python -m docs.screenshots` (or `make screenshots`).

Starts the real app over landscapes that are drawn here, with a SIMULATED person who knows which of them have
a lonely house, and photographs every screen in Chromium into `docs/images/`.
"""

from __future__ import annotations

import csv
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from playwright.sync_api import Browser, sync_playwright

from concepts.settings import load_settings
from concepts.workbench import Workbench

IMAGES = Path(__file__).parent / "images"
ROOT = Path(__file__).parents[1]
NAME, TEXT = "Lonely house", "One small house alone in a wide landscape; not a village, not empty land."
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
# (file, screen, what has to be there first, dark, width)
SHOTS = (
    ("start", "/", ".card img", False, 1280),
    ("library", "/library", ".pictures img", False, 1280),
    ("define", "/define", ".strip img", False, 1280),
    ("label", "/label", "img", False, 1280),
    ("review", "/review", ".review-card", False, 1280),
    ("quality", "/quality", "#threshold", False, 1280),
    ("use", "/use", ".pictures img", False, 1280),
    ("activity", "/activity", ".page h1", False, 1280),
    ("settings", "/settings", ".page h1", False, 1280),
    ("label-dark", "/label", "img", True, 1280),
    ("label-phone", "/label", "img", False, 375),
    ("quality-dark", "/quality", "#threshold", True, 1280),
)


def landscape(seed: int, houses: int) -> Image.Image:
    """Sky, a sun or moon, three ridges of hills and so many houses."""
    rng = np.random.default_rng(seed)
    width, height = 640, 440
    top, bottom = rng.integers(60, 220, 3), rng.integers(170, 255, 3)
    rows = np.linspace(0, 1, height)[:, None, None]
    image = Image.fromarray((top * (1 - rows) + bottom * rows).repeat(width, axis=1).astype(np.uint8))
    pen = ImageDraw.Draw(image)
    x, y, r = int(rng.integers(60, 580)), int(rng.integers(40, 140)), int(rng.integers(16, 38))
    pen.ellipse((x - r, y - r, x + r, y + r), fill=(255, 244, 214))
    along = np.arange(width + 1)
    ridge = along * 0
    for depth in range(3):
        waves = sum(
            rng.uniform(6, 30) * np.sin(along / rng.uniform(50, 160) + rng.uniform(0, 6)) for _ in range(3)
        )
        ridge = (240 + 62 * depth + waves).astype(int)
        shade = tuple(int(c * (0.9 - 0.22 * depth)) for c in bottom * [0.55, 0.8, 0.5])
        pen.polygon(
            [*zip(along.tolist(), ridge.tolist(), strict=True), (width, height), (0, height)], fill=shade
        )
    places = (
        [int(rng.integers(120, 520))] if houses == 1 else rng.permutation(np.arange(60, 590, 62))[:houses]
    )
    for place in places:
        _house(pen, int(place), int(ridge[int(place)]) + 8, int(rng.integers(30, 46)), rng)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def _house(pen: ImageDraw.ImageDraw, x: int, y: int, size: int, rng: np.random.Generator) -> None:
    wall = tuple(int(c) for c in rng.integers(150, 245, 3))
    pen.rectangle((x, y - size * 3 // 4, x + size, y), fill=wall)
    roof = [(x - 5, y - size * 3 // 4), (x + size // 2, y - size * 5 // 4), (x + size + 5, y - size * 3 // 4)]
    pen.polygon(roof, fill=(128, 52, 40))
    pen.rectangle(
        (x + size // 3, y - size // 2, x + size // 3 + size // 4, y - size // 4), fill=(255, 222, 120)
    )


def draw_library(folder: Path, count: int = 180) -> None:
    """A third lonely houses, a third villages, a third empty land."""
    folder.mkdir(parents=True)
    for seed in range(count):
        kind, houses = (("lonely", 1), ("village", 6), ("empty", 0))[seed % 3]
        landscape(seed, houses).save(folder / f"{kind}-{seed:03}.jpg", quality=88)


def answer(bench: Workbench, work: Path, purpose: str, count: int) -> None:
    pictures = bench.answers.next_pictures(
        NAME, count, purpose="evaluation" if purpose == "evaluation" else "train"
    )
    file = work / "answers.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["id", "label"])
        writer.writerows([p.id, int(Path(p.path).name.startswith("lonely"))] for p in pictures)
    bench.label_files.import_labels(NAME, file, author="simulated", simulated=True)


def prepare(home: Path, work: Path) -> None:
    draw_library(work / "landscapes")
    bench = Workbench(load_settings(home=home))
    bench.pictures.add_pictures([work / "landscapes"], encoder="embedded")
    bench.definitions.create_concept(NAME, TEXT)
    bench.definitions.expand(NAME)
    bench.definitions.mine(NAME, size=120)
    bench.annotations.annotate(NAME)
    answer(bench, work, "evaluation", 30)
    for _ in range(9):
        answer(bench, work, "train", 5)
    bench.jobs.resume(bench.versions.submit_train(NAME))
    bench.context.database.close()


def photograph(browser: Browser, url: str) -> None:
    for name, screen, ready, dark, width in SHOTS:
        page = browser.new_page(
            viewport={"width": width, "height": 860 if width > 700 else 780},
            color_scheme="dark" if dark else "light",
        )
        page.goto(f"{url}{screen}?concept={quote(NAME)}")
        page.wait_for_selector(ready, timeout=60_000)
        # Every picture in sight has to be decoded, or the photograph shows grey boxes.
        page.wait_for_function(
            "[...document.images].filter(i => i.getBoundingClientRect().top < innerHeight)"
            ".every(i => i.complete && i.naturalWidth)"
        )
        with tempfile.NamedTemporaryFile(suffix=".png") as shot:
            page.screenshot(path=shot.name)
            Image.open(shot.name).convert("RGB").save(IMAGES / f"{name}.webp", quality=82, method=6)
        page.close()
        print(name, flush=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        work = Path(temporary)
        prepare(work / "home", work)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        environment = os.environ | {"DISCERN_HOME": str(work / "home"), "DISCERN_PORT": str(port)}
        app = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environment, stdout=subprocess.PIPE)
        assert app.stdout is not None
        app.stdout.readline()  # says where it is, once it listens
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
                photograph(browser, f"http://127.0.0.1:{port}")
                browser.close()
        finally:
            app.terminate()
            app.wait()


if __name__ == "__main__":
    main()
