"""Concepts as a whole: another name, a copy. What was said and measured stays as it is."""

from __future__ import annotations

from typing import Any

import pytest
from answering import answer

from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept

NAME, OTHER = "Round thing", "Square thing"


# Another name


def test_a_renamed_concept_keeps_all_it_has_and_its_old_name_leads_to_it(trained: Workbench) -> None:
    bench = trained
    concept = bench.context.concept(NAME)
    job = bench.concept(NAME).versions.train().id
    before = bench.concept(NAME).definition.read()
    rows = bench.concept(NAME).label_files.rows()
    measure = bench.context.store.evaluation_pictures(concept.id)
    renamed = bench.concept(NAME).definition.rename("  Ball ", author="ana")
    assert renamed == "Ball"
    for name in ("Ball", NAME, f"id:{concept.id}"):
        now = bench.concept(name).definition.read()
        assert (now.id, now.name) == (concept.id, "Ball")
        assert now.revision.definition == before.revision.definition.model_copy(update={"name": "Ball"})
        assert (now.answers, now.heads) == (before.answers, before.heads)
    assert [view.name for view in bench.concepts.all()] == list(bench.concepts.scales()) == ["Ball"]
    assert bench.concept("Ball").label_files.rows() == rows
    assert bench.context.store.evaluation_pictures(concept.id) == measure
    assert bench.installation.job(job).concept == "Ball"
    assert bench.installation.newest_jobs(["train"], NAME)[0].id == job
    newest = bench.concept("Ball").definition.revisions()[-1]
    assert (newest.author, newest.note, newest.number) == ("ana", f"renamed from “{NAME}”", 2)


def test_a_rename_is_undone_by_the_name_before(bench: Workbench) -> None:
    bench.concept(NAME).definition.rename(OTHER, author="me")
    assert bench.concept(OTHER).definition.rename(NAME, author="me") == NAME
    assert bench.concept(NAME).definition.read().revisions == 3
    assert bench.concepts.name_now(OTHER) == NAME
    bench.concept(NAME).definition.rename(NAME, author="me")
    assert bench.concept(NAME).definition.read().revisions == 3
    assert bench.concept(NAME).definition.rename(NAME.upper(), author="me") == NAME.upper()


def test_an_old_name_is_anothers_as_soon_as_that_is_called_so(bench: Workbench) -> None:
    first = bench.concept(NAME).definition.read().id
    bench.concept(NAME).definition.rename("Ball", author="me")
    second = bench.concepts.begin(NAME, "Something else.").id
    assert bench.concept(NAME).definition.read().id == second
    bench.concept(NAME).definition.rename(OTHER, author="me")
    assert bench.concept(NAME).definition.read().id == second
    bench.concept("Ball").definition.rename(NAME, author="me")
    assert bench.concept(NAME).definition.read().id == first


@pytest.mark.parametrize(
    ("name", "why"),
    [(OTHER.upper(), "already"), ("  ", "can be seen"), ("x" * 121, "too long"), ("a/b", "slash")],
)
def test_a_name_that_is_taken_or_no_name_changes_nothing(bench: Workbench, name: str, why: str) -> None:
    bench.concepts.begin(OTHER, "A filled rectangle.")
    with pytest.raises(DiscernError, match=why):
        bench.concept(NAME).definition.rename(name, author="me")
    with pytest.raises(DiscernError, match=why):
        bench.concepts.copy(NAME, name, author="me")
    assert bench.concept(NAME).definition.read().revisions == 1
    assert list(bench.concepts.scales()) == [NAME, OTHER]


def test_a_definition_that_was_read_before_the_rename_brings_no_old_name_back(bench: Workbench) -> None:
    read = bench.concept(NAME).definition.read().revision.definition
    bench.concept(NAME).definition.rename("Ball", author="me")
    words = read.model_copy(update={"description": "A ball."})
    kept = bench.concept("Ball").definition.revise(words, author="me", note="other words").definition
    assert (kept.name, kept.description) == ("Ball", "A ball.")
    assert bench.concept("Ball").definition.restore(1, author="me", after=3).definition.name == "Ball"


def test_to_rename_makes_no_test_label_one_of_an_earlier_description(trained: Workbench) -> None:
    concept = trained.concept(NAME)
    answer(trained, NAME, [p.id for p in concept.labels.next_pictures(12, purpose="evaluation")])
    concept.definition.rename("Ball", author="me")
    assert earlier(concept) == []
    say_otherwise(concept)
    assert earlier(concept)


def earlier(concept: Concept) -> list[str]:
    return concept.context.dataset(concept.row).measuring_labels.left


def say_otherwise(concept: Concept) -> None:
    """Another description: answers were given under other words."""
    read = concept.definition.read().revision.definition
    concept.definition.revise(
        read.model_copy(update={"description": "Egg."}), author="me", note="other words"
    )


# A copy


def test_a_duplicate_has_the_definition_and_nothing_else(trained: Workbench) -> None:
    copy = trained.concepts.copy(NAME, OTHER, author="ana")
    view, source = copy.definition.read(), trained.concept(NAME).definition.read()
    assert view.revision.definition == source.revision.definition.model_copy(update={"name": OTHER})
    assert copy.definition.revisions()[-1].note == f"duplicated from “{NAME}”"
    assert (copy.name, view.answers.answers, view.heads, view.candidates) == (OTHER, 0, [], 0)


def rows_of(concept: Concept) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in concept.label_files.rows()}


def test_a_duplicate_with_answers_says_whose_they_are_and_from_where(trained: Workbench) -> None:
    concept = trained.concept(NAME)
    picture = concept.labels.next_pictures(1)[0].id
    concept.labels.give(picture, "yes", author="ben", comment="a moon")
    before = rows_of(concept)
    copy = trained.concepts.copy(NAME, OTHER, with_labels=True, author="ana")
    rows = rows_of(copy)
    assert rows.keys() == before.keys()
    same = ("label", "author", "author_kind", "created", "comment", "definition")
    assert all(rows[i][column] == before[i][column] for i in rows for column in same)
    assert {row["from_concept"] for row in rows.values()} == {NAME}
    assert {row["recorded_by"] for row in rows.values()} == {"ana"}
    assert {row["from_concept"] for row in before.values()} == {""}
    copy.versions.train().wait()
    assert len(concept.definition.read().heads) == 1


def test_an_answer_whose_comment_was_changed_or_taken_back_goes_along_with_what_stands(
    trained: Workbench,
) -> None:
    concept = trained.concept(NAME)
    changed, emptied = (picture.id for picture in concept.labels.next_pictures(2))
    for picture in (changed, emptied):
        concept.labels.give(picture, "yes", author="ben", comment="a moon")
    concept.labels.comment(changed, "a sun", author="ben", key="changed")
    concept.labels.comment(emptied, "", author="ben", key="emptied")
    copy = trained.concepts.copy(NAME, OTHER, with_labels=True, author="ana")
    rows = rows_of(copy)
    assert [(rows[i]["label"], rows[i]["comment"]) for i in (changed, emptied)] == [
        ("yes", "a sun"),
        ("yes", ""),
    ]
    assert copy.labels.own_comments([changed, emptied], "ben") == {changed: "a sun"}


def test_what_measures_a_duplicate_was_drawn_before_it_had_an_answer(trained: Workbench) -> None:
    concept = trained.concept(NAME)
    answer(trained, NAME, [p.id for p in concept.labels.next_pictures(12, purpose="evaluation")])
    taught = next(p.id for p in concept.labels.next_pictures(9) if not p.repeat)
    concept.labels.give(taught, "yes", author="me", in_view=True)
    alone = trained.concepts.copy(NAME, "Alone", author="me")
    copy = trained.concepts.copy(NAME, OTHER, with_labels=True, author="me")
    dataset, of_alone, source = (trained.context.dataset(one.row) for one in (copy, alone, concept))
    assert dataset.waves[0].label_sequence == 0
    assert dataset.waves[0].frame == of_alone.waves[0].frame
    assert dataset.evaluation.keys() != source.evaluation.keys()
    known = rows_of(concept).keys() - {taught}
    assert {i for i in dataset.blind if i in dataset.evaluation} == known & dataset.evaluation.keys()
    assert not dataset.reserved & set(dataset.training.ids)
    assert taught not in dataset.blind


def test_test_labels_of_an_earlier_description_are_that_in_a_duplicate_too(trained: Workbench) -> None:
    answer(trained, NAME, [row.id for row in trained.library.pictures(limit=200).pictures])
    say_otherwise(trained.concept(NAME))
    copy = trained.concepts.copy(NAME, OTHER, with_labels=True, author="me")
    assert set(earlier(copy)) == trained.context.store.evaluation_pictures(copy.id).keys()
