"""Files of other tools at the command line: words are asked for, given a meaning, and taken."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended

NAME = "Round thing"


def rooms(pictures: Path, to: Path) -> Path:
    for place, word in (("ellipse-0000.png", "very messy"), ("line-0002.png", "clean")):
        (to / word).mkdir(parents=True)
        shutil.copy(pictures / place, to / word)
    return to


def test_the_words_of_a_file_are_shown_with_counts_and_how_to_say_what_they_mean(
    pictures: Path, ended: Callable[..., Ended], discern: Callable[..., Any], tmp_path: Path
) -> None:
    folder = rooms(pictures, tmp_path / "rooms")
    asked = ended("concept", "labels", "import", NAME, folder)
    assert asked.code == 1
    assert "“very messy” (1)" in asked.err
    assert "Nothing was taken." in asked.err
    assert "--as clean=yes --as 'very messy=no'" in asked.err
    words = ended("concept", "labels", "import", NAME, folder, "--json").json["words"]
    assert words == [{"word": "clean", "rows": 1}, {"word": "very messy", "rows": 1}]
    seen = ended("concept", "labels", "import", NAME, folder, "--preview", "--as", "clean=no")
    assert "image-folder: labels of 2 pictures of the library." in seen.out
    assert "?" in seen.out
    taken = discern("concept", "labels", "import", NAME, folder, "--as", "clean=no", "--as", "very messy=yes")
    assert taken["imported"] == 2


def test_answers_go_out_for_another_tool(
    answered: Path, ended: Callable[..., Ended], discern: Callable[..., Any], tmp_path: Path
) -> None:
    out = tmp_path / "tasks.json"
    written = discern("concept", "labels", "export", NAME, "--format", "label-studio", "--out", out)
    assert written == {"format": "label-studio", "out": str(out), "pictures": 60, "left_out": {}}
    assert len(json.loads(out.read_text())) == 60
    folder = ended(
        "concept", "labels", "export", NAME, "--format", "image-folder", "--copies", "--out", tmp_path / "f"
    )
    assert f"60 pictures in {tmp_path / 'f'}, for image-folder." in folder.out
    refused = ended("concept", "labels", "export", NAME, "--format", "yolo", "--out", tmp_path / "x")
    assert refused.code == 2
    assert "There are: csv, jsonl, fiftyone, label-studio, coco" in refused.err
