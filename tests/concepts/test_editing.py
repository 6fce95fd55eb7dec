"""Editing a definition by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from concepts.definition import editing
from concepts.definition.document import Criterion, Definition, Query, Revision
from concepts.definition.questions import DefinitionQuestion, Offered, answer
from concepts.errors import DiscernError

ROOM = Definition(
    name="Messy room",
    description="A room where things lie about.",
    criteria=(
        Criterion(kind="necessary", text="a room", origin="model"),
        Criterion(kind="excluding", text="only old", origin="person"),
    ),
    queries=(Query(text="untidy bedroom", origin="vocabulary"), Query(text="tidy room", counts=False)),
)

OFFERED = [Offered(answer=said, kind="nothing") for said in ("One", "Another")]
WHETHER = DefinitionQuestion(question="Does it count?", about="tidy room", answers=OFFERED)


def test_a_criterion_is_added_behind_the_others_as_the_persons_own() -> None:
    added = editing.add_criterion(ROOM, "supporting", "  clothes on   the floor ").criteria[-1]
    assert (added.kind, added.text, added.origin) == ("supporting", "clothes on the floor", "person")


def test_what_does_not_count_is_edited_as_a_whole_and_leaves_proposals_and_kinds_alone() -> None:
    kind = Criterion(kind="excluding", text="a shed", of="a room")
    proposed = Criterion(kind="excluding", text="a stage", origin="model")
    room = ROOM.model_copy(update={"criteria": (*ROOM.criteria, kind, proposed)})
    assert editing.exclude(room, ["Only  old", ""]) == room
    turned = editing.exclude(room, ["a STAGE", "a cellar"])
    assert [c.text for c in turned.criteria] == ["a room", "a shed", "a STAGE", "a cellar"]
    assert [c.text for c in turned.exclusions()] == ["a STAGE", "a cellar"]
    with pytest.raises(DiscernError, match="At most 300"):
        editing.exclude(room, ["x" * 301])


def test_the_same_words_are_not_taken_twice() -> None:
    with pytest.raises(DiscernError, match="there already"):
        editing.add_criterion(ROOM, "supporting", "A Room")
    with pytest.raises(DiscernError, match="there already"):
        editing.add_query(ROOM, "Untidy bedroom", counts=True)


@pytest.mark.parametrize("text", ["", "   ", "x" * 301])
def test_words_that_cannot_be_kept_are_refused_and_nothing_changes(text: str) -> None:
    with pytest.raises(DiscernError, match="Nothing was changed"):
        editing.reword_criterion(ROOM, 0, text)


def test_a_reworded_proposal_becomes_the_persons_and_says_where_it_came_from() -> None:
    reworded = editing.reword_criterion(ROOM, 0, "a room in a home").criteria[0]
    assert reworded.origin == "person"
    assert reworded.note == "you reworded what a language model proposed"


def test_turning_a_criterion_keeps_its_words_and_place() -> None:
    turned = editing.set_kind(ROOM, 0, "supporting").criteria
    assert [(c.kind, c.text) for c in turned] == [("supporting", "a room"), ("excluding", "only old")]
    with pytest.raises(DiscernError, match="no kind of criterion"):
        editing.set_kind(ROOM, 0, "sometimes")


def test_a_part_that_is_gone_is_not_mistaken_for_another() -> None:
    for edit in (editing.remove_criterion, editing.keep_criterion, editing.remove_query, editing.keep_query):
        with pytest.raises(DiscernError, match="gone"):
            edit(ROOM, 2)
        with pytest.raises(DiscernError, match="gone"):
            edit(ROOM, -1)


def test_a_query_can_be_turned_kept_and_dropped() -> None:
    turned = editing.flip_query(ROOM, 0).queries[0]
    assert (turned.counts, turned.origin) == (False, "person")
    assert editing.keep_query(ROOM, 0).queries[0] == Query(text="untidy bedroom", origin="person")
    assert [q.text for q in editing.remove_query(ROOM, 0).queries] == ["tidy room"]


def test_a_picture_is_an_example_or_a_counterexample_never_both() -> None:
    once = editing.add_example(ROOM, "a" * 64, counts=True)
    turned = editing.add_example(once, "a" * 64, counts=False)
    assert (turned.examples, turned.counterexamples) == ((), ("a" * 64,))
    assert editing.remove_example(turned, "a" * 64) == ROOM


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (editing.describe(ROOM, "A room in a mess."), "another sentence"),
        (editing.add_criterion(ROOM, "necessary", "a floor"), "added “a floor”"),
        (editing.remove_criterion(ROOM, 1), "removed “only old”"),
        (editing.reword_criterion(ROOM, 1, "just old"), "“only old” reworded to “just old”"),
        (editing.set_kind(ROOM, 1, "supporting"), "“only old” now helps"),
        (editing.flip_query(ROOM, 0), "“untidy bedroom” now finds what only looks similar"),
        (editing.remove_query(ROOM, 0), "removed “untidy bedroom”"),
        (editing.add_example(ROOM, "b" * 64, counts=True), "an example picture added"),
        (answer(ROOM, WHETHER, "Not sure"), "“tidy room” is not decided"),
        (editing.keep_query(ROOM, 0), "kept as yours"),
        (ROOM, "nothing changed"),
    ],
)
def test_every_change_is_said_in_one_sentence(after: Definition, said: str) -> None:
    assert editing.what_changed(ROOM, after) == said


def test_the_origin_names_who_wrote_or_proposed_it_first() -> None:
    def revision(number: int, definition: Definition, author: str) -> Revision:
        return Revision(
            number=number, definition=definition, author=author, note="", created=datetime.now(UTC)
        )

    begun = Definition(name="Messy room", description="Things lie about.", criteria=(ROOM.criteria[1],))
    kept = editing.keep_query(ROOM, 0)
    revisions = [revision(1, begun, "ana"), revision(2, ROOM, "gpt-x"), revision(3, kept, "ana")]
    assert editing.origin_in_words(ROOM.criteria[0], revisions, "ana") == "proposed by gpt-x"
    assert editing.origin_in_words(ROOM.criteria[1], revisions, "ana") == "you wrote this"
    assert editing.origin_in_words(ROOM.criteria[1], revisions, "ben") == "ana wrote this"
    assert editing.origin_in_words(kept.queries[0], revisions, "ana") == "proposed, kept by you"
