"""`discern study`: a folder of labelled pictures and a file of concepts → rows, timings and a report."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from drawing import draw_folder
from test_study import row

from concepts.errors import DiscernError
from study import study as whole
from study.concept_file import read_concepts
from study.methods import known_names, study_method
from study.report import write_results
from study.statistics import by_concept, paired, work_to_reach
from study.study import Found, Study

CONCEPTS = """
["Round"]
description = "A filled ellipse."
when = 'shape == "ellipse"'
facet = "shape"
searches = ["a disc", "a ball"]

["Box"]
description = "A rectangle."
when = 'shape == "rectangle" and number >= 0'
unsure = 'number == 5'
"""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = draw_folder(tmp_path / "data" / "pictures", 90).parent
    (folder / "pictures" / "broken.png").write_text("not a picture")
    with (folder / "labels.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["path", "shape", "number"])
        for number, file in enumerate(sorted((folder / "pictures").iterdir())):
            writer.writerow([f"pictures/{file.name}", file.name.partition("-")[0], number])
    return folder


@pytest.fixture
def concepts(tmp_path: Path) -> Path:
    file = tmp_path / "shapes.toml"
    file.write_text(CONCEPTS)
    return file


def test_it_writes_every_row_goes_on_where_it_was_and_gives_the_same_bytes(
    discern: Any,
    data: Path,
    concepts: Path,
    tmp_path: Path,
    tiny_open_clip: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def study(out: str, seeds: int) -> Path:
        options = ["--methods", "default,random,steady+blend", "--budgets", "0,6,12", "--seeds", seeds]
        encoder = ["--encoders", f"local-dir:{tiny_open_clip}"]
        found = discern(
            "study", "--data", data, "--concepts", concepts, "--out", tmp_path / out, *options, *encoder
        )
        assert found["rows"] == 2 * seeds * (3 * 3 + 1)
        return tmp_path / out

    first = study("first", 1)
    rows = pq.read_table(first / "runs.parquet").to_pylist()
    of_default = [row for row in rows if (row["concept"], row["method"]) == ("Box", "default")]
    counted = [(row["budget"], row["answers"], row["training_answers"]) for row in of_default]
    assert counted == [(0, 0, 0), (6, 0, 0), (12, 12, 4)]
    assert of_default[2]["person_seconds"] == 12 + 4  # a wall, and four clicks on it
    assert pq.read_table(first / "timings.parquet").num_rows == 8
    report = (first / "report.md").read_text()
    for words in ("steady+blend", "Kinds of what counts", "A person's seconds until", "Simulated people"):
        assert words in report
    assert "<h1>Study: shapes</h1>" in (first / "report.html").read_text()

    worked: list[str] = []
    work = whole._work
    monkeypatch.setattr(whole, "_work", lambda cell: worked.append(cell.method) or work(cell))
    monkeypatch.setattr(whole, "_worked_off", lambda cells: ((cell, whole._work(cell)) for cell in cells))
    study("first", 2)
    assert len(worked) == 8  # those of the second seed
    again = study("again", 2)
    assert (again / "runs.parquet").read_bytes() == (first / "runs.parquet").read_bytes()


@pytest.mark.slow
def test_encoders_are_compared_on_the_same_pictures_and_answers(
    discern: Any, data: Path, concepts: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    tiny = f"local-dir:{tiny_open_clip}"
    options = ["--methods", "random", "--budgets", 12, "--seeds", 1, "--encoders", f"embedded,{tiny}"]
    discern("study", "--data", data, "--concepts", concepts, "--out", tmp_path / "found", *options)
    rows = pq.read_table(tmp_path / "found" / "runs.parquet").to_pylist()
    both = ("embedded", tiny)
    assert {row["method"] for row in rows} == {
        f"{way}@{one}" for way in ("random", "all labels") for one in both
    }
    positives, precisions = (
        [
            sorted((row["concept"], row[of]) for row in rows if row["method"] == f"random@{one}")
            for one in both
        ]
        for of in ("positives", "average_precision")
    )
    assert positives[0] == positives[1]
    assert precisions[0] != precisions[1]
    report = (tmp_path / "found" / "report.md").read_text()
    assert "Paired differences to random@embedded" in report
    assert "with embedded, 0" in report
    costs = report.partition("| million parameters |")[2]
    assert [f"| {one} | " in costs for one in both] == [True, True]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "no concept"),
        ("x = [", "no TOML file"),
        ('["A"]\ndescription = "a"\nwhen = "shape == 1"\nsearches = "one"', "searches"),
        ('["A"]\ndescription = "a"', "concept “A”: when: Field required"),
        ('["A"]\ndescription = "a"\nwhen = "shape == 1"\ncolour = 1', "colour"),
        ("pool = -1", "pool is how many"),
        ("pool = true", "pool is how many"),
        ('list = "secret"', "tuning"),
        ("A = 1", "no table"),
    ],
)
def test_a_file_of_concepts_that_cannot_be_used_says_why(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "bad.toml"
    file.write_text(content)
    with pytest.raises(DiscernError, match=said):
        read_concepts(file)


def test_what_cannot_be_used_is_said_before_any_work(
    discern: Any, data: Path, concepts: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ["study", "--data", data, "--concepts", concepts, "--out", out]
    with pytest.raises(DiscernError, match="“psychic” is no method"):
        discern(*asked, "--methods", "psychic")
    for wrong, said in (
        (CONCEPTS.replace('"ellipse"', '"circle"'), r"No picture .* counts as “Round”"),
        ("pool = 91\n" + CONCEPTS, "a pool of 91 leaves no test picture"),
        (CONCEPTS.replace("number ==", "size =="), "no column “size”"),
    ):
        concepts.write_text(wrong)
        with pytest.raises(DiscernError, match=said):
            discern(*asked)
    (data / "labels.csv").unlink()
    with pytest.raises(DiscernError, match=r"no labels\.csv"):
        discern(*asked)
    assert not out.exists()


def test_every_way_can_be_named_alone_and_joined() -> None:
    for name in known_names():
        study_method(name)
    joined = study_method("steady+margin+blend")
    assert (joined.ways.head, joined.ways.acquisition, joined.scorer) == ("steady", "margin", "blend")


def test_differences_are_paired_by_concept_and_their_interval_is_over_concepts() -> None:
    better = {f"c{i}": {20: 0.5 + 0.01 * i + 0.05} for i in range(10)}
    worse = {f"c{i}": {20: 0.5 + 0.01 * i} for i in range(10)}
    found = paired(better, worse, 20)
    assert (round(found.mean, 6), round(found.low, 6), round(found.high, 6)) == (0.05, 0.05, 0.05)
    mixed = {f"c{i}": {20: 0.5 + (-1) ** i * 0.1} for i in range(10)}
    unsure = paired(mixed, worse, 20)
    assert unsure.low < 0 < unsure.high
    assert paired(better, worse, 50) is None


def test_the_work_to_reach_a_level_is_the_first_budget_whose_mean_does() -> None:
    rows = [row("a", "m", seed, b, ap) for seed in (0, 1) for b, ap in ((10, 0.5), (20, 0.9), (50, 0.95))]
    assert by_concept(rows)["a"] == {10: 0.5, 20: 0.9, 50: 0.95}
    found = work_to_reach(rows, {"a": 1.0}, 0.9)["a"]
    assert found.budget == 20
    assert work_to_reach(rows, {"a": 1.0}, 0.99) == {"a": None}


def test_looks_at_a_confirming_list_are_kept_beside_it_and_reported(concepts: Path, tmp_path: Path) -> None:
    concepts.write_text('list = "confirming"\n' + CONCEPTS)
    for name in ("random", "random", "margin"):
        asked = Study(tmp_path, concepts, tmp_path, (name,), (6,), 1, ("embedded",), start_positives=0)
        rows = [row("Round", method, 0, 6, 0.5) for method in (name, whole.ALL_LABELS)]
        write_results(asked, Found(rows, {}, read_concepts(concepts)))
    looks = concepts.with_suffix(".looks.txt").read_text().splitlines()
    said = [look.partition(": ")[2] for look in looks]
    assert said == ["random; budgets 6; 1 seeds", "margin; budgets 6; 1 seeds"]
    assert all(look in (tmp_path / "report.md").read_text() for look in looks)
