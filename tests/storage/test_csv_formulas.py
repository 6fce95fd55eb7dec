"""What people write is text in every spreadsheet program, and comes back as they wrote it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.bundle import score
from concepts.labelling.files import read_label_file
from concepts.labelling.formats.tables import write_label_file
from concepts.labelling.rows import LABEL_COLUMNS
from storage.csv_files import escaped, restored
from storage.pictures.lists import paths_in

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "''=1", '=cmd|"/c calc"!A1']
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")


@pytest.mark.parametrize("text", [*FORMULAS, "", "a", "'", "'tis a ball", "''", "1-1", "a=b"])
def test_what_would_be_a_formula_begins_with_an_apostrophe_and_other_text_is_left_as_it_is(text: str) -> None:
    assert escaped(text) == (f"'{text}" if text in FORMULAS else text)
    assert text in FORMULAS or restored(text) == text


@given(st.text() | st.sampled_from(FORMULAS))
def test_whatever_is_written_comes_back_and_is_no_formula(text: str) -> None:
    assert restored(escaped(text)) == text
    assert not escaped(text).startswith(DANGEROUS)


@pytest.mark.parametrize("text", FORMULAS)
def test_a_label_file_has_no_live_cells_and_reads_back_the_same(tmp_path: Path, text: str) -> None:
    row = dict.fromkeys(LABEL_COLUMNS, "") | {"id": "a" * 64, "label": "yes", "author": text, "comment": text}
    for name in ("labels.csv", "labels.jsonl"):
        write_label_file(tmp_path / name, [row])
    with (tmp_path / "labels.csv").open(newline="") as file:
        assert not [cell for cells in csv.reader(file) for cell in cells if cell.startswith(DANGEROUS)]
    assert json.loads((tmp_path / "labels.jsonl").read_text())["comment"] == text
    (read,) = read_label_file(tmp_path / "labels.csv")
    assert (read.comment, read.author and read.author.name) == (text.strip(), text.strip())


def test_paths_in_scores_are_no_formulas_either(tmp_path: Path) -> None:
    many = len(FORMULAS)
    columns = {"id": ["a"] * many, "path": FORMULAS, "score": np.zeros(many), "decision": ["no"] * many}
    table = score.pa.table(columns)
    for suffix in (".csv", ".parquet"):
        score.write_scores(table.to_batches(), table.schema, tmp_path / f"scores{suffix}")
    with (tmp_path / "scores.csv").open(newline="") as file:
        written = [row["path"] for row in csv.DictReader(file)]
    assert written == [escaped(path) for path in FORMULAS]
    assert [path for _, path in paths_in(tmp_path / "scores.csv")] == FORMULAS
    assert score.pyarrow.parquet.read_table(tmp_path / "scores.parquet")["path"].to_pylist() == FORMULAS
