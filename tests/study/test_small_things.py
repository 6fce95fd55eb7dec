"""Studies of small things: pasted into photographs, and a person who frames what counts."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from drawing import draw, draw_folder

from concepts.errors import DiscernError
from study.pasted import COLUMNS, Pasted, paste
from study.pictures import read_folder
from study.study import Study, run_study

CONCEPTS = """
["Round"]
description = "A filled ellipse."
when = 'thing == "ellipse"'
"""


@pytest.fixture
def pasted(tmp_path: Path) -> Pasted:
    draw_folder(tmp_path / "objects" / "pictures", 30)
    (tmp_path / "photographs").mkdir()
    for folder, size in (("objects", None), ("photographs", (96, 64))):
        if size:
            for number in range(24):
                draw("line", 500 + number).resize(size).save(tmp_path / folder / f"{number}.png")
        files = sorted((tmp_path / folder).rglob("*.png"))
        with (tmp_path / folder / "labels.csv").open("w", newline="") as stream:
            rows = [(file.relative_to(tmp_path / folder), file.name.partition("-")[0]) for file in files]
            csv.writer(stream).writerows([("path", "shape"), *rows])
    return Pasted(
        tmp_path / "objects", tmp_path / "photographs", tmp_path / "out", "shape", 2, 0.02, 0.05, 2, 0
    )


def test_every_photograph_comes_so_often_with_a_thing_of_the_size_that_is_said(pasted: Pasted) -> None:
    assert paste(pasted) == 48
    found = read_folder(pasted.out)
    assert found.columns == COLUMNS
    assert {row["thing"] for row in found.rows.values()} <= {"ellipse", "line", "rectangle"}
    for row in found.rows.values():
        left, top, right, bottom = (float(row[edge]) for edge in ("left", "top", "right", "bottom"))
        assert 0 <= left < right <= 1
        assert 0 <= top < bottom <= 1
        assert 0.015 < (right - left) * (bottom - top) < 0.06
        assert float(row["area"]) == pytest.approx((right - left) * (bottom - top), rel=0.1)


def study(data: Path, out: Path) -> Study:
    concepts = out / "round.toml"
    out.mkdir()
    concepts.write_text(CONCEPTS)
    return Study(data, concepts, out, ("default", "parts"), (12,), 1, ("embedded",), 2)


@pytest.mark.slow
def test_who_frames_small_things_finds_more_of_them(pasted: Pasted, tmp_path: Path) -> None:
    paste(pasted)
    found = run_study(study(pasted.out, tmp_path / "study"), lambda done, total, message: None)
    by_method = {row.method: row for row in found.rows if row.method != "all labels"}
    assert by_method["parts"].person_seconds > by_method["default"].person_seconds
    assert np.isfinite(by_method["parts"].average_precision)


def test_without_columns_of_where_things_are_it_says_what_is_missing(pasted: Pasted, tmp_path: Path) -> None:
    file = tmp_path / "objects" / "labels.csv"
    file.write_text(file.read_text().replace("shape", "thing"))
    with pytest.raises(DiscernError, match="left, top, right, bottom"):
        run_study(study(tmp_path / "objects", tmp_path / "study"), lambda done, total, message: None)
