"""Answering without the app: a file with questions, filled in, imported."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from command_line import Ended

NAME = "Round thing"
End = Callable[..., Ended]


def fill(file: Path, only: int | None = None) -> None:
    """A SIMULATED person: ellipses count."""
    with file.open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows[:only]:
        row["label"] = "yes" if "ellipse" in row["path"] else "no"
    with file.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.parametrize("purpose", [(), ("--evaluation",)])
def test_a_file_with_questions_is_filled_and_imported(
    pictures: Path, discern: Callable[..., Any], tmp_path: Path, purpose: tuple[str, ...]
) -> None:
    file = tmp_path / "answers.csv"
    asked = discern("concept", "next", NAME, "--n", 6, "--out", file, *purpose)
    assert file.read_text().startswith("path,id,label,")
    fill(file, only=4)
    report = discern("concept", "labels", "import", NAME, file)
    assert (report["imported"], report["unanswered"], report["kept_for_evaluation"]) == (4, 2, 0)
    again = discern("concept", "next", NAME, "--n", 1, *purpose)
    assert again["remaining"] == asked["remaining"] - 4


def test_a_random_sample_says_what_became_of_it(pictures: Path, ended: End, tmp_path: Path) -> None:
    file = tmp_path / "sample.csv"
    file.write_text("\n".join(["path,label,split", *(f"{p},," for p in sorted(pictures.glob("*.png")))]))
    fill(file)
    said = ended("concept", "labels", "import", NAME, file, "--random").out
    assert "None of the 60 pictures joins the test set" in said  # which the draw of before fills
    assert "It takes 20 % of the library at most" in said


def test_people_are_told_what_to_do_with_the_file_and_none_is_written_over(
    pictures: Path, ended: End, tmp_path: Path
) -> None:
    file = tmp_path / "my answers.csv"
    end = ended("concept", "next", NAME, "--out", file)
    assert f"discern concept labels import 'Round thing' '{file}'" in end.out
    assert "no label yet" in end.out
    file.write_text("hours of work")
    end = ended("concept", "next", NAME, "--out", file, "--json")
    assert end.code == 1
    assert "is there already" in end.json["error"]
    assert file.read_text() == "hours of work"


def test_a_file_that_is_missing_or_has_only_bad_rows_is_told_in_words(
    pictures: Path, ended: End, tmp_path: Path
) -> None:
    end = ended("concept", "labels", "import", NAME, "answers.csv")
    assert end.code == 1
    assert end.err == "discern: There is no file or folder answers.csv. Check the spelling.\n"
    file = tmp_path / "answers.csv"
    file.write_text("path,label,split\nnowhere.png,yes,\nellipse-0000.png,yes,perhaps\n")
    end = ended("concept", "labels", "import", NAME, file)
    assert (end.code, end.out) == (1, "")
    assert "None of the 2 rows of answers.csv can be used. Row 2: no picture" in end.err
    assert "  row 3: split “perhaps”" in end.err
    end = ended("concept", "labels", "import", NAME, file, "--json")
    assert [row["row"] for row in end.json["bad_rows"]] == [2, 3]
