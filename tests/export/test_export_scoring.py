"""Scores of many pictures as a file."""

from __future__ import annotations

import csv
import errno
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from small_disk import SmallDisk

from concepts.bundle import score
from concepts.bundle.heads import BundleHead
from concepts.bundle.load import Bundle
from concepts.bundle.score import Rows, ScoreCounts, file_rows, schema_of, score_rows, write_scores
from concepts.errors import DiscernError


@pytest.fixture
def bundle(head, facts) -> Bundle:
    return Bundle((BundleHead(head),), facts)


def batches(count: int, size: int) -> Iterator[tuple[list[str], list[str], np.ndarray]]:
    rng = np.random.default_rng(3)
    for start in range(0, count, size):
        rows = range(start, min(start + size, count))
        vectors = rng.normal(size=(len(rows), 8)).astype(np.float32)
        yield [f"{row:064x}" for row in rows], [f"/pictures, old/{row}.jpg" for row in rows], vectors


def scored(bundle: Bundle, of: Iterable[tuple[list[str], list[str], np.ndarray]]) -> Rows:
    return score_rows(bundle, ((ids, paths, bundle.outputs(vectors)) for ids, paths, vectors in of))


def read(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".parquet":
        return pyarrow.parquet.read_table(path).to_pylist()
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize("name", ["scores.csv", "scores.parquet", "SCORES.CSV"])
def test_every_picture_gets_its_own_score_and_decision(tmp_path, bundle, monkeypatch, name):
    monkeypatch.setattr(score, "ROWS_AT_ONCE", 20)
    counts = write_scores(scored(bundle, batches(50, 7)), schema_of(bundle), tmp_path / "new" / name)
    vectors = np.concatenate([vectors for _, _, vectors in batches(50, 7)])
    expected = bundle.head.probabilities(vectors)
    rows = read(tmp_path / "new" / name)
    assert list(rows[0]) == ["id", "path", "score", "decision"]
    assert [row["id"] for row in rows] == [f"{i:064x}" for i in range(50)]
    assert [row["path"] for row in rows] == [f"/pictures, old/{i}.jpg" for i in range(50)]
    assert [float(row["score"]) for row in rows] == pytest.approx(expected.tolist(), abs=1e-12)
    assert [row["decision"] for row in rows] == ["yes" if p >= 0.4 else "no" for p in expected]
    assert counts == ScoreCounts(rows=50, yes=int((expected >= 0.4).sum()))
    assert 0 < counts.yes < 50


def test_no_pictures_give_a_header_and_a_path_that_is_not_utf8_is_written_readably(tmp_path, bundle):
    for name in ("scores.csv", "scores.parquet"):
        assert write_scores(scored(bundle, []), schema_of(bundle), tmp_path / name) == ScoreCounts(0, 0)
        assert read(tmp_path / name) == []
    one = (["a"], [os.fsdecode(b"/old/caf\xe9.jpg")], np.zeros((1, 8), np.float32))
    write_scores(scored(bundle, [one]), schema_of(bundle), tmp_path / "s.csv")
    assert read(tmp_path / "s.csv")[0]["path"] == "/old/caf\\xe9.jpg"


def test_damaged_vectors_and_those_of_another_shape_are_refused(bundle):
    with pytest.raises(DiscernError, match="shape"):
        bundle.outputs(np.zeros((2, 9)))
    vectors = np.zeros((2, 8), np.float32)
    vectors[1, 3] = np.nan
    with pytest.raises(DiscernError, match="picture second"):
        list(scored(bundle, [(["first", "second"], ["a", "b"], vectors)]))


def test_files_of_which_none_can_be_read_are_rows_with_the_reason(tmp_path, bundle):
    nothing = bundle.outputs(np.empty((0, 8), np.float32))
    bad = [("/a.jpg", "is no picture"), ("/b.jpg", "is truncated")]
    counts = write_scores(
        file_rows(bundle, [([], [], nothing, bad)]), schema_of(bundle, of_files=True), tmp_path / "s.csv"
    )
    rows = read(tmp_path / "s.csv")
    assert [(row["path"], row["error"], row["score"]) for row in rows] == [(*one, "") for one in bad]
    assert counts == ScoreCounts(rows=2, yes=0)


@pytest.mark.parametrize("name", ["scores.xlsx", "scores", "scores.csv.gz"])
def test_other_formats_are_refused_before_any_scoring(tmp_path, bundle, name):
    def never() -> Iterator[pyarrow.RecordBatch]:
        pytest.fail("it started to score")
        yield

    with pytest.raises(DiscernError, match=r"\.csv or \.parquet"):
        write_scores(never(), schema_of(bundle), tmp_path / name)


def test_a_run_that_fails_leaves_the_old_file_and_no_half(tmp_path, bundle):
    out = tmp_path / "scores.csv"
    out.write_text("old")

    def broken() -> Iterator[tuple[list[str], list[str], np.ndarray]]:
        yield from batches(10, 5)
        raise DiscernError("The disk with the pictures is gone.")

    with pytest.raises(DiscernError, match="is gone"):
        write_scores(scored(bundle, broken()), schema_of(bundle), out)
    assert out.read_text() == "old"
    assert os.listdir(tmp_path) == ["scores.csv"]  # noqa: PTH208


def test_a_file_is_whole_or_not_there_and_what_a_killed_run_left_is_replaced(tmp_path, bundle):
    out, left = tmp_path / "scores.parquet", tmp_path / ".scores.parquet.partial"
    left.write_bytes(b"half")
    there: list[Path] = []

    def rows() -> Iterator[pyarrow.RecordBatch]:
        for batch in scored(bundle, batches(10, 5)):
            there.extend(tmp_path.iterdir())
            yield batch

    write_scores(rows(), schema_of(bundle), out)
    assert there == [left, left]
    assert len(read(out)) == 10
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_full_disk_is_said_in_its_own_words_and_leaves_nothing(
    bundle: Bundle, small_disk: SmallDisk, suffix: str
) -> None:
    small_disk.fill()
    out = small_disk.folder / f"scores{suffix}"
    before = sorted(small_disk.folder.iterdir())
    with pytest.raises(DiscernError, match=r"can't be written to .*: No space left on device\.$"):
        write_scores(scored(bundle, batches(2000, 500)), schema_of(bundle), out)
    assert sorted(small_disk.folder.iterdir()) == before


def test_what_the_disk_says_of_a_written_file_is_said_and_leaves_nothing(
    tmp_path: Path, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(file: int) -> None:
        raise OSError(errno.EIO, "")

    monkeypatch.setattr(score.os, "fsync", fails)
    with pytest.raises(DiscernError, match=os.strerror(errno.EIO)):
        write_scores(scored(bundle, batches(10, 5)), schema_of(bundle), tmp_path / "s.csv")
    assert list(tmp_path.iterdir()) == []
