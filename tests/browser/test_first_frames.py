"""No frame that a page shows, from its first on, has an unprotected picture or the wrong theme, whether its
styles come late, in part or never."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from accessible import TWO_FRAMES
from PIL import Image
from playwright.sync_api import Page, Route, expect
from running_app import served

from concepts.library.protection import protect_concept
from concepts.results.concepts import begin_concept
from concepts.results.library import browse, import_pictures
from concepts.rooms import open_app
from concepts.settings import Settings
from web.server import create_app

NAME = "Stripe"
STRIPES = ((255, 0, 255), (0, 255, 0))  # blurred they are grey, and nothing else on a screen is as green
STRIPE = 32  # pixels wide
GREEN = 120  # of 255, more than the other channels of a pixel
DARK = 90  # of 255: a tenth of a dark page is no brighter, though pictures lie on it
LATE = 100  # milliseconds
SCREENCAST = {"format": "png", "everyNthFrame": 1}

STYLES = re.compile(r"/web/.*\.css$")
# And what there is once its pictures are asked for.
PAGES = {
    "/": "#screen-home .card",
    "/library": "#library-grid [role=option] img",
    "/library?open={picture}": "dialog.viewer .large img",
    f"/label?concept={NAME}#single": "#labeller .stage img",
    f"/describe?concept={NAME}": "#screen-describe .strip img",
    f"/label?concept={NAME}#grid": "#label-grid [role=option] img",
    "/media/picture/{picture}": "img",
    "/no-such-screen": "h1",
}


@pytest.fixture(scope="module")
def striped(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Iterator[tuple[str, str]]:
    """Address of a server over striped pictures, of a concept that has them blurred, and one of them."""
    root = tmp_path_factory.mktemp("striped")
    (root / "pictures").mkdir()
    for number in range(24):
        pixels = np.zeros((480, 640, 3), dtype=np.uint8)
        pixels[:] = STRIPES[0]
        pixels[:, (np.arange(640) + number) // STRIPE % 2 == 0] = STRIPES[1]
        pixels[: 20 * number] = pixels[: 20 * number, ::-1]
        Image.fromarray(pixels).save(root / "pictures" / f"{number}.png")
    bench = open_app(Settings(home=root / "home"))
    import_pictures(bench, [root / "pictures"], encoder=f"local-dir:{tiny_open_clip}").wait()
    begin_concept(bench, NAME, "A stripe.")
    protect_concept(bench.concept(NAME), "blur")
    with served(create_app(bench)) as url:
        yield url, browse(bench, limit=1).pictures[0].id
    bench.close()


def pixels(png: bytes) -> np.ndarray[Any, Any]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int16)


def green(frame: np.ndarray[Any, Any]) -> int:
    """How many pixels are of a picture in clear."""
    return int((frame[..., 1] - np.maximum(frame[..., 0], frame[..., 2]) > GREEN).sum())


@pytest.mark.parametrize(
    "styles", ["late", *(pytest.param(way, marks=pytest.mark.slow) for way in ("in part", "never"))]
)
def test_pictures_are_protected_and_the_theme_is_the_systems_from_the_first_frame_on(
    striped: tuple[str, str], page: Page, styles: str
) -> None:
    url, picture = striped
    page.emulate_media(color_scheme="dark")
    page.goto(f"{url}/settings/appearance")
    held: list[Route] = []
    seen = 0  # frames
    late = False  # whether it is so by now

    def hold(route: Route) -> None:
        is_ours = route.request.url.endswith("/web/style.css")
        if styles == "never" or (styles == "in part" and is_ours):
            route.abort()
        elif late or styles == "in part":
            route.continue_()
        else:
            held.append(route)

    page.route(STYLES, hold)
    frames: list[np.ndarray[Any, Any]] = []  # all that the page shows of an address
    devtools = page.context.new_cdp_session(page)

    def take(frame: dict[str, Any]) -> None:
        frames.append(pixels(base64.b64decode(frame["data"])))
        devtools.send("Page.screencastFrameAck", {"sessionId": frame["sessionId"]})

    devtools.on("Page.screencastFrame", take)
    devtools.send("Page.startScreencast", SCREENCAST)
    for address, there in PAGES.items():
        late = False
        with page.expect_request(STYLES):
            page.goto(url + address.format(picture=picture), wait_until="commit")
        if styles == "late":
            page.evaluate(f"new Promise((over) => setTimeout(over, {LATE}))")
        late = True
        while held:
            held.pop().continue_()
        page.wait_for_load_state("load")
        page.wait_for_selector(there, state="attached")
        page.wait_for_function(
            "() => [...document.images].every((one) => one.complete || one.loading === 'lazy')"
        )
        page.evaluate(TWO_FRAMES)
        while not frames:  # A busy browser may skip frames. A new screencast begins with the current one.
            devtools.send("Page.stopScreencast")
            devtools.send("Page.startScreencast", SCREENCAST)
            page.evaluate(TWO_FRAMES)
        assert sum(green(frame) for frame in frames) == 0, address
        assert max((frame > DARK).mean() for frame in frames) <= 0.9, address
        seen += len(frames)
        frames.clear()
    devtools.send("Page.stopScreencast")
    devtools.detach()
    page.unroute_all()
    assert seen > len(PAGES)

    page.goto(f"{url}/library")
    tile = page.get_by_role("listbox", name="Pictures", exact=True).get_by_role("option").first
    tile.focus()
    page.keyboard.press("v")
    expect(tile.locator("img")).not_to_have_attribute("src", re.compile("shown="))
    page.wait_for_function("(one) => one.complete", arg=tile.locator("img").element_handle())
    assert green(pixels(page.screenshot())) > 1000  # what is looked for is seen
