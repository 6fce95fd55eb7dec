"""A small real library: drawn pictures, a tiny open_clip model, SQLite and LanceDB."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest
from answering import Fill, Filled, answer_next
from drawing import draw_folder
from postgres import Server
from small_disk import small_disk  # noqa: F401  # a fixture

from concepts.labelling.labels import give_label, next_pictures
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App, Concept

NAME = "Round thing"


@pytest.fixture(scope="session")
def made_library(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> tuple[Path, Path]:
    """(home, pictures): 90 drawings, one of them twice under two names, one saved anew as JPEG."""
    from PIL import Image

    root = tmp_path_factory.mktemp("library")
    pictures = draw_folder(root / "pictures", 90)
    shutil.copy(pictures / "ellipse-0000.png", pictures / "twice.png")
    with Image.open(pictures / "ellipse-0003.png") as image:
        image.convert("RGB").save(pictures / "near.jpg", quality=90)
    bench = open_app(load_settings(home=root / "home"))
    import_pictures(bench, [pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.database.close()
    return root / "home", pictures


@pytest.fixture
def log_as_it_was() -> Iterator[None]:
    """Takes away the handlers that a test adds to the root logger."""
    root = logging.getLogger()
    before = list(root.handlers)
    yield
    for handler in set(root.handlers) - set(before):
        root.removeHandler(handler)
        handler.close()


@pytest.fixture
def pictures(made_library: tuple[Path, Path]) -> Path:
    return made_library[1]


@pytest.fixture
def kept_in(pytestconfig: pytest.Config) -> str:
    """Where the SQL is: sqlite or postgres. Modules whose tests are to hold on both have a `kept_in` of their
    own, with both as parameters."""
    return str(pytestconfig.getoption("kept_in"))


@pytest.fixture
def settle(
    kept_in: str, own_home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[[Path], None]:
    """Makes the own home a copy of one that was made; its SQL in PostgreSQL, where that is asked for."""

    def settle(made: Path) -> None:
        shutil.copytree(made, own_home)
        if kept_in == "postgres":
            server: Server = request.getfixturevalue("postgres")
            monkeypatch.setenv("DISCERN_DATABASE_URL", server.filled(made / "discern.sqlite"))
            (own_home / "discern.sqlite").unlink()
            shutil.rmtree(own_home / "discern.copies", ignore_errors=True)

    return settle


@pytest.fixture
def open_home() -> Iterator[Callable[[], App]]:
    """An `App` over the own home as it is, until the end of the test."""
    with ExitStack() as stack:

        def open_home() -> App:
            bench = open_app(load_settings())
            stack.callback(bench.database.close)  # a server takes a hundred connections
            return bench

        yield open_home


@pytest.fixture
def open_bench(
    made_library: tuple[Path, Path], settle: Callable[[Path], None], open_home: Callable[[], App]
) -> Callable[[], App]:
    """An `App` over a copy of the library of its own."""
    settle(made_library[0])
    return open_home


@pytest.fixture
def bench(open_bench: Callable[[], App]) -> App:
    bench = open_bench()
    begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    return bench


@pytest.fixture
def concept(bench: App) -> Concept:
    return bench.concept(NAME)


@pytest.fixture
def answered_once(bench: App) -> App:
    """With one yes and one no of a person, which is what training takes."""
    for picture, value in zip(next_pictures(bench.concept(NAME), 2), ("yes", "no"), strict=True):
        give_label(bench.concept(NAME), picture.id, value, author="me", key=f"once {picture.id}")
    return bench


@pytest.fixture(scope="session")
def make_home(
    made_library: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Fill], Path]:
    """A home with the library and what a function has put into it, once."""

    @cache
    def make(fill: Fill) -> Path:
        home = tmp_path_factory.mktemp("made") / "home"
        shutil.copytree(made_library[0], home)
        bench = open_app(load_settings(home=home))
        fill(bench)
        bench.close()
        return home

    return make


@pytest.fixture
def filled(
    make_home: Callable[[Fill], Path], settle: Callable[[Path], None], open_home: Callable[[], App]
) -> Filled:
    """An `App` over a copy of such a home."""

    def filled(fill: Fill) -> App:
        settle(make_home(fill))
        return open_home()

    return filled


def train_with_20_simulated_answers(bench: App) -> None:
    begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    answer_next(bench.concept(NAME), 20)
    bench.concept(NAME).begin(train).wait()


@pytest.fixture(scope="session")
def made_trained(make_home: Callable[[Fill], Path]) -> Path:
    """Made before a test has changed anything."""
    return make_home(train_with_20_simulated_answers)


@pytest.fixture
def trained(made_trained: Path, settle: Callable[[Path], None], open_home: Callable[[], App]) -> App:
    """A copy of it for each test."""
    settle(made_trained)
    return open_home()
