"""The examples of `docs/adding-a-method.md`: each is written into a copy of the repository and used; so are a
head and an encoder of somebody else's package."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder

ROOT = Path(__file__).parents[2]
NAME = "Round thing"
NEW = ("mirrored", "plain", "likeliest", "nearest_mean")
CONTRACTS = (
    "tests/test_registries.py",
    "tests/annotators/test_annotator_contract.py",
    "tests/encoders/test_encoder_contract.py",
    "tests/learning/test_acquisition_contract.py",
    "tests/learning/test_head_contract.py",
    "tests/learning/test_scorer_contract.py",
)

# Runs in the copy: the commands of the page, with what a person does in between. A drawing counts if its
# file is called ellipse; the answers are simulated.
DRIVER = """
import json, sys
from typer.testing import CliRunner
from concepts.cli import app
from concepts.labelling.labels import give_label, next_pictures
from concepts.settings import load_settings
from concepts.rooms import open_app

recipe = json.loads(sys.stdin.read())
NAME, said = recipe["name"], {}

def run(*arguments):
    result = CliRunner().invoke(app, [*arguments, "--json"])
    if result.exit_code:
        raise result.exception
    return json.loads(result.stdout)

def command(number):
    words = recipe["commands"][number].split()
    known = {"NAME": NAME, "FOLDER": recipe["folder"]}
    return run(*(known.get(word, word) for word in words))

said["added"] = command(0)
said["info"] = run("library", "info")
run("concept", "new", NAME, "--description", "A filled ellipse, not a rectangle.")
said["annotated"] = command(1)
bench = open_app(load_settings())

def answer(pictures):
    for picture in pictures:
        value = "yes" if "ellipse" in picture.path else "no"
        give_label(bench.concept(NAME), picture.id, value, author="simulation", simulated=True)

rounds = []
for _ in range(3):
    exec(recipe["ask"])
    rounds.append([[picture.reason, picture.probability] for picture in asked])
    answer(asked)
answer(next_pictures(bench.concept(NAME), 40, purpose="evaluation"))
bench.close()
said["asked"] = rounds
said["trained"] = command(2)
said["measured"] = run("concept", "evaluate", NAME)
exported = run("concept", "export", NAME, "--out", "bundle")
said["scored"] = run("score", exported["folder"], "--out", "scores.csv")
said["bundle"] = json.loads(open(f"{exported['folder']}/head.json").read())
said["stranger"] = run("concept", "train", NAME, "--head", "eager")["kind"]
try:
    run("concept", "train", NAME, "--head", "broken")
except Exception as error:
    said["broken"] = str(error)
run("library", "reembed", "pixels")
said["reembedded"] = run("library", "info")
print(json.dumps(said))
"""

# A package of somebody else, as pip leaves one.
STRANGER = {
    "stranger-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n",
    "stranger-1.0.dist-info/entry_points.txt": """
[discern.heads]
eager = stranger:Eager
broken = stranger.nowhere:Head

[discern.encoders]
pixels = stranger:Pixels8
""",
    "stranger.py": """
import numpy as np

from concepts.encoders.base import Fingerprint, as_stored, unit
from concepts.learning.base import LinearHead
from concepts.learning.heads import Head
from concepts.registry import Method


class Eager(Head):
    method = Method("eager", "Follows the pictures that count.", "this test", "", "nothing")

    def fit(self, data, text_direction, seed):
        yes, no = (data.vectors[side].mean(axis=0) for side in (data.positive, ~data.positive))
        return LinearHead("eager", np.asarray(yes - no, np.float64), 0.0)


class Pixels8:
    # A picture is its 64 pixels in three colours, and a text means nothing.

    method = Method("pixels", "Compares colours.", "this test", "", "nothing")
    name, licence, dimension, decode_size = "pixels", "MIT", 192, 8
    fingerprint = Fingerprint("pixels", "", "8 x 8", "float32")

    @classmethod
    def load(cls, name, cache):
        return cls()

    def prepare(self, picture):
        return np.asarray(picture.resize((8, 8)), np.float32).transpose(2, 0, 1) / 255 - 0.5

    def encode_pictures(self, batch):
        return as_stored(unit(batch.reshape(len(batch), -1)))

    def encode_texts(self, texts):
        return unit(np.ones((len(texts), self.dimension)))
""",
}


@pytest.fixture(scope="module")
def blocks() -> list[str]:
    """The code blocks of the examples, in their order."""
    text = (ROOT / "docs" / "adding-a-method.md").read_text(encoding="utf-8")
    return re.findall(r"^```(?:python)?\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def copy(blocks: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with the recipes carried out: a block that begins with a path makes that file, or is
    added to it."""
    copy = tmp_path_factory.mktemp("tour") / "repository"
    ignore = shutil.ignore_patterns("__pycache__")
    for folder in ("concepts", "storage", "study", "tests"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", copy)
    made, extended = [], []
    for block in blocks:
        first, _, rest = block.partition("\n")
        if first.startswith("# concepts/"):
            file = copy / first.removeprefix("# ")
            (extended if file.exists() else made).append(file)
            with file.open("a", encoding="utf-8") as stream:
                stream.write(rest)
    assert len(made) == len(extended) == len(NEW)
    for name, text in STRANGER.items():
        file = copy.with_name("packages") / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return copy


def python(copy: Path, *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(copy.with_name("packages"))}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        **more,
    )


@pytest.mark.slow
def test_every_recipe_and_a_package_of_somebody_else_are_used_through_the_real_path(
    copy: Path, blocks: list[str], own_home: Path, encoder_cache: Path, tmp_path: Path
) -> None:
    own_home.mkdir(parents=True)
    (own_home / "cache").symlink_to(encoder_cache)
    commands = [b.removeprefix("discern ").strip() for b in blocks if b.startswith("discern ")]
    (ask,) = [block for block in blocks if "next_pictures" in block]
    recipe = {
        "name": NAME,
        "folder": str(draw_folder(tmp_path / "drawn", 120)),
        "commands": commands,
        "ask": ask,
    }
    done = python(copy, "-c", DRIVER, input=json.dumps(recipe))
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["added"]["added"] == 120
    assert said["info"]["fingerprint"].startswith("mirrored-")
    assert said["annotated"]["annotator"] == "plain"
    assert said["annotated"]["annotated"] > 0
    assert [[reason for reason, _ in asked] for asked in said["asked"]] == [["likely"] * 10] * 3
    last = [probability for _, probability in said["asked"][-1]]
    assert last == sorted(last, reverse=True)
    (facts,) = said["bundle"]["concepts"]
    assert said["trained"]["kind"] == facts["head"]["details"]["head"] == "nearest_mean"
    assert said["measured"]["head"] == 1
    assert said["scored"]["rows"] == 120
    assert said["stranger"] == "eager"
    assert "head “broken” of the package stranger" in said["broken"]
    assert said["reembedded"]["fingerprint"].startswith("pixels-")


@pytest.mark.slow
def test_every_recipe_keeps_its_contract(copy: Path, encoder_cache: Path) -> None:
    cache = copy / ".pytest_cache" / "d"
    cache.mkdir(parents=True)
    (cache / "encoders").symlink_to(encoder_cache)
    done = python(copy, "-m", "pytest", *CONTRACTS, "-k", " or ".join(NEW))
    assert done.returncode == 0, done.stdout
    passed = int(re.findall(r"(\d+) passed", done.stdout)[-1])
    assert passed > 40
