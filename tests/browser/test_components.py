"""Each component alone, on a page of an app that is not ours: what it shows and tells. No name is run."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from fastapi import FastAPI, Response
from fastapi.staticfiles import StaticFiles
from playwright.sync_api import Page, expect
from running_app import served

import web
from web.components.deck import PictureDeck
from web.components.grid import PictureGrid
from web.components.map import PictureMap
from web.components.rail import Rail
from web.components.view import DataView

# Gradio reads annotations without resolving them, so they must not be strings here.

FOLDER = Path(web.__file__).parent
RAN = "globalThis.ran=1"
HOSTILE = [
    f"${{{RAN}}}.jpg",
    f"{{{{{RAN}}}}}",
    f"`;{RAN};//",
    f"<img src=x onerror={RAN}>",
    f'"><script>{RAN}</script>',
    f"javascript:{RAN}",
    "C:\\new\\table",
    "</template><b>x</b>",
]
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
TEMPLATE = """<template data-each=".">
  <button data-do="take" data-set="value=name; title=name" data-text="name"></button>
</template>"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    template = tmp_path_factory.mktemp("templates") / "list.html"
    template.write_text(TEMPLATE)
    pictures = [
        {"id": f"{i:064}", "src": PIXEL, "name": name, "caption": name, "mark": name, "width": 3, "height": 2}
        for i, name in enumerate(HOSTILE)
    ]
    links = [{"title": name, "address": name, "name": name, "current": ""} for name in HOSTILE]

    def told(chosen: gr.EventData) -> str:
        return json.dumps(vars(chosen)["_data"])

    with gr.Blocks(analytics_enabled=False) as blocks:
        said = gr.Textbox(label="Said")
        view = DataView(template, script="/c/view/view.js", value=[{"name": name} for name in HOSTILE])
        grid = PictureGrid({"pictures": pictures}, script="/c/grid/grid.js", style="/c/grid/grid.css")
        deck = PictureDeck({"pictures": pictures}, script="/c/deck/deck.js", style="/c/deck/deck.css")
        rail = {"before": links, "shown": HOSTILE[0], "concepts": links, "steps": [], "aside": links}
        Rail(
            {"/": "home"},
            script="/c/rail/rail.js",
            style="/c/grid/grid.css",
            value=rail | {"where": HOSTILE[1]},
        )
        names = [{"name": name, "x": 0, "y": 0} for name in HOSTILE]
        on_map = {"key": "k", "pictures": 2, "names": names, "shape": "", "said": HOSTILE[2], "colours": {}}
        files = {"script": "/c/map/map.js", "style": "/c/map/map.css", "source": "/dots"}
        dots = PictureMap(on_map, **files)
        for event in (view.take, grid.open, grid.select, grid.mark, deck.labelled, deck.undo, dots.choose):
            event(told, None, said, queue=False, show_progress="hidden", trigger_mode="multiple")
    app = FastAPI()
    legend = [{"word": name, "colour": "#0f9d8f", "pictures": 1} for name in HOSTILE]

    @app.get("/dots/places")
    def places() -> Response:
        return Response(struct.pack("<4H", 0, 0, 65535, 65535))

    @app.get("/dots/colours")
    def colours() -> Response:
        return Response(bytes([1, 2]), headers={"Map-Legend": json.dumps(legend)})

    app.mount("/c", StaticFiles(directory=FOLDER / "components"))
    app.mount("/web", StaticFiles(directory=FOLDER / "static"))
    gr.mount_gradio_app(app, blocks, path="/", ssr_mode=False)
    with served(app) as address:
        yield address


@pytest.fixture
def opened(alone: str, page: Page) -> Page:
    page.goto(alone)
    expect(page.get_by_role("option")).to_have_count(len(HOSTILE))
    return page


def said(page: Page) -> Any:
    return json.loads(page.get_by_label("Said").input_value() or "null")


def test_no_name_is_run_and_each_is_shown_as_it_is(opened: Page) -> None:
    for name in HOSTILE:
        expect(opened.get_by_role("button", name=name, exact=True).first).to_be_visible()
        expect(opened.locator(".caption", has_text=name).first).to_be_visible()
    opened.get_by_role("option").first.click()
    assert opened.evaluate("globalThis.ran") is None


def test_a_click_selects_and_a_double_click_opens(opened: Page) -> None:
    tiles = opened.get_by_role("option")
    tiles.nth(1).click()
    tiles.nth(3).click(modifiers=["Control"])
    expect(opened.get_by_label("Said")).to_have_value(json.dumps({"ids": [f"{1:064}", f"{3:064}"]}))
    with opened.expect_request(lambda one: f'"id":"{2:064}"' in (one.post_data or "")):
        tiles.nth(2).dblclick()  # it selects too, and either may be answered first


def test_keys_move_extend_and_open(opened: Page) -> None:
    tiles = opened.get_by_role("option")
    tiles.nth(0).click()
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("Shift+ArrowRight")
    expect(opened.locator("[role=option][aria-selected=true]")).to_have_count(2)
    opened.keyboard.press("Escape")
    expect(opened.locator("[role=option][aria-selected=true]")).to_have_count(0)
    opened.keyboard.press("Enter")
    expect(opened.get_by_label("Said")).to_have_value(json.dumps({"id": f"{2:064}"}))


def test_a_map_says_its_colours_and_tells_which_part_is_chosen(opened: Page) -> None:
    for name in HOSTILE:
        expect(opened.get_by_role("list", name="Legend").get_by_text(f"{name} 1", exact=True)).to_be_visible()
    canvas = opened.get_by_role("img", name="Map of 2 pictures")
    canvas.focus()
    opened.keyboard.press("Enter")
    expect(opened.get_by_label("Said")).to_have_value(re.compile(r'\{"shape": "-?\d'))
    opened.keyboard.press("+")
    opened.keyboard.press("ArrowLeft")
    whole = said(opened)["shape"]
    opened.keyboard.press("Enter")
    expect(opened.get_by_label("Said")).not_to_have_value(json.dumps({"shape": whole}))
    assert opened.evaluate("globalThis.ran") is None


def test_a_button_of_a_view_tells_its_value(opened: Page) -> None:
    opened.get_by_role("button", name=HOSTILE[0], exact=True).first.click()
    expect(opened.get_by_label("Said")).to_have_value(json.dumps({"value": HOSTILE[0]}))


def test_a_double_click_and_a_held_key_press_a_button_of_a_view_once(opened: Page) -> None:
    sent: list[str] = []
    opened.on("request", lambda one: sent.append(one.url) if "/gradio_api/run/" in one.url else None)
    button = opened.get_by_role("button", name=HOSTILE[1], exact=True).first
    button.dblclick()
    expect(opened.get_by_label("Said")).to_have_value(json.dumps({"value": HOSTILE[1]}))
    with opened.expect_response(lambda one: "/gradio_api/run/" in one.url):
        opened.keyboard.down("Enter")
        opened.keyboard.down("Enter")
        opened.keyboard.up("Enter")
    opened.get_by_role("button", name=HOSTILE[2], exact=True).first.click()
    expect(opened.get_by_label("Said")).to_have_value(json.dumps({"value": HOSTILE[2]}))
    assert len(sent) == 3


def test_no_template_has_a_place_that_is_compiled() -> None:
    for file in [*FOLDER.glob("components/**/*.html"), *FOLDER.glob("screens/**/*.html")]:
        text = file.read_text(encoding="utf-8")
        assert "{{" not in text, file
        assert "${" not in text, file
