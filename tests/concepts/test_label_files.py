"""Reading label files as people and spreadsheets write them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import DiscernError
from concepts.labelling.files import new_labels, read_label_file, without_contradictions
from concepts.labelling.rows import BadRow, LabelRow, OpenRow, checked_rows
from storage.csv_files import restored
from storage.labels import Author, LabelEvent
from storage.tables import now

ME = Author("me")


def written(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter).writerows([["path", "label", "comment"], *rows])
    path.write_bytes(out.getvalue().encode(encoding))
    return path


# What may stand in a cell: a delimiter, quotes and line breaks, too. No apostrophe before a formula, as
# reading takes it away.
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12).filter(
    lambda text: restored(text) == text
)
pictures = cells.filter(str.strip)


@given(
    rows=st.lists(st.tuples(pictures, st.sampled_from(["yes", "no", ""]), cells), max_size=6),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
)
def test_a_table_reads_the_same_whichever_program_saved_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, str, str]], encoding: str, delimiter: str
) -> None:
    file = written(tmp_path_factory.mktemp("table") / "a.csv", rows, encoding, delimiter)
    found = [
        (row.picture, row.value, row.comment) if isinstance(row, LabelRow) else type(row)
        for row in read_label_file(file)
    ]
    assert found == [
        (picture.strip(), value, comment.strip()) if value else OpenRow for picture, value, comment in rows
    ]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le"])
def test_an_encoding_that_cannot_be_told_is_refused_with_the_mend(tmp_path: Path, encoding: str) -> None:
    file = written(tmp_path / "a.csv", [("a.png", "yes", ""), ("zoë.png", "yes", "")], encoding)
    with pytest.raises(DiscernError, match=r"a\.csv is not UTF-8 .*CSV UTF-8.*iconv -f CP1252 -t UTF-8"):
        list(read_label_file(file))


def test_a_file_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(DiscernError, match=r"^There is no file .*answers\.csv\. Check the spelling\.$"):
        list(read_label_file(tmp_path / "answers.csv"))


@pytest.mark.parametrize("text", ['{"path": "a", "label": "\\ud800"}', '{"path": "\\u0000", "label": "yes"}'])
def test_what_no_database_can_keep_is_a_bad_row(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.jsonl").write_text(text)
    assert [type(row) for row in read_label_file(tmp_path / "a.jsonl")] == [BadRow]


def test_an_author_too_long_to_be_kept_is_a_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"path": "a", "label": "yes", "author": "a" * 201}))
    assert [type(row) for row in read_label_file(tmp_path / "a.jsonl")] == [BadRow]


said = st.tuples(
    st.sampled_from("abc"), st.sampled_from(["yes", "no", "unsure"]), st.sampled_from(["", "ana"]),
    st.sampled_from(["", "why", "why not"]),
)  # fmt: skip


@given(st.lists(said, max_size=12))
def test_importing_a_file_again_changes_nothing_whatever_is_in_it(
    rows: list[tuple[str, str, str, str]],
) -> None:
    read = [
        LabelRow(line, picture, value, Author(author or "me"), None, comment)  # type: ignore[arg-type]
        for line, (picture, value, author, comment) in enumerate(rows, start=2)
    ]
    usable, bad = without_contradictions(read)
    fresh, unchanged = new_labels(usable, [], ME, 1, {})
    assert len(usable) + len(bad) == len(rows)
    assert len(fresh) + unchanged == len(usable)
    assert len({(label.picture_id, label.author) for label in fresh}) == len(fresh)
    standing = [
        LabelEvent(1, kept.key, kept.picture_id, kept.value, kept.author, 1, kept.comment, now(), None)
        for kept in fresh
    ]
    assert new_labels(usable, standing, ME, 1, {}) == ([], len(usable))


def test_many_rows_about_one_picture_are_each_looked_at_once() -> None:
    """Compared with each other, these would take hours."""
    rows = [LabelRow(line, "a.png", "yes", ME, comment=f"{line % 1000}") for line in range(300_000)]
    assert without_contradictions(rows) == (rows, [])
    (fresh,), unchanged = new_labels(rows, [], ME, 1, {})
    assert (fresh.comment.count("\n"), unchanged) == (999, len(rows) - 1)


@pytest.mark.parametrize(
    ("column", "why"),
    [
        ({"path": "a/" * 3000}, "path has more than 4,096"),
        ({"comment": "x" * 20_001}, "comment has more than 20,000"),
        ({"label": "yes" * 70}, "label has more than 200"),
        ({"author": ["ana"]}, "several values as its author"),
    ],
)
def test_a_row_with_more_than_one_reads_is_a_bad_one(column: dict[str, object], why: str) -> None:
    (row,) = checked_rows([(1, {"path": "a.png", "label": "yes"} | column)])
    assert isinstance(row, BadRow)
    assert why in row.reason


def test_all_that_one_person_remarks_on_a_picture_has_a_bound() -> None:
    rows = [LabelRow(line, "a.png", "yes", ME, comment=f"{line:05}" * 100) for line in range(41)]
    usable, bad = without_contradictions([*rows, LabelRow(50, "b.png", "yes", ME)])
    assert [row.picture for row in usable] == ["b.png"]
    assert "more than 20,000 characters" in bad[0].reason
