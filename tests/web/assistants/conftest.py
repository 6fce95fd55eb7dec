"""The small library for assistants, with jobs that run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from concepts.results.concepts import begin_concept
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App

NAME = "Round thing"


@pytest.fixture
def home(made_home: Path, own_home: Path) -> Path:
    shutil.copytree(made_home, own_home)
    return own_home


@pytest.fixture
def bench(home: Path, tmp_path: Path) -> Iterator[App]:
    """Jobs run; pictures may be read from `tmp_path / "allowed"` alone. “Round thing” has begun."""
    (tmp_path / "allowed").mkdir()
    bench = open_app(Settings(home=home, allowed_roots=str(tmp_path / "allowed")))
    begin_concept(bench, NAME, "A filled ellipse.")
    bench.jobs.start()
    yield bench
    bench.close()
