"""Every format reads what it writes, loses no answer, and takes any file of a stranger or says why not."""

from __future__ import annotations

import contextlib
import math
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from concepts.errors import DiscernError
from concepts.labelling.formats import FORMATS, format_of, writable, written_formats
from concepts.labelling.formats.base import LabelledPicture, PersonLabel
from concepts.labelling.rows import BadRow, LabelRow, OpenRow, checked_rows

WRITTEN = written_formats()
AUTHORLESS = ("image-folder",)  # its folders are what people say together, and hold only yes and no


def out_of(name: str, folder: Path) -> Path:
    return folder / f"out{writable(name).suffix}"


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_written_is_read_again(name: str, labelled: list[LabelledPicture], tmp_path: Path) -> None:
    out = out_of(name, tmp_path)
    done = writable(name).write(out, labelled)
    rows = list(checked_rows(format_of(out).read(out)))
    assert format_of(out).method.name == name, "its own file is recognised"
    places = {picture.path: picture.id for picture in labelled} | {p.id: p.id for p in labelled}
    answers = [row for row in rows if isinstance(row, LabelRow)]
    found = {(places[row.picture], row.value, (row.author.name, row.author.kind)) for row in answers}
    if name in AUTHORLESS:
        decided = [p for p in labelled if p.label not in ("conflict", "unsure")]
        assert found == {(p.id, p.label or p.decision, ("me", "person")) for p in decided}
        assert (done.pictures, done.left_out) == (3, {"neither yes nor no": 2})
        return
    assert found == {(p.id, a.value, (a.author, a.author_kind)) for p in labelled for a in p.answers}
    assert {type(row) for row in rows} == {LabelRow, OpenRow}, "who has only a score has no answer"
    assert {row.comment for row in answers} == {"", 'not “round”,\nnot a "ball"'}
    assert done.pictures == 5
    assert not done.left_out


@pytest.mark.parametrize("name", list(FORMATS))
def test_what_is_no_such_file_is_refused_in_words_or_has_no_usable_row(name: str, tmp_path: Path) -> None:
    (tmp_path / "some.json").write_text('{"a": [1, {"b": null}]}')
    for file in (tmp_path / "none.json", tmp_path / "some.json"):
        rows = [BadRow(0, "refused")]
        with contextlib.suppress(DiscernError):
            rows = list(checked_rows(FORMATS[name]().read(file)))
        assert {type(row) for row in rows} == {BadRow}


KINDS = [
    pa.array([2**62], pa.timestamp("us")),
    pa.array([2**31 - 1], pa.date32()),
    pa.array([2**62], pa.duration("ns")),
    pa.array([b"\xff"]),
    pa.StringArray.from_buffers(1, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")),  # no UTF-8
    pa.array([math.nan]),
    pa.array([Decimal(10) ** 30]),
    pa.array([-1], pa.int64()),
    pa.array([True]),
    pa.nulls(1),
    pa.array([["a"]]),
    pa.array([[[{"value": "yes", "author": 3}]]]),
    pa.array([{"path": {"a": 1}, "bytes": 2}]),
    pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int64())),
    pa.array(["yes"]).dictionary_encode(),
]


@pytest.mark.parametrize("name", ["hugging-face", "img2dataset"])
@pytest.mark.parametrize("values", KINDS, ids=lambda values: str(values.type)[:20])
def test_a_parquet_column_of_any_type_gives_rows_or_is_refused_in_words(
    name: str, values: pa.Array, tmp_path: Path
) -> None:
    usual = {"path": ["/a.png"], "url": ["https://a.test/a.png"], "caption": ["a"], "label": ["yes"]}
    for column in (*usual, "id", "image", "key", "answers", "more"):
        pq.write_table(pa.table(usual | {column: values}), tmp_path / "a.parquet")
        rows: list[Any] = [BadRow(0, "refused")]
        with contextlib.suppress(DiscernError):
            rows = list(checked_rows(FORMATS[name]().read(tmp_path / "a.parquet")))
        assert len(rows) == 1, column


@pytest.mark.parametrize("values", KINDS[:2], ids=["a time", "a day"])
def test_a_time_that_python_cannot_say_is_passed_over(values: pa.Array, tmp_path: Path) -> None:
    pq.write_table(pa.table({"path": ["/a.png"], "label": ["yes"], "when": values}), tmp_path / "a.parquet")
    (row,) = checked_rows(FORMATS["hugging-face"]().read(tmp_path / "a.parquet"))
    assert isinstance(row, LabelRow)


def test_two_columns_of_one_name_are_refused(tmp_path: Path) -> None:
    columns = [pa.array([value]) for value in ("/a.png", "/b.png", "yes")]
    table = pa.Table.from_arrays(columns, names=["path", "path", "label"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DiscernError, match="has several columns “path”"):
        list(FORMATS["hugging-face"]().read(tmp_path / "a.parquet"))


texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30)
answers = st.builds(
    PersonLabel,
    st.sampled_from(["yes", "no", "unsure", "skip"]),
    texts.filter(lambda text: text.strip()),
    st.sampled_from(["person", "simulated"]),
    st.sampled_from(["", "train", "evaluation"]),
    st.just(""),
    texts,
)


@pytest.mark.parametrize("name", [name for name in WRITTEN if name not in AUTHORLESS])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(said=st.lists(st.lists(answers, max_size=3), max_size=4))
def test_any_answers_come_back_as_they_were(name: str, said: list[list[PersonLabel]]) -> None:
    named = [(f"{number:064x}", f"/p/{number}.png", given) for number, given in enumerate(said)]
    pictures = [LabelledPicture(i, place, 10, 20, "", tuple(given)) for i, place, given in named]
    with tempfile.TemporaryDirectory() as folder:
        out = out_of(name, Path(folder))
        writable(name).write(out, pictures)
        rows = [row for row in checked_rows(FORMATS[name]().read(out)) if isinstance(row, LabelRow)]
    found = [(r.picture, r.value, r.author.name, r.author.kind, r.split or "", r.comment) for r in rows]
    assert found == [
        (p.id, a.value, a.author.strip(), a.author_kind, a.split, a.comment.strip())
        for p in pictures
        for a in p.answers
    ]
