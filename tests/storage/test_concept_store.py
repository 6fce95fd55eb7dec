"""Concepts and heads in SQL: names, numbered things that are never changed, reads of what is asked alone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from at_once import at_once
from rows import add_pictures, draw_apart, picture_ids
from sqlalchemy import text
from statements import statements

from storage.concepts import CERTIFYING, MEASURE_NOTHING, ConceptStore, Rating, StoredAnnotation, Wave
from storage.database import Database
from storage.errors import ConflictError
from storage.heads import HeadStore, StoredHead
from storage.overview import Overview
from storage.removed import Removed
from storage.tables import now


@pytest.fixture
def store(database: Database) -> ConceptStore:
    store = ConceptStore(database)
    store.create("messy room")
    return store


def annotation(picture_id: str, rating: int, fingerprint: str = "a", number: int = 1) -> StoredAnnotation:
    evidence = [{"criterion": "toys", "kind": "counts", "verdict": "met", "score": 1.0}]
    why = {"evidence": evidence, "rationale": "There are toys."}
    return StoredAnnotation(
        picture_id=picture_id, definition_number=number, fingerprint=fingerprint, rating=rating, **why
    )


# Names


def test_a_name_is_free_again_once_its_concept_is_in_the_trash(store: ConceptStore) -> None:
    with pytest.raises(ConflictError):
        store.create("Messy Room")
    store.put_away(1)
    newer = store.create("Messy Room")
    with pytest.raises(ConflictError):
        store.restore(1)
    store.put_away(newer.id)
    assert store.restore(1).name == "messy room"
    for name in ("b", "c", "d"):
        store.create(name)
    assert [row.name for row in store.all(limit=2, offset=1)] == ["b", "c"]


def test_one_of_several_that_take_a_name_at_once_gets_it(database_url: str) -> None:
    stores = [ConceptStore(Database(database_url)) for _ in range(4)]

    def create(index: int) -> int | None:
        with suppress(ConflictError):
            return stores[index].create("messy room").id

    assert at_once(4, create).count(None) == 3


# Numbers


def test_a_definition_is_found_by_number_and_a_change_to_an_older_one_is_refused(store: ConceptStore) -> None:
    assert store.definition(1) is None
    for note in ("first", "second"):
        store.add_definition(1, {"name": note}, "ana", note)
    found = [store.definition(1, number) for number in (1, 2, None, 3)]
    assert [row and row.note for row in found] == ["first", "second", "second", None]
    store.add_definition(1, {}, "ana", "third", after=2)
    with pytest.raises(ConflictError, match="3 now"):
        store.add_definition(1, {}, "ben", "also third", after=2)
    assert [row.number for row in store.definitions(1, limit=1, offset=1)] == [2]


# Pool and evaluation set


def test_200_candidates_are_added_in_a_handful_of_statements(store: ConceptStore, database: Database) -> None:
    ids = picture_ids(200)
    add_pictures(database, ids)
    assert store.add_candidates(1, [(ids[0], ["example"])], 1) == 1
    with statements(database) as sent:
        assert store.add_candidates(1, [(i, ["a query", "another"]) for i in ids], 1) == 199
    assert len(sent) <= 5
    assert store.candidates(1)[ids[0]] == ["example"]
    assert store.candidates(1)[ids[1]] == ["a query", "another"]


def test_the_evaluation_set_keeps_its_order_and_the_wave_of_each(
    store: ConceptStore, database: Database
) -> None:
    ids = picture_ids(60)[::-1]
    add_pictures(database, ids)
    draw_apart(database, 1, ids[:40], "random", 1)
    with statements(database) as sent:
        draw_apart(database, 1, ids[30:], "random", 2)
    assert len(sent) <= 5
    drawn = store.evaluation_pictures(1)
    assert list(drawn) == ids
    assert list(drawn.values()) == [1] * 40 + [2] * 20


def test_what_waits_for_a_label_goes_behind_a_wave_and_no_later_draw_is_taken_for_an_earlier_one(
    store: ConceptStore, database: Database
) -> None:
    def wave(number: int) -> Wave:
        return Wave(number=number, label_sequence=0, fingerprint="", bias=0.0, boundaries=[], frame=9)

    ids = picture_ids(9)
    add_pictures(database, ids)
    store.add_wave(1, wave(1), ids[:4])
    draw_apart(database, 1, ids[4:6], CERTIFYING, 1)
    store.add_wave(1, wave(2), ids[6:], waiting=ids[1:4])
    assert list(store.evaluation_pictures(1)) == [ids[0], *ids[6:], *ids[1:4]]
    assert {draw.after_wave for draw in store.certifying_pictures(1).values()} == {1}
    store.take_back_sample(1, 2)
    assert list(store.evaluation_pictures(1)) == ids[:4]
    assert list(store.certifying_pictures(1)) == ids[4:6]


# Annotations


def test_annotations_are_added_in_a_handful_of_statements(store: ConceptStore, database: Database) -> None:
    ids = picture_ids(100)
    add_pictures(database, ids)
    with statements(database) as sent:
        store.add_annotations(1, [annotation(i, 4) for i in ids])
        store.add_annotations(1, [annotation(i, 2) for i in ids])
    assert len(sent) <= 10
    assert {said.rating for said in store.annotations(1)} == {4}
    assert store.annotated(1) == 100


def test_ratings_are_the_annotations_without_what_is_long(store: ConceptStore, database: Database) -> None:
    one, other = picture_ids(2)
    add_pictures(database, [one, other])
    store.add_annotations(1, [annotation(one, 4), annotation(other, 1), annotation(one, 2, "b", 2)])
    with statements(database) as sent:
        assert store.ratings(1, fingerprint="b") == [Rating(one, 2, "b", 2)]
        assert [said.rating for said in store.ratings(1, definition_number=1)] == [4, 1]
    assert not any("evidence" in statement or "rationale" in statement for statement in sent)
    assert [said.rationale for said in store.annotations(1, [other])] == ["There are toys."]


def test_what_is_in_the_bin_is_counted_with_neither_pool_nor_those_that_measure(
    store: ConceptStore, database: Database
) -> None:
    store.create("another")
    for concept_id in (1, 2):
        store.add_definition(concept_id, {}, "ana", "first")
    ids = picture_ids(12)
    add_pictures(database, ids)
    draw_apart(database, 1, ids[:4], "random", 1)
    draw_apart(database, 1, ids[4:7], MEASURE_NOTHING[0], 1)
    store.add_candidates(1, [(i, ["random"]) for i in ids[2:]], 1)

    def standing() -> list[tuple[int, int, int]]:
        of = Overview(database).of([1, 2])
        return [(of[i].evaluation, of[i].apart, of[i].candidates) for i in (1, 2)]

    assert standing() == [(4, 7, 10), (0, 0, 0)]
    Removed(database).remove([ids[0], ids[3], ids[4]], "ana")
    assert standing() == [(2, 7, 8), (0, 0, 0)]


# Trained heads


@pytest.fixture
def heads(store: ConceptStore, database: Database) -> HeadStore:
    return HeadStore(database)


def head(weights: bytes = b"weights") -> StoredHead:
    return StoredHead(1, 0, "lda", "an encoder's", 1, 5, 0.5, {"labels": 3}, now(), weights, -1.5)


def test_what_is_kept_at_once_has_numbers_without_gap_or_repetition(
    heads: HeadStore, store: ConceptStore, database_url: str
) -> None:
    databases = [Database(database_url) for _ in range(4)]

    def keep(index: int) -> None:
        for _ in range(5):
            HeadStore(databases[index]).add(1, head())
            ConceptStore(databases[index]).add_definition(1, {}, "ana", "")

    at_once(4, keep)
    assert [found.number for found in heads.all(1)] == list(range(1, 21))
    assert [found.number for found in store.definitions(1)] == list(range(1, 21))


def test_one_head_is_read_with_its_weights_and_the_list_without(heads: HeadStore, database: Database) -> None:
    assert heads.get(1) is None
    kept = [heads.add(1, head(weights)) for weights in (b"one", b"two")]
    assert [heads.get(1, number) for number in (1, 2, None, 3)] == [kept[0], kept[1], kept[1], None]
    with statements(database) as sent:
        assert [found.number for found in heads.all(1)] == [1, 2]
        assert [found.number for found in heads.all(1, limit=1, offset=1)] == [2]
    assert not any("weights" in statement for statement in sent)


def test_the_newest_figures_of_a_head_are_read_alone(heads: HeadStore, database: Database) -> None:
    for _ in range(2):
        heads.add(1, head())
    assert heads.evaluations(1, [1, 2]) == {}
    for number, run in ((1, "first"), (2, "second"), (1, "third")):
        heads.add_evaluation(1, number, 7, {"run": run})
    newest = heads.evaluation(1, 1)
    assert (newest.head_number, newest.label_sequence, newest.report) == (1, 7, {"run": "third"})
    found = heads.evaluations(1, [1, 2, 3])
    assert {number: kept.report["run"] for number, kept in found.items()} == {1: "third", 2: "second"}
    assert heads.evaluation(1, 3) is None
    with database.read() as session:  # older figures are kept
        assert session.scalar(text("SELECT count(*) FROM evaluations")) == 3
