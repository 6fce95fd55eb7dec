"""A package of somebody else adds a head and an encoder, and both are used by their names."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from drawing import draw_folder

ROOT = Path(__file__).parents[2]
METADATA = "Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n"
ENTRY_POINTS = """
[discern.heads]
eager = stranger.heads:Eager
broken = stranger.nowhere:Head

[discern.encoders]
pixels = stranger.encoders:Pixels8
"""
HEADS = """
import numpy as np

from concepts.learning.base import LinearHead
from concepts.learning.heads import Head
from concepts.learning.heads import require_both
from concepts.registry import Method


class Eager(Head):
    method = Method("eager", "Follows the pictures that count.", "this test", "", "nothing")

    def fit(self, data, text_direction, seed):
        require_both(data)
        yes, no = (data.vectors[side].mean(axis=0) for side in (data.positive, ~data.positive))
        return LinearHead("eager", np.asarray(yes - no, np.float64), 0.0)
"""
ENCODERS = '''
import numpy as np

from concepts.encoders.base import Fingerprint, as_stored, unit
from concepts.registry import Method


class Pixels8:
    """A picture is its 64 pixels in three colours, and a text means nothing."""

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
'''
# Runs where the package is installed: commands, and between them answers.
DRIVER = """
import contextlib, io, json, sys
from discern.__main__ import main
from concepts.settings import load_settings
from concepts.workbench import Workbench

def run(*arguments):
    told, sys.argv = io.StringIO(), ["discern", *arguments, "--json"]
    with contextlib.redirect_stdout(told):
        try:
            main()
        except SystemExit as end:
            return end.code, json.loads(told.getvalue())

said = [run("library", "add", sys.argv[1], "--encoder", "pixels"), run("library", "info")]
bench = Workbench(load_settings())
begun = bench.concepts.begin("Round", "A filled ellipse, not a rectangle.")
begun.definition.mine(40).wait()
for picture in begun.labels.next_pictures(12):
    value = "yes" if "ellipse" in picture.path else "no"
    begun.labels.give(picture.id, value, author="simulation", simulated=True)
bench.close()
said += [run("concept", "train", "Round", "--head", name) for name in ("eager", "broken", "forest")]
print(json.dumps(said))
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """A folder as pip leaves one."""
    folder = tmp_path / "packages"
    (folder / "stranger").mkdir(parents=True)
    (folder / "stranger-1.0.dist-info").mkdir()
    for name, text in (
        ("stranger-1.0.dist-info/METADATA", METADATA),
        ("stranger-1.0.dist-info/entry_points.txt", ENTRY_POINTS),
        ("stranger/__init__.py", ""),
        ("stranger/heads.py", HEADS),
        ("stranger/encoders.py", ENCODERS),
    ):
        (folder / name).write_text(text)
    return folder


@pytest.mark.slow
def test_its_head_and_its_encoder_are_used_and_what_is_broken_in_it_is_named(
    stranger: Path, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(stranger)])}
    command = [sys.executable, "-c", DRIVER, str(draw_folder(tmp_path / "drawn", 40))]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    ended = json.loads(done.stdout.splitlines()[-1])
    assert [code for code, _ in ended] == [0, 0, 0, 1, 2]
    _, info, eager, broken, unknown = (said for _, said in ended)
    assert info["fingerprint"].startswith("pixels-")
    assert eager["kind"] == "eager"
    assert "head “broken” of the package stranger" in broken["error"]
    assert "pip uninstall stranger" in broken["what_to_do"]
    names = unknown["error"].partition("There are: ")[2].strip(".").split(", ")
    assert "eager" in names
    assert "broken" not in names
