"""One table of what all finished concepts say of all pictures."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from concepts.errors import DiscernError
from concepts.library import placed_scores
from concepts.library.collection import collection_of
from concepts.results.concepts import begin_concept
from concepts.results.heads import head_of
from concepts.results.library import picture_count
from concepts.results.rules import write_table, write_table_to, written_tables
from concepts.results.scores import score_file
from concepts.results.training import linear_head
from concepts.results.trash import put_into_trash
from concepts.use_cases import App
from storage.heads import StoredHead
from storage.places import Places
from storage.vectors.ids import PictureIds

NAME, OTHER = "Round thing", "=Dark one"


@pytest.fixture
def bench(trained: App) -> App:
    """With two finished concepts, one that isn't, one for another encoder, and one that is archived."""
    bench = trained
    head = head_of(bench.concept(NAME))
    for name, fingerprint in ((OTHER, head.fingerprint), ("Foreign", "another"), ("Old", head.fingerprint)):
        concept = begin_concept(bench, name, "Something else.")
        changed = vars(head) | {"threshold": 0.3, "bias": head.bias - 1, "fingerprint": fingerprint}
        bench.heads.add(concept.id, StoredHead(**changed))
    begin_concept(bench, "New", "Nothing yet.")
    put_into_trash(bench, concept="Old", author="me")
    return bench


def test_a_row_a_picture_and_of_each_concept_what_its_version_says(bench: App, tmp_path: Path) -> None:
    result = write_table_to(bench, tmp_path / "all.parquet").wait()
    assert (result.concepts, sorted(result.left_out)) == ({NAME: 1, OTHER: 1}, ["Foreign", "New"])
    assert "another encoder" in result.left_out["Foreign"]
    assert "no trained version" in result.left_out["New"]
    table = pq.read_table(tmp_path / "all.parquet")
    names = [f"{name}: {what}" for name in (NAME, OTHER) for what in ("score", "decision", "version")]
    assert table.column_names == ["id", "path", *names]
    vectors = collection_of(bench).index()
    assert table["id"].to_pylist() == list(vectors.ids)
    assert all(Path(path).is_file() for path in table["path"].to_pylist())
    for name in (NAME, OTHER):
        head = linear_head(head_of(bench.concept(name)))
        exact = head.logits(vectors.vectors(table["id"].to_pylist()))
        expected = 1 / (1 + np.exp(-exact))
        assert table[f"{name}: score"].to_pylist() == pytest.approx(expected.tolist(), abs=1e-12)
        said = ["yes" if p >= head.threshold else "no" for p in table[f"{name}: score"].to_pylist()]
        assert table[f"{name}: decision"].to_pylist() == said


def test_one_for_download_is_listed_and_nothing_is_begun_where_there_is_nothing_to_write(
    bench: App, tmp_path: Path
) -> None:
    for name, said in (("New", None), ("Old", "is in the trash")):
        with pytest.raises(DiscernError, match=said):
            write_table(bench, "csv", [name])
    with pytest.raises(DiscernError, match="CSV or Parquet"):
        write_table_to(bench, tmp_path / "all.txt").wait()
    assert written_tables(bench) == []
    job = write_table(bench, "csv", [OTHER])
    job.wait()
    (written,) = written_tables(bench)
    assert (written.job, written.suffix, written.concepts, written.left_out) == (job.id, "csv", 1, 0)
    with score_file(bench, job.id).open(newline="") as file:
        heading, *rows = csv.reader(file)
    assert heading == ["id", "path", "'=Dark one: score", "'=Dark one: decision", "'=Dark one: version"]
    assert len(rows) == picture_count(bench)


def test_places_that_are_read_through_are_those_that_are_looked_up(
    bench: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever is quicker; a picture at several places is at the first, one in the bin nowhere."""
    collection = collection_of(bench)
    reader = collection.index()
    ids = list(reader.ids)
    assert max(len(collection.library.picture(one).sources) for one in ids) == 2
    put_into_trash(bench, pictures=[ids[1]], author="me")
    expected = [collection.paths(ids).get(one, "") for one in ids]
    assert [one for one, place in zip(ids, expected, strict=True) if not place] == [ids[1]]
    monkeypatch.setattr(placed_scores, "AT_ONCE", 4)
    columns = np.ones((len(reader.vectors(ids[:1])[0]), 1))
    for few in (placed_scores.FEW, 0):
        monkeypatch.setattr(placed_scores, "FEW", few)
        parts = [*placed_scores.with_places(collection, reader, columns, lambda *told: None)]
        assert [one for some, *_ in parts for one in some.to_pylist()] == ids
        assert [place for _, places, _ in parts for place in places.to_pylist()] == expected


def test_what_goes_wrong_while_it_is_read_ahead_stops_the_table(
    bench: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(placed_scores, "AT_ONCE", 4)
    monkeypatch.setattr(placed_scores, "AHEAD", 1)
    asked: list[str] = []

    def first(self: Places, ids: PictureIds) -> pa.StringArray:
        asked.append(next(iter(ids)))
        if len(asked) == 3:
            raise DiscernError("The disk is gone.")
        return pa.array([""] * len(ids), pa.string())

    monkeypatch.setattr(Places, "first", first)
    with pytest.raises(DiscernError, match="The disk is gone"):
        write_table_to(bench, tmp_path / "all.csv").wait()
    assert list(tmp_path.glob("*all.csv*")) == []
    assert len(asked) <= 3 + placed_scores.AHEAD
