"""The command line over a library of its own: drawn pictures, a tiny open_clip model, one concept."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import discern, ended, shell  # noqa: F401  # fixtures
from drawing import draw_folder

from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures
from concepts.rooms import open_app
from concepts.settings import load_settings

NAME = "Round thing"


@pytest.fixture(scope="session")
def made_library(tmp_path_factory: pytest.TempPathFactory, tiny_open_clip: Path) -> tuple[Path, Path]:
    """(home, pictures): 60 drawings and a concept that is about the ellipses among them."""
    root = tmp_path_factory.mktemp("library")
    pictures = draw_folder(root / "pictures", 60)
    bench = open_app(load_settings(home=root / "home"))
    import_pictures(bench, [pictures], encoder=f"local-dir:{tiny_open_clip}").wait()
    begin_concept(bench, NAME, "A filled ellipse, not a rectangle.")
    bench.close()
    return root / "home", pictures


@pytest.fixture
def pictures(made_library: tuple[Path, Path], own_home: Path) -> Path:
    """The folder of the pictures; the library with them is in the test's own home."""
    shutil.copytree(made_library[0], own_home)
    return made_library[1]


@pytest.fixture
def answered(pictures: Path, discern: Callable[..., Any], tmp_path: Path) -> Path:  # noqa: F811
    """The library with all pictures answered by a SIMULATED person: an ellipse counts."""
    rows = [f"{p},{'yes' if 'ellipse' in p.name else 'no'}" for p in sorted(pictures.glob("*.png"))]
    (tmp_path / "answers.csv").write_text("\n".join(["path,label", *rows]))
    discern("concept", "labels", "import", NAME, tmp_path / "answers.csv", "--simulated")
    return pictures
