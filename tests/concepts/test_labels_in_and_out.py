"""Label files: what is taken, what is reported, and what never trains."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import DiscernError, NotEnoughLabelsError, NoUsableRowsError
from concepts.labelling.asking import Purpose
from concepts.labelling.consensus import consensus
from concepts.labelling.files import new_labels, read_label_file, without_contradictions
from concepts.labelling.label_files import import_label_file, label_rows, write_questions
from concepts.labelling.labels import next_pictures, unlabelled_left
from concepts.labelling.rows import BadRow, LabelRow, OpenRow, checked_rows
from concepts.library.collection import collection_of
from concepts.results.concepts import concept_state
from concepts.results.trained import train
from concepts.use_cases import Concept
from storage.csv_files import restored
from storage.labels import Author, LabelEvent
from storage.tables import now

ME = Author("me")


def write(path: Path, rows: list[dict], encoding: str = "utf-8", delimiter: str = ",") -> Path:
    columns = list(dict.fromkeys(key for row in rows for key in row)) or ["path", "label"]
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.DictWriter(stream, columns, delimiter=delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_file_that_contradicts_itself_names_both_rows_and_takes_neither(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    one, other = pictures / "ellipse-0006.png", pictures / "line-0002.png"
    rows = [(one, "yes"), (other, "0"), (one, "no"), (one, "yes")]
    file = write(tmp_path / "a.csv", [{"path": path, "label": label} for path, label in rows])
    for imported, unchanged in ((1, 0), (0, 1)):  # importing again changes nothing
        report = import_label_file(concept, file)
        assert (report["imported"], report["unchanged"]) == (imported, unchanged)
        assert [row["row"] for row in report["bad_rows"]] == [2, 4, 5]
        assert "row 4 says no" in report["bad_rows"][0]["reason"]
        assert "row 2 says yes" in report["bad_rows"][1]["reason"]
    assert [row["label"] for row in label_rows(concept)] == ["no"]


def test_a_file_of_only_bad_rows_or_without_our_columns_is_refused(concept: Concept, tmp_path: Path) -> None:
    rows = [{"path": "nowhere.png", "label": "yes"}, {"path": "b", "label": "yes", "split": "x"}]
    why = r"None of the 2 rows of a\.csv can be used\. Row 2"
    with pytest.raises(NoUsableRowsError, match=why) as caught:
        import_label_file(concept, write(tmp_path / "a.csv", rows))
    assert [number for number, _ in caught.value.rows] == [2, 3]
    with pytest.raises(DiscernError, match="picture, verdict"):
        import_label_file(concept, write(tmp_path / "a.csv", [{"picture": "a", "verdict": 1}]))


def test_rows_that_are_still_open_are_counted_and_their_file_never_replaced(
    concept: Concept, tmp_path: Path
) -> None:
    file = tmp_path / "questions.csv"
    assert write_questions(next_pictures(concept, 3), file) == 3
    report = import_label_file(concept, file)
    assert (report["imported"], report["unanswered"], report["bad_rows"]) == (0, 3, [])
    file.write_text("hours of work")
    with pytest.raises(DiscernError, match="is there already"):
        write_questions([], file)
    assert file.read_text() == "hours of work"


@pytest.mark.parametrize("purpose", ["train", "evaluation"])
def test_every_answer_leaves_one_picture_less(concept: Concept, tmp_path: Path, purpose: Purpose) -> None:
    before = unlabelled_left(concept, purpose)
    rows = [{"id": p.id, "label": "yes"} for p in next_pictures(concept, 4, purpose=purpose)]
    import_label_file(concept, write(tmp_path / "a.csv", rows))
    assert unlabelled_left(concept, purpose) == before - 4
    assert len(next_pictures(concept, 1000, purpose=purpose)) <= before - 4


def test_evaluation_pictures_only_measure_whatever_a_file_says(concept: Concept, tmp_path: Path) -> None:
    held_out = next_pictures(concept, 5, purpose="evaluation")
    rows = [{"id": picture.id, "label": "yes", "split": "train"} for picture in held_out]
    assert import_label_file(concept, write(tmp_path / "a.csv", rows))["kept_for_evaluation"] == 5
    with pytest.raises(NotEnoughLabelsError, match="0 yes and 0 no"):
        concept.begin(train).wait()


def event(author: str, value: str, kind: str = "person") -> LabelEvent:
    return LabelEvent(1, "k", "a", value, Author(author, kind), 1, "", now(), None)


def test_people_who_disagree_make_a_conflict_until_one_side_has_more_votes_and_a_machine_has_none() -> None:
    tie = [event("ana", "yes"), event("ben", "no")]
    assert consensus(tie)["a"].value == "conflict"
    assert consensus([*tie, event("cy", "no")])["a"].value == "no"
    assert consensus([event("ana", "yes"), event("robot", "no", "annotator")])["a"].value == "yes"


def test_conflicts_are_shown_and_train_nothing(concept: Concept, pictures: Path, tmp_path: Path) -> None:
    path = pictures / "ellipse-0003.png"
    rows = [{"path": path, "label": value, "author": who} for who, value in (("ana", "yes"), ("ben", "no"))]
    import_label_file(concept, write(tmp_path / "a.csv", rows))
    assert concept_state(concept).conflicts == [collection_of(concept.app).library.resolve(str(path))]
    with pytest.raises(NotEnoughLabelsError, match="0 yes and 0 no"):
        concept.begin(train).wait()


texts = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)


@given(st.lists(st.fixed_dictionaries({"path": texts, "label": texts, "split": texts}), max_size=8))
def test_any_table_gives_one_result_per_row(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    folder = tmp_path_factory.mktemp("rows")
    found = list(read_label_file(write(folder / "a.csv", [{"path": "x", "label": "yes"}, *rows])))
    assert isinstance(found[0], LabelRow)
    assert len(found) == len(rows) + 1
    (folder / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    assert len(list(read_label_file(folder / "a.jsonl"))) == len(rows)


# What may stand in a cell: a delimiter, quotes and line breaks, too. No apostrophe before a formula, as
# reading takes it away.
cells = st.text(st.characters(codec="utf-8", exclude_characters="\0\r"), max_size=12).filter(
    lambda text: restored(text) == text
)
values = st.sampled_from(["yes", "no", ""])
rows_of_cells = st.fixed_dictionaries({"path": cells.filter(str.strip), "label": values, "comment": cells})


@given(
    st.lists(rows_of_cells, max_size=6),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-32"]),
    st.sampled_from([",", ";", "\t"]),
)
def test_a_table_reads_the_same_whichever_program_saved_it(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, str]], encoding: str, delimiter: str
) -> None:
    file = write(tmp_path_factory.mktemp("table") / "a.csv", rows, encoding, delimiter)
    found = [
        (row.picture, row.value, row.comment) if isinstance(row, LabelRow) else type(row)
        for row in read_label_file(file)
    ]
    expected = [(row["path"].strip(), row["label"], row["comment"].strip()) for row in rows]
    assert found == [row if row[1] else OpenRow for row in expected]


def test_an_unknown_encoding_and_a_file_that_is_not_there_are_refused_with_the_mend(tmp_path: Path) -> None:
    for encoding in ("cp1252", "utf-16-le"):
        file = write(tmp_path / "a.csv", [{"path": name, "label": "yes"} for name in ("a", "zoë")], encoding)
        with pytest.raises(DiscernError, match=r"a\.csv is not UTF-8 .*CSV UTF-8.*iconv -f CP1252 -t UTF-8"):
            list(read_label_file(file))
    with pytest.raises(DiscernError, match=r"^There is no file .*answers\.csv\. Check the spelling\.$"):
        list(read_label_file(tmp_path / "answers.csv"))


@pytest.mark.parametrize(
    "line",
    [
        *("{", "[1]", '{"label": "yes"}'),
        *('{"path": "a", "label": "\\ud800"}', '{"path": "\\u0000", "label": "yes"}'),  # no database keeps it
        json.dumps({"path": "a", "label": "yes", "author": "a" * 201}),
    ],
)
def test_a_bad_line_of_json_is_a_bad_row(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(line)
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
        LabelRow(line, picture, value, Author(author or "me"), None, comment)
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


def test_many_rows_about_one_picture_are_each_looked_at_once_and_their_remarks_have_a_bound() -> None:
    """Compared with each other, these would take hours."""
    rows = [LabelRow(line, "a.png", "yes", ME, comment=f"{line % 1000}") for line in range(300_000)]
    assert without_contradictions(rows) == (rows, [])
    (fresh,), unchanged = new_labels(rows, [], ME, 1, {})
    assert (fresh.comment.count("\n"), unchanged) == (999, len(rows) - 1)
    rows = [LabelRow(line, "a.png", "yes", ME, comment=f"{line:05}" * 100) for line in range(41)]
    usable, bad = without_contradictions([*rows, LabelRow(50, "b.png", "yes", ME)])
    assert [row.picture for row in usable] == ["b.png"]
    assert "more than 20,000 characters" in bad[0].reason


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
