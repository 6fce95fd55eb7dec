"""Label files: what is taken, what is reported, and what never trains."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from concepts.errors import DiscernError, NotEnoughLabelsError, NoUsableRowsError
from concepts.labelling.consensus import consensus
from concepts.labelling.files import read_label_file
from concepts.labelling.rows import BadRow, LabelRow
from concepts.workbench import Concept, Workbench
from concepts.workbench.context import Purpose
from concepts.workbench.label_files import LabelFiles
from storage.labels import Author, LabelEvent
from storage.tables import now


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_unknown_pictures_and_bad_rows_are_reported_and_the_rest_is_taken(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    file = write(
        tmp_path / "answers.csv",
        [
            {"path": pictures / "ellipse-0006.png", "label": "yes"},
            {"path": "nowhere.png", "label": "yes"},
            {"path": pictures / "line-0002.png", "label": "yes", "split": "perhaps"},
            {"path": pictures / "rectangle-0001.png", "label": "0"},
        ],
    )
    report = concept.label_files.import_file(file)
    assert (report["imported"], report["unknown_pictures"]) == (2, 1)
    assert [row["row"] for row in report["bad_rows"]] == [3, 4]


def test_what_was_remarked_after_an_answer_is_exported_and_is_no_news_when_it_comes_back(
    concept: Concept, tmp_path: Path
) -> None:
    picture = concept.labels.next_pictures(1)[0].id
    concept.labels.give(picture, "yes", author="me", comment="It is round.")
    concept.labels.comment(picture, "And filled.", author="me", key="second", beside=True)
    out = tmp_path / "answers.csv"
    concept.label_files.export_file(out)
    rows = list(csv.DictReader(out.open(newline="")))
    assert [row["comment"] for row in rows] == ["It is round.\nAnd filled."]
    report = concept.label_files.import_file(out)
    assert (report["imported"], report["unchanged"]) == (0, 1)


def test_a_file_that_contradicts_itself_names_both_rows_and_takes_neither(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    one, other = pictures / "ellipse-0006.png", pictures / "line-0002.png"
    rows = [(one, "yes"), (other, "no"), (one, "no"), (one, "yes")]
    file = write(tmp_path / "a.csv", [{"path": path, "label": label} for path, label in rows])
    for imported, unchanged in ((1, 0), (0, 1)):  # importing again changes nothing
        report = concept.label_files.import_file(file)
        assert (report["imported"], report["unchanged"]) == (imported, unchanged)
        assert [row["row"] for row in report["bad_rows"]] == [2, 4, 5]
        assert "row 4 says no" in report["bad_rows"][0]["reason"]
        assert "row 2 says yes" in report["bad_rows"][1]["reason"]
    assert [row["label"] for row in concept.label_files.rows()] == ["no"]


def test_a_file_of_only_bad_rows_is_an_error_that_lists_them(concept: Concept, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.csv",
        [{"path": "nowhere.png", "label": "yes"}, {"path": "b", "label": "yes", "split": "x"}],
    )
    with pytest.raises(
        NoUsableRowsError, match=r"None of the 2 rows of a\.csv can be used\. Row 2"
    ) as caught:
        concept.label_files.import_file(file)
    assert [number for number, _ in caught.value.rows] == [2, 3]


def test_rows_that_are_still_to_be_filled_are_counted_and_are_no_error(
    concept: Concept, tmp_path: Path
) -> None:
    asked = concept.labels.next_pictures(3)
    assert LabelFiles.write_questions(asked, tmp_path / "questions.csv") == 3
    report = concept.label_files.import_file(tmp_path / "questions.csv")
    assert (report["imported"], report["unanswered"], report["bad_rows"]) == (0, 3, [])


def test_questions_never_replace_a_file_that_somebody_may_have_filled(tmp_path: Path) -> None:
    (tmp_path / "questions.csv").write_text("hours of work")
    with pytest.raises(DiscernError, match="is there already"):
        LabelFiles.write_questions([], tmp_path / "questions.csv")
    assert (tmp_path / "questions.csv").read_text() == "hours of work"


@pytest.mark.parametrize("purpose", ["train", "evaluation"])
def test_every_answer_leaves_one_picture_less(concept: Concept, tmp_path: Path, purpose: Purpose) -> None:
    before = concept.labels.remaining(purpose)
    rows = [{"id": p.id, "label": "yes"} for p in concept.labels.next_pictures(4, purpose=purpose)]
    concept.label_files.import_file(write(tmp_path / "a.csv", rows))
    assert concept.labels.remaining(purpose) == before - 4
    assert len(concept.labels.next_pictures(1000, purpose=purpose)) <= before - 4


def test_what_was_exported_is_the_same_when_imported_elsewhere(
    concept: Concept, pictures: Path, tmp_path: Path
) -> None:
    rows = [
        {"path": p, "label": "yes" if "ellipse" in p.name else "no", "author": "ana", "comment": 'ä, "b"'}
        for p in sorted(pictures.glob("*-00[0-4]*.png"))
    ]
    concept.label_files.import_file(write(tmp_path / "a.csv", rows))
    for name in ("out.csv", "out.jsonl"):
        concept.label_files.export_file(tmp_path / name)
        other = concept.bench.concepts.begin(f"Other {name}", "The same again.")
        other.label_files.import_file(tmp_path / name)
        before, after = (
            {(r["id"], r["label"], r["author"], r["comment"]) for r in one.label_files.rows()}
            for one in (concept, other)
        )
        assert after == before


def test_a_file_without_the_columns_says_what_it_has(tmp_path: Path, concept: Concept) -> None:
    with pytest.raises(DiscernError, match="picture, verdict"):
        concept.label_files.import_file(write(tmp_path / "a.csv", [{"picture": "a", "verdict": 1}]))


def test_evaluation_pictures_only_measure_even_when_a_file_says_train(
    concept: Concept, tmp_path: Path
) -> None:
    held_out = concept.labels.next_pictures(5, purpose="evaluation")
    rows = [{"id": picture.id, "label": "yes", "split": "train"} for picture in held_out]
    assert concept.label_files.import_file(write(tmp_path / "a.csv", rows))["kept_for_evaluation"] == 5
    with pytest.raises(NotEnoughLabelsError, match="0 yes and 0 no"):
        concept.versions.train().wait()


def test_a_picture_that_trained_cannot_measure_and_neither_can_its_near_duplicate(
    bench: Workbench, pictures: Path, tmp_path: Path
) -> None:
    near, original = pictures / "near.jpg", pictures / "ellipse-0003.png"
    ids = [bench.context.collection.library.resolve(str(path)) for path in (near, original)]
    assert len(set(bench.context.collection.library.near_groups(ids))) == 1
    ball = bench.concepts.begin("Ball", "A ball.", examples=[str(original)])  # never drawn to measure with
    evaluation = bench.context.store.evaluation_pictures(ball.id)
    row = {"path": original, "label": 1, "split": "train"}
    ball.label_files.import_file(write(tmp_path / "a.csv", [row]))
    rows = [{"path": path, "label": 1, "split": "evaluation"} for path in (near, original)]
    assert ball.label_files.import_file(write(tmp_path / "b.csv", rows))["kept_for_training"] == 2
    assert bench.context.store.evaluation_pictures(ball.id) == evaluation


def test_an_example_of_the_definition_cannot_measure_and_neither_can_its_near_duplicate(
    bench: Workbench, pictures: Path, tmp_path: Path
) -> None:
    near, example = pictures / "near.jpg", pictures / "ellipse-0003.png"
    ball = bench.concepts.begin("Ball", "A ball.", examples=[str(example)])
    rows = [{"path": path, "label": 1, "split": "evaluation"} for path in (near, example)]
    report = ball.label_files.import_file(write(tmp_path / "a.csv", rows))
    assert (report["imported"], report["kept_for_training"]) == (2, 2)
    drawn = bench.context.store.evaluation_pictures(ball.id)
    assert "imported" not in drawn.values()


def event(author: str, value: str, picture: str = "a", kind: str = "person") -> LabelEvent:
    return LabelEvent(1, "k", picture, value, Author(author, kind), 1, "", now(), None)  # type: ignore[arg-type]


def test_people_who_disagree_make_a_conflict_until_one_side_has_more_votes() -> None:
    tie = [event("ana", "yes"), event("ben", "no")]
    assert consensus(tie)["a"].value == "conflict"
    assert consensus([*tie, event("cy", "no")])["a"].value == "no"


def test_a_machine_has_no_vote() -> None:
    assert consensus([event("ana", "yes"), event("robot", "no", kind="annotator")])["a"].value == "yes"


def test_conflicts_are_shown_and_train_nothing(concept: Concept, pictures: Path, tmp_path: Path) -> None:
    path = pictures / "ellipse-0003.png"
    rows = [{"path": path, "label": value, "author": who} for who, value in (("ana", "yes"), ("ben", "no"))]
    concept.label_files.import_file(write(tmp_path / "a.csv", rows))
    assert concept.definition.read().conflicts == [concept.context.collection.library.resolve(str(path))]
    with pytest.raises(NotEnoughLabelsError, match="0 yes and 0 no"):
        concept.versions.train().wait()


cells = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=12)


@given(st.lists(st.fixed_dictionaries({"path": cells, "label": cells, "split": cells}), max_size=8))
def test_any_table_gives_one_result_per_row(tmp_path_factory: pytest.TempPathFactory, rows: list) -> None:
    folder = tmp_path_factory.mktemp("rows")
    found = list(read_label_file(write(folder / "a.csv", [{"path": "x", "label": "yes"}, *rows])))
    assert isinstance(found[0], LabelRow)
    assert len(found) == len(rows) + 1
    (folder / "a.jsonl").write_text("\n".join(json.dumps(row) for row in rows) + "\n")
    assert len(list(read_label_file(folder / "a.jsonl"))) == len(rows)


@pytest.mark.parametrize("line", ["{", "[1]", '{"label": "yes"}'])
def test_a_bad_line_of_json_is_a_bad_row(tmp_path: Path, line: str) -> None:
    (tmp_path / "a.jsonl").write_text(line)
    (row,) = read_label_file(tmp_path / "a.jsonl")
    assert isinstance(row, BadRow)
