"""Studies of small things: pasted into photographs, and a person who frames what counts."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from drawing import draw, draw_folder

from concepts.errors import DiscernError
from study.pasted import COLUMNS, Pasted, paste
from study.pictures import read_folder
from study.study import Study, run_study


@pytest.fixture
def pasted(tmp_path: Path) -> Pasted:
    draw_folder(tmp_path / "objects" / "pictures", 30)
    (tmp_path / "photographs").mkdir()
    for number in range(24):
        draw("line", 500 + number).resize((96, 64)).save(tmp_path / "photographs" / f"{number}.png")
    for folder in ("objects", "photographs"):
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


def test_without_columns_of_where_things_are_it_says_what_is_missing(pasted: Pasted, tmp_path: Path) -> None:
    file = tmp_path / "objects" / "labels.csv"
    file.write_text(file.read_text().replace("shape", "thing"))
    concepts, out = tmp_path / "round.toml", tmp_path / "study"
    concepts.write_text("""["Round"]\ndescription = "A filled ellipse."\nwhen = 'thing == "ellipse"'\n""")
    of = Study(tmp_path / "objects", concepts, out, ("default", "parts"), (12,), 1, ("embedded",), 2)
    with pytest.raises(DiscernError, match="left, top, right, bottom"):
        run_study(of, lambda done, total, message: None)
