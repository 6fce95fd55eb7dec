"""The label log: append-only, idempotent, and undo restores what stood before."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from storage.concepts import ConceptStore
from storage.database import Database
from storage.labels import Author, LabelLog, NewLabel
from storage.tables import LabelEventRow, PictureRow

PICTURES = [letter * 64 for letter in "abc"]
AUTHORS = [Author("ana"), Author("ben"), Author("robot", "annotator")]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    database = Database(tmp_path_factory.mktemp("log") / "discern.sqlite")
    ConceptStore(database).create("messy room")
    with database.write() as session:
        session.add_all(
            PictureRow(id=i, bytes=1, format="PNG", width=1, height=1, near_group=i) for i in PICTURES
        )
    return database


@pytest.fixture
def log(database: Database) -> LabelLog:
    with database.write() as session:
        session.execute(delete(LabelEventRow))
    return LabelLog(database)


def label(key: str, value: str = "yes", picture: str = PICTURES[0], author: Author = AUTHORS[0]) -> NewLabel:
    return NewLabel(key, picture, value, author, definition_number=1)  # type: ignore[arg-type]


def test_a_repeated_request_is_one_label(log: LabelLog) -> None:
    assert log.append(1, [label("k")]) == 1
    assert log.append(1, [label("k", "no")]) == 0
    assert [event.value for event in log.events(1)] == ["yes"]


def test_the_same_key_twice_in_one_request_is_one_label(log: LabelLog) -> None:
    assert log.append(1, [label("k"), label("k")]) == 1


def test_undo_brings_back_the_answer_before_and_keeps_both_in_the_log(log: LabelLog) -> None:
    log.append(1, [label("1", "no")])
    log.append(1, [label("2", "yes")])
    assert [event.value for event in log.undo(1, "u", AUTHORS[0])] == ["yes"]
    assert [event.value for event in log.standing(1)] == ["no"]
    assert [event.value for event in log.events(1)] == ["no", "yes", "undo"]


def test_a_repeated_undo_takes_back_one_answer(log: LabelLog) -> None:
    log.append(1, [label("1", "no"), label("2", "yes", PICTURES[1])])
    first = log.undo(1, "u", AUTHORS[0])
    assert log.undo(1, "u", AUTHORS[0]) == first
    assert [event.value for event in log.standing(1)] == ["no"]


def test_one_person_never_undoes_anothers_answer(log: LabelLog) -> None:
    log.append(1, [label("1", author=AUTHORS[1])])
    assert log.undo(1, "u", AUTHORS[0]) == []


def test_a_comment_changes_no_label(log: LabelLog) -> None:
    log.append(1, [label("1")])
    log.comment(1, "c", PICTURES[0], AUTHORS[0], 1, "a figure far away makes it lonelier")
    assert [event.value for event in log.standing(1)] == ["yes"]
    assert [event.comment for event in log.events(1)][-1] == "a figure far away makes it lonelier"


steps = st.lists(
    st.one_of(
        st.tuples(
            st.just("label"),
            st.sampled_from(PICTURES),
            st.sampled_from(["yes", "no", "unsure", "skip"]),
            st.sampled_from(AUTHORS),
        ),
        st.tuples(st.just("undo"), st.integers(1, 3), st.none(), st.sampled_from(AUTHORS)),
    ),
    max_size=12,
)


@given(steps)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_stands_is_what_a_plain_list_of_answers_would_hold(database: Database, steps: list) -> None:
    with database.write() as session:
        session.execute(delete(LabelEventRow))
    log = LabelLog(database)
    model: list[tuple[str, str, Author]] = []  # answers not undone, in order
    for index, (what, subject, value, author) in enumerate(steps):
        if what == "label":
            log.append(1, [label(str(index), value, subject, author)])
            model.append((subject, value, author))
            continue
        log.undo(1, f"undo {index}", author, count=subject)
        mine = [position for position, answer in enumerate(model) if answer[2] == author]
        for position in reversed(mine[-subject:]):
            del model[position]
    expected = {(picture, author): value for picture, value, author in model}
    assert {(e.picture_id, e.author): e.value for e in log.standing(1)} == expected


def test_the_log_survives_in_another_process_of_the_same_file(log: LabelLog, database: Database) -> None:
    log.append(1, [label("1")])
    other = Database(Path(database.path))
    assert [event.value for event in LabelLog(other).standing(1)] == ["yes"]
    other.close()
