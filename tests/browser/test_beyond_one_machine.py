"""The whole job over PostgreSQL, a bucket and a Ray of two workers, on one computer: 2,000 photographs that
lie in the bucket, through the screens of `discern run`.

The person is simulated: a photograph counts if its file lies in a folder called Apple.
"""

from __future__ import annotations

import csv
import hashlib
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from not_run import not_run
from playwright.sync_api import Locator, Page, expect
from postgres import Server
from running_app import ROOT, App
from s3_service import Service

PICTURES, ANSWERS, SHOWN = 2000, 50, 60
NAME, SENTENCE = "Apples", "Apples of any kind, loose or in a crate; no other fruit."
COUNTS = "Apple"  # a folder's name
SLOW = 900_000  # ms, for 2,000 pictures on two processors that others use too


@pytest.fixture
def page(first_page: Page) -> Page:
    """Of a browser that was never here."""
    return first_page


class Installed(App):
    """The command that a person starts."""

    program = ("-m", "discern", "run")
    patience = 300


@dataclass(frozen=True)
class House:
    """`place` is that of what is kept in the bucket, `counting` the ids of what counts, `environment` for
    other commands over the same library."""

    app: App
    home: Path
    s3: Service
    bucket: str
    place: str
    counting: set[str]
    environment: dict[str, str]

    def kept(self, what: str) -> dict[str, bytes]:
        return self.s3.kept(f"{self.place}/{what}")


@pytest.fixture
def house(
    labelled_pictures: Path, postgres: Server, s3: Service, warm_home: Path, tmp_path: Path
) -> Iterator[House]:
    if find_spec("ray") is None:
        not_run("work on Ray", "The package ray is not installed: pip install -r requirements-ray.txt.")
    bucket = s3.new_bucket()
    counting = put_photographs(labelled_pictures / "grocery", s3, bucket)
    more = {
        "DISCERN_DATABASE_URL": postgres.new_database(),
        "DISCERN_STORE": f"s3://{bucket}/kept",
        "DISCERN_ENGINE": "ray",
        "RAY_OVERRIDE_RESOURCES": '{"CPU": 2}',
    }
    app = Installed(warm_home, "embedded", tmp_path / "log.txt", **more)
    environment = os.environ | more | {"DISCERN_HOME": str(warm_home), "DISCERN_ENCODER": "embedded"}
    try:
        app.start()
        yield House(app, warm_home, s3, bucket, f"{bucket}/kept", counting, environment)
        assert "Traceback" not in (tmp_path / "log.txt").read_text()
    finally:
        app.stop()


def put_photographs(folder: Path, s3: Service, bucket: str) -> set[str]:
    """As many as are asked for, no two the same; the ids of those that count."""
    with (folder / "labels.csv").open() as file:
        paths = [row["path"] for row in csv.DictReader(file)]
    random.Random(12).shuffle(paths)
    chosen: dict[str, str] = {}
    for path in paths:
        if len(chosen) < PICTURES:
            chosen.setdefault(hashlib.sha256((folder / path).read_bytes()).hexdigest(), path)

    def put(path: str) -> None:
        s3.put(f"{bucket}/photos/{path}", (folder / path).read_bytes())

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(put, chosen.values()))
    return {picture for picture, path in chosen.items() if COUNTS in Path(path).parts}


@pytest.mark.slow
@pytest.mark.labelled
@pytest.mark.timeout(2400)
def test_the_whole_job_on_postgresql_a_bucket_and_ray(house: House, page: Page, tmp_path: Path) -> None:
    page.goto(house.app.url)
    add(house, page)
    look_around(house, page)
    upload(house, page, tmp_path)
    begin(house, page)
    label(house, page)
    train(page)
    best = rank(house, page)
    export(house, page, best, tmp_path)
    nothing_lies_here_that_belongs_there(house)


def add(house: House, page: Page) -> None:
    page.get_by_role("link", name="Import pictures").click()
    page.locator("#add-paths").fill(f"s3://{house.bucket}/photos")
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.locator("#library-progress .notice")).to_contain_text(
        f"{PICTURES:,} new pictures", timeout=SLOW
    )
    assert "connecting to Ray (local)" in (house.home / "logs" / "discern.log").read_text()
    small = house.kept("thumbnails")
    assert len(small) == PICTURES
    assert all(content[8:12] == b"WEBP" for content in small.values())


def look_around(house: House, page: Page) -> None:
    """The first page, the next, one folder of the bucket, and a search by words."""
    expect(tiles(page)).to_have_count(SHOWN)
    all_are_drawn(page)
    first = ids(page)
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("button", name="Previous")).to_be_visible()
    all_are_drawn(page)
    assert not set(first) & set(ids(page))

    page.get_by_role("button", name="Filter", exact=True).click()
    page.locator("#library-folder").fill(f"s3://{house.bucket}/photos/images/train/Fruit/{COUNTS}")
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("#library-fitting")).to_contain_text("pictures.")
    assert set(ids(page)) <= house.counting
    all_are_drawn(page)

    page.goto(f"{house.app.url}/library")
    page.locator("#search-words").fill("an orange")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Most similar first")).to_be_visible()
    expect(tiles(page)).to_have_count(SHOWN)
    all_are_drawn(page)


def upload(house: House, page: Page, folder: Path) -> None:
    """What comes through the browser goes into the bucket, too."""
    from PIL import Image

    Image.effect_noise((300, 200), 90).save(folder / "noise.png")
    page.locator("#upload-files").set_input_files(folder / "noise.png")
    expect(page.locator("#library-progress .notice")).to_contain_text("1 new picture", timeout=SLOW)
    assert [Path(key).name for key in house.kept("uploads")] == ["noise.png"]


def begin(house: House, page: Page) -> None:
    step(page, "Home")
    page.get_by_role("button", name="New concept").click()
    page.fill("#begin-name", NAME)
    page.fill("#begin-sentence", SENTENCE)
    page.press("#begin-sentence", "Enter")
    page.wait_for_url(f"**/describe?concept={quote_plus(NAME)}*")
    page.get_by_role("button", name="Propose").click()
    expect(page.locator("#describe-head .notice.good")).to_contain_text("Saved as definition 2", timeout=SLOW)
    page.get_by_role("button", name="Find candidates").click()
    expect(page.locator("#describe-head .notice.good")).to_contain_text("in all", timeout=SLOW)


def label(house: House, page: Page) -> None:
    page.get_by_role("link", name="Start labelling").click()
    page.get_by_role("button", name="Single").click()
    expect(page.locator("#labeller[data-ready] .stage img")).to_be_visible(timeout=SLOW)
    labelled = set()  # one may come up again
    for _ in range(ANSWERS):
        seen = page.locator(".stage img").get_attribute("data-picture")
        labelled.add(seen)
        page.keyboard.press("y" if seen in house.counting else "n")
        expect(page.locator(f'.stage img:not([data-picture="{seen}"])')).to_be_visible(timeout=SLOW)
    expect(page.locator("[data-part=saved]")).to_have_text("saved")
    expect(page.locator("[data-part=count]")).to_contain_text(f"{len(labelled)} of about 100 labels")
    assert ANSWERS - len(labelled) <= 2  # who never errs is asked again about two of fifty at most


def train(page: Page) -> None:
    step(page, "Check")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.locator("#check-head .chip").first).to_contain_text("version 1", timeout=SLOW)


def rank(house: House, page: Page) -> list[str]:
    """The ids that the version puts first, of which most count: of all about one in ten does."""
    step(page, "Results")
    shown = page.locator("#results-library .tile")
    expect(shown.first).to_be_visible(timeout=SLOW)
    all_are_drawn(page)
    best = [str(tile.get_attribute("data-value")) for tile in shown.all()]
    assert len(set(best)) == 24
    assert sum(picture in house.counting for picture in best) > 12
    return best


def export(house: House, page: Page, best: list[str], folder: Path) -> None:
    """The scores as the screen and the command line write them."""
    page.get_by_text("Export", exact=True).click()
    page.locator("#score-files").click()
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("link", name="Download CSV").click(timeout=SLOW)
    download.value.save_as(folder / "screen.csv")
    page.get_by_text("Download classifier", exact=True).click()
    with page.expect_download() as download:
        page.locator("#results-download").get_by_role("link", name="Download").first.click()
    download.value.save_as(folder / "apples.zip")
    command = ["score", str(folder / "apples.zip"), "--out", str(folder / "command.csv")]
    run = [sys.executable, "-m", "discern", *command]
    said = subprocess.run(run, cwd=ROOT, env=house.environment, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    here, there = (rows(folder / name) for name in ("screen.csv", "command.csv"))
    assert here == there
    assert len(here) == PICTURES + 1
    assert set(best) <= here.keys()
    assert all(row["path"].startswith(f"s3://{house.bucket}/") for row in here.values())


def nothing_lies_here_that_belongs_there(house: House) -> None:
    files = (path.relative_to(house.home) for path in house.home.rglob("*") if path.is_file())
    lie_here = {file.parts[0] for file in files}  # `vectors` has the copy for reading, mapped into memory
    assert lie_here <= {"bundles", "logs", "scores", "secrets.json", "secrets.lock", "staging", "vectors"}
    assert not list(house.home.rglob("*.lance"))
    assert not list(house.home.glob("staging/*/*.arrow"))
    assert [key for key in house.kept("vectors") if ".lance/" in key]


def rows(file: Path) -> dict[str, dict[str, str]]:
    with file.open() as stream:
        return {row["id"]: row for row in csv.DictReader(stream)}


def step(page: Page, name: str) -> None:
    page.locator(f".rail a:has-text('{name}')").click()


def tiles(page: Page) -> Locator:
    return page.locator("#library-main .pictures .tile")


def ids(page: Page) -> list[str]:
    return [str(tile.get_attribute("data-value")) for tile in tiles(page).all()]


def all_are_drawn(page: Page) -> None:
    """Every small picture came; those below the fold load once they are looked at."""
    page.evaluate("document.querySelectorAll('img').forEach(one => one.loading = 'eager')")
    page.wait_for_function("() => [...document.images].every(one => one.complete && one.naturalWidth > 0)")
