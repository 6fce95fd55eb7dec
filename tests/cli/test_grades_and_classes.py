"""Concepts that are answered by grades or classes, at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from command_line import Ended


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


def test_what_a_concept_is_answered_by_can_be_changed_before_anybody_answers(
    pictures: Path, discern: Callable[..., Any]
) -> None:
    discern("concept", "new", "Mess", "--description", "How messy.")
    assert discern("concept", "set", "Mess", "--graded", 7, "--counts-from", 5)["scale"]["counts_from"] == 5
    named = discern("concept", "set", "Mess", "--graded", 10, "--grade-names", "tidy, a mess")["scale"]
    assert (named["names"][0], named["names"][9]) == ("tidy", "a mess")
    assert discern("concept", "set", "Mess", "--yes-or-no")["scale"]["kind"] == "yes or no"
