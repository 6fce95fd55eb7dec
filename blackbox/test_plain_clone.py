"""A plain checkout: `pip install -r requirements.txt && python app.py`, with nothing built in it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from blackbox.pictures import draw_folder
from blackbox.running import API, ROOT, App, running

FILES = ("app.py", "concepts", "discern", "storage", "study", "web", "requirements.txt")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A checkout as git has it, without what `pip install -e .` puts into `concepts/encoders/packaged`."""
    folder = tmp_path / "clone"
    folder.mkdir()
    for name in FILES:
        if (ROOT / name).is_dir():
            left_out = shutil.ignore_patterns("__pycache__", "packaged")
            shutil.copytree(ROOT / name, folder / name, ignore=left_out)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def finds_pictures_by_words(app: App, pictures: Path) -> None:
    with running(app):
        body = {"name": "Ball", "description": "A round thing."}
        assert app.request("POST", f"{API}/concepts", body).status == 201
        added = app.finished(app.request("POST", f"{API}/library/pictures", {"paths": [str(pictures)]}).json)
        assert added["state"] == "done", added
        assert len(app.get("library/pictures", q="a ball")["pictures"]) == 12


@pytest.mark.slow
def test_it_serves_without_a_build_step(clone: Path, tmp_path: Path) -> None:
    """With the packages of this environment, but for what makes its own checkout known (a `.pth` file)."""
    here = {"PYTHONPATH": sysconfig.get_path("purelib")}
    program = [sys.executable, "-S", "app.py"]
    app = App(tmp_path / "home", tmp_path / "log", program, clone, **here)
    finds_pictures_by_words(app, draw_folder(tmp_path / "pictures", 12))


@pytest.mark.slow
def test_it_serves_in_a_bare_environment(clone: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=True, symlinks=True)
    python = str(bare / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-compile", "-r", "requirements.txt"]
    subprocess.run(pip, cwd=clone, env=os.environ | {"PYTHONPATH": ""}, check=True)
    app = App(tmp_path / "home", tmp_path / "log", [python, "app.py"], clone)
    finds_pictures_by_words(app, draw_folder(tmp_path / "pictures", 12))
