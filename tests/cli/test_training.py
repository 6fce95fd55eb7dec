"""`concept train` and `concept export`: what is refused, how it is spelled, and when it is told."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended

NAME = "Round thing"
End = Callable[..., Ended]


def test_without_answers_training_fails_and_says_how_to_get_some(pictures: Path, ended: End) -> None:
    end = ended("concept", "train", NAME, "--json")
    assert end.code == 1
    assert "0 yes and 0 no" in end.json["error"]
    assert "concept next" in end.json["what_to_do"]
    assert ended("concept", "export", NAME, "--out", "bundle").code == 1


@pytest.mark.parametrize("target", ["accuracy=0.9", "precision", "precision=1.5", "recall=0", ""])
def test_a_wrong_target_is_told_in_the_spelling_of_the_help(pictures: Path, ended: End, target: str) -> None:
    end = ended("concept", "train", NAME, "--target", target)
    assert end.code == 2
    assert "Write f1, precision=0.9 or recall=0.9." in " ".join(end.err.split())
    assert "f1, precision=0.9 or recall=0.9" in " ".join(ended("concept", "train", "--help").out.split())


@pytest.mark.parametrize("target", ["f1", "precision=0.9", "recall at least 0.8"])
def test_a_target_is_kept_with_the_version(answered: Path, discern: Callable[..., Any], target: str) -> None:
    discern("concept", "train", NAME, "--target", target)
    kept = discern("concept", "show", NAME)["heads"][0]["details"]["target"]
    assert kept == {"f1": "best F1", "precision=0.9": "precision at least 0.9"}.get(target, target)
