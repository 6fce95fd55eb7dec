"""One concept folded into another: answers go along, what measures stays apart, and all comes back."""

from __future__ import annotations

import pytest
from answering import answer

from concepts.errors import ConceptInTrashError, ConflictError, DiscernError
from concepts.learning.scale import Scale
from concepts.workbench import Workbench
from storage.labels import Author

NAME, OTHER = "Round thing", "Ball"
ANA, BEN = Author("ana"), Author("ben")


@pytest.fixture(params=["sqlite", "postgres"])
def kept_in(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def bench(trained: Workbench) -> Workbench:
    trained.definitions.create_concept(OTHER, "A ball.")
    return trained


def say(bench: Workbench, name: str, picture: str, value: str, who: Author = ANA) -> None:
    bench.answers.label(name, picture, value, author=who, key=f"{name} {picture} {who.name} {value}")


def said(bench: Workbench, name: str, picture: str, who: Author = ANA) -> str | None:
    given = bench.answers.own(name, [picture], who.name)
    return given[0].value if given else None


def test_the_newer_of_two_answers_holds_and_the_other_stays_to_be_seen(bench: Workbench) -> None:
    older, newer, same, only = (p.id for p in bench.answers.next_pictures(OTHER, 4))
    say(bench, NAME, older, "no")
    for picture in (older, newer, same):
        say(bench, OTHER, picture, "yes")
    for picture, value in ((newer, "no"), (same, "yes"), (only, "yes")):
        say(bench, NAME, picture, value)
    preview = bench.folding.preview(NAME, OTHER)
    found = {d.id: (d.author, d.source, d.target, d.holds) for d in preview.differing}
    assert found == {older: ("ana", "no", "yes", "target"), newer: ("ana", "no", "yes", "source")}
    assert (preview.same, preview.differ) == (1, 2)
    assert preview.copied == preview.answers - 2 == preview.teach + preview.measure + preview.kept_apart
    folded = bench.folding.fold(NAME, OTHER, author="ana")
    assert folded.copied == preview.copied
    assert [said(bench, OTHER, i) for i in (older, newer, same, only)] == ["yes", "no", "yes", "yes"]
    (fold,) = bench.folding.folds(OTHER)
    assert {d.id: d.holds for d in fold.differing} == {older: "yes", newer: "no"}
    assert bench.folding.folds(NAME) == [fold]
    events = list(bench.context.log.events(bench.context.concept(OTHER).id, newer))
    assert [event.value for event in events if event.author == ANA] == ["yes", "no"]


def test_copied_answers_say_whose_they_are_and_from_where_and_the_folded_one_is_archived(
    bench: Workbench,
) -> None:
    before = {row["id"]: row for row in bench.label_files.label_rows(NAME)}
    job = bench.versions.submit_train(NAME)
    bench.folding.fold(NAME, OTHER, author="ana")
    rows = {row["id"]: row for row in bench.label_files.label_rows(OTHER)}
    assert rows.keys() == before.keys()
    same = ("label", "author", "author_kind", "created")
    assert all(rows[i][column] == before[i][column] for i in rows for column in same)
    assert {row["from_concept"] for row in rows.values()} == {NAME}
    assert {row["recorded_by"] for row in rows.values()} == {"ana"}
    with pytest.raises(ConceptInTrashError):
        bench.definitions.concept(NAME)
    assert bench.installation.job(job).state == "cancelled"


def test_nothing_that_measures_nor_looks_like_it_is_learned_from(bench: Workbench) -> None:
    answer(bench, NAME, bench.context.collection.library.all_ids())
    preview = bench.folding.preview(NAME, OTHER)
    target = bench.context.concept(OTHER)
    drawn = set(bench.context.store.evaluation_pictures(target.id))
    assert bench.context.material(target).waves[0].label_sequence == 0
    bench.folding.fold(NAME, OTHER, author="me")
    material = bench.context.material(target)
    assert material.evaluation.keys() == drawn
    assert material.reserved >= drawn
    assert not material.reserved & set(material.training.ids)
    assert len(material.training.ids) == preview.teach
    assert len(material.blind.keys() & drawn) == preview.measure
    bench.versions.train(OTHER)
    assert bench.versions.evaluate(OTHER).metrics


def test_an_answer_that_was_given_beside_an_opinion_measures_nothing_there_either(bench: Workbench) -> None:
    target = bench.context.concept(OTHER)
    picture = next(iter(bench.context.store.evaluation_pictures(target.id)))
    bench.answers.label_many(NAME, [("seen", picture, "yes", "")], author=BEN, in_view=True)
    bench.folding.fold(NAME, OTHER, author="me")
    assert said(bench, OTHER, picture, BEN) == "yes"
    assert picture not in bench.context.material(target).blind


def test_undone_it_is_as_before_but_for_what_was_said_since(bench: Workbench) -> None:
    first, second, third = (p.id for p in bench.answers.next_pictures(OTHER, 3))
    say(bench, OTHER, first, "yes")
    say(bench, NAME, first, "no")
    say(bench, NAME, second, "no")
    before = {row["id"]: row["label"] for row in bench.label_files.label_rows(OTHER)}
    concept = bench.definitions.concept(NAME)
    folded = bench.folding.fold(NAME, OTHER, author="me")
    say(bench, OTHER, third, "yes")
    back = bench.folding.unfold(NAME, author="me")
    assert (back.source, back.target, back.taken_back) == (NAME, OTHER, folded.copied)
    rows = {row["id"]: row["label"] for row in bench.label_files.label_rows(OTHER)}
    assert rows == before | {third: "yes"}
    assert bench.definitions.concept(NAME) == concept
    assert bench.trash.list() == []
    with pytest.raises(DiscernError, match="isn’t folded"):
        bench.folding.unfold(NAME, author="me")
    assert bench.folding.fold(NAME, OTHER, author="me").copied == folded.copied


def test_a_preview_changes_nothing_and_a_concept_is_not_folded_into_itself(bench: Workbench) -> None:
    before = bench.context.log.last_sequence(bench.context.concept(OTHER).id)
    bench.folding.preview(NAME, OTHER)
    assert bench.context.log.last_sequence(bench.context.concept(OTHER).id) == before
    assert bench.catalogue.names() == [OTHER, NAME]
    with pytest.raises(ConflictError, match="into itself"):
        bench.folding.fold(NAME, NAME.upper(), author="me")


def test_grades_go_along_and_a_concept_that_is_answered_otherwise_is_refused(bench: Workbench) -> None:
    picture = bench.pictures.newest(1)[0].id
    for name in ("Mess", "Clutter"):
        bench.definitions.create_concept(name, "How full a room is.", scale=Scale.graded(5))
    bench.definitions.create_concept("Room", "A room.")
    bench.answers.give("Clutter", picture, "4", author="ana")
    with pytest.raises(ConflictError, match="aren’t answered alike"):
        bench.folding.preview("Clutter", "Room")
    bench.folding.fold("Clutter", "Mess", author="ana")
    assert [event.said for event in bench.answers.own("Mess", [picture], "ana")] == ["4"]
