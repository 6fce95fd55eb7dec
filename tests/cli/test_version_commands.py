"""Training and exporting: what is refused, how it is spelled, and the one-file page."""

from __future__ import annotations

import csv
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended

from concepts.errors import WrongUsageError

NAME = "Round thing"
End = Callable[..., Ended]


def test_without_answers_training_fails_and_says_how_to_get_some(pictures: Path, ended: End) -> None:
    end = ended("concept", "train", NAME, "--json")
    assert end.code == 1
    assert "0 yes and 0 no" in end.json["error"]
    assert "concept next" in end.json["what_to_do"]
    assert ended("concept", "export", NAME, "--out", "bundle").code == 1


def test_a_wrong_target_is_told_in_the_spelling_of_the_help(pictures: Path, ended: End) -> None:
    for target in ("accuracy=0.9", "precision", "precision=1.5", "recall=0", ""):
        end = ended("concept", "train", NAME, "--target", target)
        assert end.code == 2, target
        assert "Write f1, precision=0.9 or recall=0.9." in " ".join(end.err.split()), target
    assert "f1, precision=0.9 or recall=0.9" in " ".join(ended("concept", "train", "--help").out.split())


def test_a_target_is_kept_with_the_version(answered: Path, discern: Callable[..., Any]) -> None:
    for target in ("precision=0.9", "recall at least 0.8"):
        discern("concept", "train", NAME, "--target", target)
    heads = discern("concept", "show", NAME)["heads"]
    assert [head["details"]["target"] for head in heads] == ["precision at least 0.9", "recall at least 0.8"]


def test_evaluate_begins_with_a_verdict_and_says_where_all_figures_are(answered: Path, ended: End) -> None:
    ended("concept", "train", NAME)
    plain = ended("concept", "evaluate", NAME).out.splitlines()
    assert re.match(r"(Good|Fair|Weak|Too early|Not better|It flags)", plain[0])
    assert plain[1].startswith("Measured on ")
    assert "Brier" not in "".join(plain)
    assert "Brier" in ended(*shlex.split(plain[-1].partition(": discern ")[2])).out


def test_what_is_exported_without_figures_says_so_and_an_empty_folder_leaves_the_scores_of_before(
    pictures: Path, ended: End, tmp_path: Path
) -> None:
    file, empty, scores = tmp_path / "learned.csv", tmp_path / "empty", tmp_path / "scores.csv"
    ended("concept", "next", NAME, "--n", "20", "--out", file)
    rows = list(csv.DictReader(file.read_text().splitlines()))
    said = "".join(f"{row['id']},{'yes' if 'ellipse' in row['path'] else 'no'}\n" for row in rows)
    file.write_text(f"id,label\n{said}")
    ended("concept", "labels", "import", NAME, file)
    ended("concept", "train", NAME)
    assert "Not measured yet" in ended("concept", "export", NAME, "--out", tmp_path / "bundle").out
    empty.mkdir()
    scores.write_text("of before")
    end = ended("score", tmp_path / "bundle", empty, "--out", scores)
    assert end.code == 1
    assert f"No picture was found in {empty}." in end.err
    assert scores.read_text() == "of before"


def test_a_page_is_written_and_the_audit_says_by_whom(
    answered: Path, discern: Callable[..., Any], tmp_path: Path
) -> None:
    discern("concept", "train", NAME)
    page = tmp_path / "page.html"
    assert discern("concept", "export", NAME, "--html", page, "--author", "ana") == {"html": str(page)}
    assert NAME in page.read_text(encoding="utf-8")
    for wrong, advice in (
        (("--out", tmp_path / "bundle", "--classifier"), "--html"),
        (("--html", page, "--page"), "--html"),
        ((), "--out"),
    ):
        with pytest.raises(WrongUsageError, match=advice):
            discern("concept", "export", NAME, *wrong)
    (deed,) = discern("system", "audit")
    assert (deed["who"], deed["what"]) == ("ana", "shared a version as a file")
