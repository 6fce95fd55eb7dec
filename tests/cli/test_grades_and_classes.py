"""Concepts that are answered by grades or classes, at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended


def test_a_graded_concept_is_begun_answered_and_trained(pictures: Path, discern: Callable[..., Any]) -> None:
    begun = discern("concept", "new", "Roundness", "--description", "How round it is.", "--graded", 5)
    assert begun["scale"] == {
        "kind": "graded",
        "words": ["1", "2", "3", "4", "5"],
        "counts_from": 3,
        "names": [],
    }
    for index, picture in enumerate(sorted(pictures.glob("*.png"))[:6]):
        discern("concept", "labels", "add", "Roundness", picture, str(1 + index % 5))
    rows = discern("concept", "labels", "undo", "Roundness")
    assert rows[0]["value"] == "1"
    trained = discern("concept", "train", "Roundness")
    assert trained["kind"] == "proportional odds"


def test_classes_are_given_by_name_and_what_is_none_is_refused(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended]
) -> None:
    made = discern("concept", "new", "Shape", "--description", "Which shape.", "--classes", "ellipse, line")
    assert made["scale"]["words"] == ["ellipse", "line"]
    picture = sorted(pictures.glob("*.png"))[0]
    discern("concept", "labels", "add", "Shape", picture, "ellipse")
    end = ended("concept", "labels", "add", "Shape", picture, "triangle")
    assert end.code != 0
    assert "ellipse, line, none, unsure or skip" in end.err
    late = ended("concept", "set", "Shape", "--graded", "5")
    assert "has been answered already" in late.err


def test_words_of_a_file_can_mean_a_class(
    pictures: Path, discern: Callable[..., Any], ended: Callable[..., Ended], tmp_path: Path
) -> None:
    discern("concept", "new", "Room", "--description", "Which room.", "--classes", "kitchen, bath room")
    file = tmp_path / "rooms.csv"
    file.write_text(f"path,label\n{sorted(pictures.glob('*.png'))[0]},tub\n")
    end = ended("concept", "labels", "import", "Room", file)
    assert "--as tub=kitchen" in end.err
    assert "it may mean kitchen, bath room, none, unsure" in end.err
    assert discern("concept", "labels", "import", "Room", file, "--as", "tub=bath room")["imported"] == 1


def test_what_a_concept_is_answered_by_can_be_changed_before_anybody_answers(
    pictures: Path, discern: Callable[..., Any]
) -> None:
    discern("concept", "new", "Mess", "--description", "How messy.")
    assert discern("concept", "set", "Mess", "--graded", 7, "--counts-from", 5)["scale"]["counts_from"] == 5
    named = discern("concept", "set", "Mess", "--graded", 10, "--grade-names", "tidy, a mess")["scale"]
    assert (named["names"][0], named["names"][9]) == ("tidy", "a mess")
    assert discern("concept", "set", "Mess", "--yes-or-no")["scale"]["kind"] == "yes or no"
