"""A small library of drawn pictures for assistants, and a simulated person beside them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.settings import Settings
from concepts.workbench import Workbench

NAME = "Round thing"


@pytest.fixture(scope="session")
def made_home(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> Path:
    """A data folder with 60 drawings and no concept."""
    root = tmp_path_factory.mktemp("assistants")
    bench = Workbench(Settings(home=root / "home"))
    bench.library.add([draw_folder(root / "pictures", 60)], encoder=f"local-dir:{tiny_open_clip}").wait()
    bench.close()
    return root / "home"


@pytest.fixture
def home(made_home: Path, own_home: Path) -> Path:
    shutil.copytree(made_home, own_home)
    return own_home


@pytest.fixture
def bench(home: Path, tmp_path: Path) -> Iterator[Workbench]:
    """Jobs run; pictures may be read from `tmp_path / "allowed"` alone. “Round thing” has begun."""
    (tmp_path / "allowed").mkdir()
    bench = Workbench(Settings(home=home, allowed_roots=str(tmp_path / "allowed")))
    bench.concepts.begin(NAME, "A filled ellipse.")
    bench.jobs.start()
    yield bench
    bench.close()
