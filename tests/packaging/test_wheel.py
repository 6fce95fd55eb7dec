"""A wheel has everything, takes no name but its own, and works where there is no checkout."""

from __future__ import annotations

import ast
import json
import os
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import draw_folder
from images import answers, free_port, ready

from setup import moved

ROOT = Path(__file__).parents[2]
PACKAGES = ("concepts", "discern", "storage", "study", "web")
FILES = ("app.py", "setup.py", "pyproject.toml", "requirements-slim.txt", "README.md", "LICENSE")
BUILT_FROM = (*PACKAGES, *FILES)

WITH_PYTORCH = {"torch", "torchvision", "open_clip", "open_clip_torch", "timm", "transformers", "onnxscript"}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that nothing is left in the repository."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", out, source], check=True)
    (built,) = out.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The programs of a fresh virtual environment with the wheel; dependencies come from this one, but for
    PyTorch and what asks for it."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    dependencies = folder / "dependencies"
    dependencies.mkdir()
    for place in map(Path, site.getsitepackages()):
        for there in place.iterdir():
            if there.name.partition(".")[0].partition("-")[0].lower() not in WITH_PYTORCH:
                (dependencies / there.name).symlink_to(there)
    # A path in a .pth file is searched, but its own .pth files are not: no checkout comes in with it.
    (packages / "dependencies.pth").write_text(str(dependencies))
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", wheel], check=True)
    return folder / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path, own_home: Path, encoder_cache: Path) -> Path:
    """A working folder that is no checkout, and a data folder with the encoder's cache of all tests."""
    own_home.mkdir()
    (own_home / "cache").symlink_to(encoder_cache)
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


@pytest.fixture
def run(installed: Path, elsewhere: Path) -> Run:
    def run(program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        line = [str(installed / program), *map(str, arguments)]
        return subprocess.run(
            line, cwd=elsewhere, env=without_path(), capture_output=True, text=True, check=True
        )

    return run


def without_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_it_takes_one_name_and_leaves_no_file_out(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"discern"}
    ours = {
        str(file.relative_to(ROOT / "discern") if package == "discern" else file.relative_to(ROOT))
        for package in PACKAGES
        for file in (ROOT / package).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts and file.suffix != ".pyi"  # Gradio writes those
    }
    assert {f"discern/{name}" for name in ours | {"app.py"}} - names == set()


def test_the_command_works_outside_of_the_checkout_and_without_pytorch(run: Run, tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run("python", "-c", "import torch")
    assert "No module named 'torch'" in failed.value.stderr
    run("discern", "library", "add", draw_folder(tmp_path / "pictures", 6))
    found = json.loads(run("discern", "library", "info", "--json").stdout)
    assert (found["encoder"], found["pictures"]) == ("embedded", 6)
    assert json.loads(run("discern", "library", "search", "a lemon", "--json").stdout)
    with pytest.raises(subprocess.CalledProcessError) as failed:
        run("discern", "library", "reembed", "ViT-B-32-256/datacomp_s34b_b86k")
    assert "pip install 'discern[openclip]'" in failed.value.stderr


def test_the_app_is_served_outside_of_the_checkout(installed: Path, elsewhere: Path) -> None:
    port = free_port()
    environment = without_path() | {"DISCERN_PORT": port}
    with (elsewhere / "log").open("w") as log:
        command = [installed / "discern", "run"]
        app = subprocess.Popen(command, cwd=elsewhere, env=environment, stdout=log, stderr=log)
    with ready(app, elsewhere / "log", lambda: answers(f"http://127.0.0.1:{port}/healthz")):
        pass
    assert app.returncode == 0


def test_the_library_and_the_laboratory_are_found_in_it_under_no_other_name(run: Run) -> None:
    code = """
import discern, importlib.util
from discern.concepts.learning.acquisition import ACQUISITIONS
from discern.concepts.learning.heads import HEADS
from discern.concepts.learning.scorers import SCORERS
print([name for name in discern.__all__ if getattr(discern, name) is None])
print([name for name in ("app", "concepts", "storage", "study", "web") if importlib.util.find_spec(name)])
print(HEADS["steady"].__module__, SCORERS["cache"].__module__, ACQUISITIONS["random"].__module__, sep="\\n")
"""
    assert run("python", "-c", code).stdout.splitlines() == [
        "[]",
        "[]",
        "discern.study.heads.steady",
        "discern.study.scorers.cache",
        "discern.study.acquisitions.before",
    ]
    assert "--noise" in run("discern", "study", "--help").stdout


def test_importing_it_loads_nothing_heavy() -> None:
    code = "import discern, sys; print({'torch', 'lancedb', 'gradio', 'sqlalchemy'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from concepts import errors\n", "from discern.concepts import errors\n"),
        ("if 1:\n    from web.http import guard\n", "if 1:\n    from discern.web.http import guard\n"),
        ("from app import main\n", "from discern.app import main\n"),
        ("import storage.tables as tables\n", "import discern.storage.tables as tables\n"),
        ("import storage.tables\n", "import discern.storage.tables; from discern import storage\n"),
        ("from . import storage\n", "from . import storage\n"),
        ("from storages import web\nimport application\n", "from storages import web\nimport application\n"),
        ('text = """\nfrom concepts import errors\n"""\n', 'text = """\nfrom concepts import errors\n"""\n'),
    ],
)
def test_imports_say_where_modules_are_in_a_wheel(before: str, after: str) -> None:
    assert moved(before) == after


def test_no_module_is_named_in_a_string() -> None:
    """It would be another one in a wheel: `__package__` says which."""
    named = {}
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and is_module(node.value):
                    named[f"{file.relative_to(ROOT)}:{node.lineno}"] = node.value
    assert named == {}


def is_module(text: str) -> bool:
    root, *rest = text.partition(":")[0].split(".")
    if root not in PACKAGES or not rest or not all(part.isidentifier() for part in rest):
        return False
    place = ROOT.joinpath(root, *rest)
    return place.is_dir() or place.with_suffix(".py").is_file()
