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
    assert end.code == 1
    assert "Write f1, precision=0.9 or recall=0.9." in " ".join(end.err.split())
    assert "f1, precision=0.9 or recall=0.9" in " ".join(ended("concept", "train", "--help").out.split())


@pytest.mark.parametrize("target", ["f1", "precision=0.9", "recall at least 0.8"])
def test_a_target_is_kept_with_the_version(answered: Path, discern: Callable[..., Any], target: str) -> None:
    discern("concept", "train", NAME, "--target", target)
    kept = discern("concept", "show", NAME)["heads"][0]["details"]["target"]
    assert kept == {"f1": "best F1", "precision=0.9": "precision at least 0.9"}.get(target, target)


def test_an_exported_version_is_whole_until_something_in_it_changes(
    answered: Path, discern: Callable[..., Any], ended: End, tmp_path: Path
) -> None:
    discern("concept", "train", NAME)
    exported = discern("concept", "export", NAME, "--out", tmp_path / "out")
    for path in (exported["folder"], exported["archive"]):
        found = discern("bundle", "check", path)
        assert (found["problems"], found["scores_pictures"]) == (
            [],
            False,
        )  # its encoder's licence is unknown
    (tmp_path / "out" / "scorer.py").write_text("print('something else')")
    end = ended("bundle", "check", exported["folder"])
    assert end.code == 1
    assert "Wrong: scorer.py has changed." in end.out


def test_a_changed_bundle_scores_only_where_that_is_accepted(
    answered: Path, discern: Callable[..., Any], ended: End, tmp_path: Path
) -> None:
    discern("concept", "train", NAME)
    folder = Path(discern("concept", "export", NAME, "--out", tmp_path / "out")["folder"])
    rows = discern("score", folder, "--out", tmp_path / "before.csv")["rows"]
    (folder / "README.md").unlink()
    end = ended("score", folder, "--out", tmp_path / "after.csv")
    assert (end.code, (tmp_path / "after.csv").exists()) == (1, False)
    assert "has changed since it was exported: README.md is missing. Copy or export it again." in end.err
    assert "--accept-changed" in end.err
    scored = discern("score", folder, "--out", tmp_path / "after.csv", "--accept-changed")
    assert scored["rows"] == rows
    assert (tmp_path / "after.csv").read_bytes() == (tmp_path / "before.csv").read_bytes()


def test_a_pinned_bundle_is_scored_with_and_no_other(
    answered: Path, discern: Callable[..., Any], ended: End, tmp_path: Path
) -> None:
    discern("concept", "train", NAME)
    exported = discern("concept", "export", NAME, "--out", tmp_path / "out")
    digest = ended("bundle", "digest", exported["folder"]).out.strip()
    assert discern("bundle", "digest", exported["archive"])["digest"] == digest
    out = tmp_path / "scores.csv"
    discern("score", exported["archive"], "--out", out, "--digest", digest)
    discern("concept", "train", NAME, "--target", "precision=0.8")
    other = discern("concept", "export", NAME, "--out", tmp_path / "other")
    before = out.read_bytes()
    end = ended("score", other["folder"], "--out", out, "--digest", digest)
    assert (end.code, out.read_bytes()) == (1, before)
    assert f"is not the bundle with the digest {digest}" in end.err
