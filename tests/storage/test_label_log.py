"""The label log: append-only, idempotent, and undo restores what stood before."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from at_once import at_once
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import add_pictures
from sqlalchemy import delete
from sqlalchemy.orm import Session
from statements import statements

import storage.dialects
import storage.labels
from storage.concepts import ConceptStore
from storage.database import Database, insert_new
from storage.errors import ConflictError, StorageError
from storage.labels import Author, LabelLog, NewLabel
from storage.tables import Base, LabelEventRow

KEPT_IN = ["sqlite", "postgres"]
PICTURES = [letter * 64 for letter in "abc"]
AUTHORS = [Author("ana"), Author("ben"), Author("robot", "annotator")]


@pytest.fixture
def log(database: Database) -> LabelLog:
    for name in ("messy room", "tidy room"):
        ConceptStore(database).create(name)
    add_pictures(database, PICTURES)
    return LabelLog(database)


def label(key: str, value: str = "yes", picture: str = PICTURES[0], author: Author = AUTHORS[0]) -> NewLabel:
    return NewLabel(key, picture, value, author, definition_number=1)  # type: ignore[arg-type]


def test_a_repeated_request_is_one_label(log: LabelLog) -> None:
    assert log.append(1, [label("k")]) == 1
    assert log.append(1, [label("k", "no")]) == 0
    assert [event.value for event in log.events(1)] == ["yes"]


THEIRS = Author("somebody else")


@pytest.mark.parametrize(
    "use",
    [
        lambda log: log.append(1, [label("new", "no", author=THEIRS), label("k", "no", author=THEIRS)]),
        lambda log: log.comment(1, "k", PICTURES[0], THEIRS, 1, "Mine."),
        lambda log: log.undo(1, "u", THEIRS),
    ],
    ids=["answer", "comment", "undo"],
)
def test_a_key_that_somebody_else_has_used_is_refused_and_nothing_dropped_in_silence(
    log: LabelLog, use: Callable[[LabelLog], object]
) -> None:
    log.append(1, [label("k"), label("other", picture=PICTURES[1])])
    log.undo(1, "u", AUTHORS[0])
    with pytest.raises(ConflictError, match="somebody else"):
        use(log)
    assert [event.key for event in log.events(1)] == ["k", "other", "u/0"]


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


@pytest.mark.slow
def test_comments_of_more_pictures_than_one_statement_takes_are_found(log: LabelLog) -> None:
    log.comment(1, "k", PICTURES[0], AUTHORS[0], 1, "Round.")
    asked = [*(f"{number:064x}" for number in range(300_000)), *PICTURES]
    assert [event.comment for event in log.comments(1, asked)] == ["Round."]


def test_a_comment_changes_no_label(log: LabelLog) -> None:
    log.append(1, [label("1")])
    log.comment(1, "c", PICTURES[0], AUTHORS[0], 1, "a figure far away makes it lonelier")
    assert [event.value for event in log.standing(1)] == ["yes"]
    assert [event.comment for event in log.events(1)][-1] == "a figure far away makes it lonelier"


def test_a_comment_in_place_of_a_labels_own_leaves_the_label_and_its_undo(log: LabelLog) -> None:
    log.append(1, [NewLabel("1", PICTURES[0], "yes", AUTHORS[0], 1, "round")])
    log.comment(1, "c", PICTURES[0], AUTHORS[0], 1, "round enough")
    assert [event.comment for event in log.comments(1, PICTURES)] == ["round enough"]
    assert [event.value for event in log.standing(1)] == ["yes"]
    assert [event.value for event in log.undo(1, "u", AUTHORS[0])] == ["yes"]
    assert log.standing(1) == []


def test_a_comment_sent_again_replaces_nothing_that_came_between(log: LabelLog) -> None:
    for key in ("1", "2", "1"):
        log.comment(1, key, PICTURES[0], AUTHORS[0], 1, f"remark {key}")
    assert [event.comment for event in log.comments(1, PICTURES)] == ["remark 2"]


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
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_stands_is_what_a_plain_list_of_answers_would_hold(
    log: LabelLog, database: Database, steps: list
) -> None:
    with database.write() as session:
        session.execute(delete(LabelEventRow))
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
    for author in AUTHORS:
        said = {picture: value for (picture, who), value in expected.items() if who == author}
        assert log.said_by(1, author) == said


def test_the_log_survives_in_another_process_of_the_same_database(log: LabelLog, database_url: str) -> None:
    log.append(1, [label("1")])
    other = Database(database_url)
    assert [event.value for event in LabelLog(other).standing(1)] == ["yes"]
    other.close()


def test_a_page_of_what_stands_is_read_as_a_page(log: LabelLog) -> None:
    log.append(1, [label(str(index), picture=picture) for index, picture in enumerate(PICTURES)])
    assert [event.picture_id for event in log.standing(1, limit=2, offset=1)] == PICTURES[1:]


def test_keys_that_differ_in_case_are_two_requests(log: LabelLog) -> None:
    log.append(1, [label("1"), label("2", picture=PICTURES[1])])
    log.undo(1, "key", AUTHORS[0])
    assert [event.key for event in log.undo(1, "KEY", AUTHORS[0])] == ["1"]


def test_many_labels_are_appended_in_a_handful_of_statements_and_keep_their_order(
    log: LabelLog, database: Database
) -> None:
    labels = [label(str(n), ("yes", "no")[n % 2], PICTURES[n % 3]) for n in range(500)]
    with statements(database) as sent:
        assert log.append(1, labels) == 500
    assert len(sent) <= 5
    assert [event.key for event in log.events(1)] == [one.key for one in labels]
    with statements(database) as sent:
        log.undo(1, "u", AUTHORS[0], count=100)
    assert len(sent) <= 8


# Several at once


def test_the_same_request_sent_by_many_at_once_is_one_label(log: LabelLog, database_url: str) -> None:
    logs = [LabelLog(Database(database_url)) for _ in range(4)]
    new = at_once(4, lambda index: sum(logs[index].append(1, [label(f"k{n}")]) for n in range(10)))
    assert sum(new) == 10
    assert len(list(log.events(1))) == 10


def test_the_same_key_for_two_concepts_at_once_is_one_label(log: LabelLog, database_url: str) -> None:
    logs = [LabelLog(Database(database_url)) for _ in range(2)]
    new = at_once(2, lambda index: sum(logs[index].append(index + 1, [label(f"k{n}")]) for n in range(20)))
    assert sum(new) == 20


def test_two_that_undo_at_once_take_back_two_labels(log: LabelLog, database_url: str) -> None:
    log.append(1, [label(str(index), picture=picture) for index, picture in enumerate(PICTURES)])
    logs = [LabelLog(Database(database_url)) for _ in range(2)]
    at_once(2, lambda index: logs[index].undo(1, f"u{index}", AUTHORS[0]))
    assert [event.key for event in log.standing(1)] == ["0"]


def test_who_writes_waits_until_the_one_before_has_committed(
    log: LabelLog, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So a greater sequence is never seen before a smaller one, which readers would then miss for good."""
    monkeypatch.setattr(storage.dialects, "PATIENCE", 0.1)
    other = LabelLog(Database(database_url))

    def insert_slowly(session: Session, table: type[Base], rows: list[dict[str, object]]) -> list[object]:
        new = insert_new(session, table, rows)
        monkeypatch.setattr(storage.labels, "insert_new", insert_new)
        with pytest.raises(StorageError, match="busy"):
            other.append(1, [label("second")])
        return new

    monkeypatch.setattr(storage.labels, "insert_new", insert_slowly)
    log.append(1, [label("first")])
    other.append(1, [label("second")])
    assert [event.key for event in log.events(1)] == ["first", "second"]
