"""Trained heads in SQL: numbered, never changed, and read without what is not asked for."""

from __future__ import annotations

import pytest
from at_once import at_once
from sqlalchemy import text
from statements import statements

from storage.concepts import ConceptStore
from storage.database import Database
from storage.heads import HeadStore, StoredHead
from storage.tables import now


@pytest.fixture
def heads(database: Database) -> HeadStore:
    ConceptStore(database).create("messy room")
    return HeadStore(database)


def head(**changes: object) -> StoredHead:
    values = {
        "concept_id": 1,
        "number": 0,
        "kind": "lda",
        "fingerprint": "an encoder's",
        "definition_number": 1,
        "label_sequence": 5,
        "threshold": 0.5,
        "details": {"labels": 3},
        "created": now(),
        "weights": b"weights",
        "bias": -1.5,
    }
    return StoredHead(**values | changes)  # type: ignore[arg-type]


def test_heads_kept_at_once_have_numbers_without_gap_or_repetition(
    heads: HeadStore, database_url: str
) -> None:
    stores = [HeadStore(Database(database_url)) for _ in range(4)]
    at_once(4, lambda index: [stores[index].add(1, head()) for _ in range(5)])
    assert [found.number for found in heads.all(1)] == list(range(1, 21))


def test_the_list_of_heads_reads_no_weights(heads: HeadStore, database: Database) -> None:
    for _ in range(3):
        heads.add(1, head())
    with statements(database) as sent:
        assert [found.number for found in heads.all(1)] == [1, 2, 3]
        assert [found.number for found in heads.all(1, limit=1, offset=1)] == [2]
    assert not any("weights" in statement for statement in sent)


def test_one_head_is_read_with_its_weights(heads: HeadStore) -> None:
    assert heads.get(1) is None
    kept = [heads.add(1, head(weights=weights)) for weights in (b"one", b"two")]
    assert [heads.get(1, number) for number in (1, 2, None)] == [kept[0], kept[1], kept[1]]
    assert heads.get(1, 3) is None


def test_the_newest_figures_of_a_head_are_read_alone(heads: HeadStore, database: Database) -> None:
    for _ in range(2):
        heads.add(1, head())
    assert heads.evaluations(1, [1, 2]) == {}
    for number, run in ((1, "first"), (2, "second"), (1, "third")):
        heads.add_evaluation(1, number, 7, {"run": run})
    newest = heads.evaluation(1, 1)
    assert newest is not None
    assert (newest.head_number, newest.label_sequence, newest.report) == (1, 7, {"run": "third"})
    found = heads.evaluations(1, [1, 2, 3])
    assert {number: kept.report["run"] for number, kept in found.items()} == {1: "third", 2: "second"}
    assert heads.evaluation(1, 3) is None
    with database.read() as session:  # older figures are kept
        assert session.scalar(text("SELECT count(*) FROM evaluations")) == 3
