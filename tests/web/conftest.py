"""A small library of drawn pictures with a tiny untrained encoder, made once and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("drawn"), 60)


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path, drawn: Path) -> Path:
    """A data folder with the drawings and no concept, to be copied."""
    home = tmp_path_factory.mktemp("made") / "home"
    bench = open_app(Settings(home=home))
    import_pictures(bench, [drawn], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.close()
    return home


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory, made_home: Path) -> Iterator[App]:
    """An `App` of a module over a copy of it. No job runs."""
    home = shutil.copytree(made_home, tmp_path_factory.mktemp("library") / "home")
    bench = open_app(Settings(home=home))
    yield bench
    bench.close()


@pytest.fixture
def own_library(made_home: Path, own_home: Path) -> Iterator[App]:
    """The same of one test."""
    bench = open_app(Settings(home=shutil.copytree(made_home, own_home)))
    yield bench
    bench.close()
