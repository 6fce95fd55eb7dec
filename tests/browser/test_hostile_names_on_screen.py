"""Whatever a person can name is named like what Gradio or a browser would run, and no screen runs it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from accessible import TWO_FRAMES
from drawing import draw_folder
from playwright.sync_api import Page, expect
from running_app import served

from concepts.definition import editing
from concepts.labelling.examples import edit_definition
from concepts.labelling.labels import give_label, next_pictures
from concepts.labelling.mining import mine
from concepts.library.collections import make_collection
from concepts.results.concepts import begin_concept
from concepts.results.library import browse, import_pictures, keep_captions
from concepts.results.trained import train
from concepts.results.trash import put_into_trash
from concepts.rooms import open_app
from concepts.settings import Settings
from web.parts import GO
from web.server import create_app
from web.tabs import TABS

RAN = "globalThis.ran=1"
OPEN = "(id) => import('/web/components/viewer/open.js').then(({openPicture}) => openPicture({id}))"
HOSTILE = (f"${{{RAN}}}", f"{{{{{RAN}}}}}", f"<img src=x onerror={RAN}>")

OF_CONCEPT = {"describe", "label", "review", "borderline", "check", "results"}


@pytest.fixture(scope="module")
def hostile(
    tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path
) -> Iterator[tuple[str, list[str]]]:
    """Address of a server, and a picture of each name."""
    root = tmp_path_factory.mktemp("hostile")
    drawn = sorted(draw_folder(root / "pictures", 40).iterdir())
    for number, picture in enumerate(drawn[:12]):
        picture.rename(picture.parent / f"{HOSTILE[number % 3]}.{number:04}.ellipse.png")
    bench = open_app(Settings(home=root / "home"))
    import_pictures(bench, [root / "pictures"], encoder=f"local-dir:{tiny_open_clip}").wait()
    *named, thrown = [one for one in browse(bench, limit=200).pictures if RAN in one.path][:4]
    captions = root / "captions.parquet"
    pq.write_table(
        pa.table({"id": [one.id for one in named], "caption": list(HOSTILE), HOSTILE[0]: list(HOSTILE)}),
        captions,
    )
    keep_captions(bench, captions)
    for name, picture in zip(HOSTILE, named, strict=True):
        concept = begin_concept(bench, name, f"What counts: {name}", examples=[picture.id])
        for after, edit in enumerate(
            (
                partial(editing.add_criterion, kind="excluding", text=f"criterion {name}"),
                partial(editing.add_query, text=f"query {name}", counts=True),
            ),
            1,
        ):
            edit_definition(concept, edit, author=name, after=after)
        concept.begin(mine, size=30).wait()
        for purpose in ("evaluation", "train"):
            for one in next_pictures(concept, 14, purpose=purpose):  # type: ignore[arg-type]
                value = "yes" if "ellipse" in one.path else "no"
                for author in ("me", name):
                    give_label(concept, one.id, value, author=author, comment=name)
        concept.begin(train).wait()
        make_collection(bench, name, [one.id for one in named], author=name)
    put_into_trash(bench, pictures=[thrown.id], author=HOSTILE[2])
    with served(create_app(bench)) as url:
        yield url, [one.id for one in named]
    bench.close()


def go(page: Page, address: str) -> None:
    page.evaluate(GO(), address)


def at_rest(page: Page) -> None:
    """What was asked for is there and drawn."""
    page.wait_for_load_state("networkidle")
    page.evaluate(TWO_FRAMES)


def nothing_ran(page: Page, where: Any) -> None:
    assert page.evaluate("globalThis.ran") is None, where


def opened(page: Page, url: str, name: str) -> str:
    """The page on Home; what its addresses have of a concept."""
    about = urlencode({"concept": name})
    page.goto(f"{url}/?{about}")
    expect(page.get_by_role("navigation", name="Steps")).to_be_visible()
    return about


@pytest.mark.parametrize(
    "name", [HOSTILE[0], *(pytest.param(name, marks=pytest.mark.slow) for name in HOSTILE[1:])]
)
def test_no_name_is_run_on_any_screen_of_a_concept(
    hostile: tuple[str, list[str]], page: Page, name: str
) -> None:
    url, _ = hostile
    about = opened(page, url, name)
    rule = urlencode({"rule": json.dumps(name)})
    paths = [tab.path for tab in TABS if tab.name in OF_CONCEPT]
    for address in (*(f"{path}?{about}" for path in paths), f"/results?{rule}&{about}"):
        go(page, address)
        at_rest(page)
        nothing_ran(page, address)
    for mode in ("Sheet", "Grid", "Single"):
        go(page, f"/label?{about}")
        page.get_by_role("radio", name=mode).check()
        expect(page.get_by_role("heading", name=name, exact=True).first).to_be_visible()
        at_rest(page)
        nothing_ran(page, mode)


def test_no_name_is_run_on_any_other_screen(hostile: tuple[str, list[str]], page: Page) -> None:
    url, _ = hostile
    about = opened(page, url, HOSTILE[0])
    places = [tab.path for tab in TABS if tab.name not in OF_CONCEPT]
    places += [f"/library?in={number}" for number in (1, 2, 3)] + ["/library?q=globalThis"]
    places += [f"/library/side-by-side?{urlencode({'of': HOSTILE}, doseq=True)}"]
    for place in places:
        go(page, f"{place}{'&' if '?' in place else '?'}{about}")
        at_rest(page)
        nothing_ran(page, place)


def test_no_name_is_run_in_the_viewer(hostile: tuple[str, list[str]], page: Page) -> None:
    url, pictures = hostile
    about = opened(page, url, HOSTILE[0])
    go(page, f"/library?{about}")
    expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    viewer = page.get_by_role("dialog")
    for picture in pictures:
        page.evaluate(OPEN, picture)
        expect(viewer.get_by_role("heading", name=RAN).first).to_be_visible()
        for fold in viewer.locator("summary").all():
            fold.click()
        at_rest(page)
        nothing_ran(page, picture)
        page.keyboard.press("Escape")
        expect(viewer).to_be_hidden()
