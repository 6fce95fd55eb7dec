"""The app in a real browser: a server on a free port over a small real library, and a fresh page."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

import patience
import pytest
from drawing import draw_folder
from not_run import not_run
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from running_app import served

from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App

NUMBERS = count()
Opened = TypeVar("Opened", Browser, BrowserContext)
SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")  # as in the Makefile
PATIENCE = patience.PATIENCE * 1000  # ms
expect.set_options(timeout=PATIENCE)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    # One process draws all pages of a context: a second one would compile Gradio's scripts again.
    "--renderer-process-limit=1",
    "--disable-site-isolation-trials",
]
# Without motion: colours on their way from one theme to the other are none.
LOOKS: dict[str, Any] = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
KEPT = "cookies,local_storage,indexeddb,cache_storage,service_workers,file_systems"  # what a page can keep


@dataclass(frozen=True)
class Site:
    """`url` has no slash at its end. `bench` is the server's own `App`."""

    url: str
    bench: App


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A home with 120 drawn pictures, by the tiny open_clip encoder."""
    root = tmp_path_factory.mktemp("library")
    bench = open_app(load_settings(home=root / "home"))
    import_pictures(
        bench, [draw_folder(root / "pictures", 120)], encoder=f"local-dir:{tiny_open_clip}"
    ).wait()
    bench.close()
    return root / "home"


@contextmanager
def running_site(library: Path, home: Path) -> Iterator[Site]:
    """No concept, jobs running, in a data folder of its own."""
    from web.server import create_app

    bench = open_app(load_settings(home=shutil.copytree(library, home, symlinks=True)))
    bench.jobs.start()
    with served(create_app(bench)) as address:
        yield Site(address, bench)
    bench.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Site]:
    """Shared: each test has concepts of its own, and leaves settings and protection as they were."""
    with running_site(library, tmp_path_factory.mktemp("site") / "home") as shared:
        yield shared


@pytest.fixture(scope="module")
def own_site(tmp_path_factory: pytest.TempPathFactory, library: Path) -> Iterator[Site]:
    """Where a module sets something for all concepts, or counts on what there is: it says `site` is this."""
    with running_site(library, tmp_path_factory.mktemp("own-site") / "home") as own:
        yield own


@pytest.fixture
def concept(site: Site) -> str:
    """A new one, without answers."""
    name = f"Ellipse {next(NUMBERS)}"
    begin_concept(site.bench, name, "A filled ellipse, not a rectangle.")
    return name


@pytest.fixture
def label(site: Site, page: Page, concept: str) -> Page:
    """The page on the Label screen of a new concept, with its first single pictures loaded."""
    page.goto(f"{site.url}/label?{urlencode({'concept': concept})}#single")
    expect(page.locator("#labeller .stage img")).to_be_visible()
    return page


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser | None]:
    """The system's, or the one that `make test` has playwright fetch; None where there is neither."""
    with sync_playwright() as started:
        executable = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), started.chromium.executable_path)
        if not Path(executable).exists():
            yield None
            return
        browser = started.chromium.launch(executable_path=executable, args=FLAGS, timeout=PATIENCE)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def visited(chromium: Browser | None) -> Iterator[BrowserContext | None]:
    """The browser of somebody who comes again: Gradio's scripts are there and compiled, which takes it over
    two seconds. A page stays open, as its process ends with the last one."""
    if chromium is None:
        yield None
        return
    context = chromium.new_context(**LOOKS)
    context.new_page()
    yield context
    context.close()


@pytest.fixture
def page(visited: BrowserContext | None) -> Iterator[Page]:
    """A new page of a browser that was here and keeps nothing of it but files. An error of a script fails the
    test."""
    visited = present(visited)
    visited.set_default_timeout(PATIENCE)
    page = visited.new_page()
    with no_errors_of(page):
        yield page
        stays, *opened = visited.pages
        for other in opened:
            other.close()
        visited.set_offline(False)
        stored = visited.new_cdp_session(stays)
        stored.send("Storage.clearDataForOrigin", {"origin": "*", "storageTypes": KEPT})
        stored.detach()


@pytest.fixture
def first_page(chromium: Browser | None) -> Iterator[Page]:
    """A page of a browser that was never here. An error of a script fails the test."""
    context = present(chromium).new_context(**LOOKS)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    with no_errors_of(page):
        yield page
        context.close()


def present(browser: Opened | None) -> Opened:
    if browser is None:
        not_run("the screens in a browser", "There is no Chromium, and it could not be fetched.")
    return browser


@contextmanager
def no_errors_of(page: Page) -> Iterator[None]:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield
    assert errors == []
