"""Definitions: immutable documents, edited by hand, with a word diff that loses nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from concepts.definition import editing
from concepts.definition.document import Criterion, Definition, Query, Revision, changed_lines, word_diff
from concepts.definition.questions import DefinitionQuestion, Offered, answer
from concepts.definition.revisions import definition_of, restore_definition
from concepts.errors import DiscernError
from concepts.installation.jobs import newest_jobs
from concepts.labelling.examples import edit_definition
from concepts.labelling.labels import next_pictures
from concepts.labelling.mining import mine, searches_of
from concepts.use_cases import Concept

texts = st.text(alphabet="ab \n.", max_size=30)


@given(texts, texts)
def test_a_word_diff_holds_both_texts_whole(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert "".join(text for change, text in runs if change != "added") == before
    assert "".join(text for change, text in runs if change != "removed") == after


def test_a_changed_word_is_removed_and_added_and_of_lines_only_changed_ones_are_shown() -> None:
    assert word_diff("a messy room", "a messy room") == [("same", "a messy room")]
    assert word_diff("a messy room", "a tidy room") == [
        ("same", "a "), ("removed", "messy"), ("added", "tidy"), ("same", " room"),
    ]  # fmt: skip
    changed = changed_lines("Must: red\nNot: a toy\nlast", "Must: red\nNot: a toy car\nlast")
    assert changed == [("same", "Not: a toy"), ("added", " car")]
    assert changed_lines("one\nlast", "one\nlast\nnew") == [("added", "new")]
    assert changed_lines("same", "same") == []


def test_a_definition_has_a_name_and_different_queries_and_cannot_be_changed() -> None:
    queries = tuple(Query(text=text) for text in ("apple juice", "Apple  Juice.", "C++", "C"))
    definition = Definition(name="Juice", description="Cartons of juice.", queries=queries)
    assert [query.text for query in definition.queries] == ["apple juice", "C++", "C"]
    with pytest.raises(ValidationError):
        definition.name = "Milk"
    for name in ("", "   ", "x" * 121):
        with pytest.raises(ValidationError):
            Definition(name=name, description="Cartons of juice.")


# Edited by hand


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


def test_what_a_person_adds_or_rewords_is_theirs_and_there_once() -> None:
    added = editing.add_criterion(ROOM, "supporting", "  clothes on   the floor ").criteria[-1]
    assert (added.kind, added.text, added.origin) == ("supporting", "clothes on the floor", "person")
    with pytest.raises(DiscernError, match="there already"):
        editing.add_criterion(ROOM, "supporting", "A Room")
    with pytest.raises(DiscernError, match="there already"):
        editing.add_query(ROOM, "Untidy bedroom", counts=True)
    reworded = editing.reword_criterion(ROOM, 0, "a room in a home").criteria[0]
    assert reworded.origin == "person"
    assert reworded.note == "you reworded what a language model proposed"
    for text in ("", "   ", "x" * 301):
        with pytest.raises(DiscernError, match="Nothing was changed"):
            editing.reword_criterion(ROOM, 0, text)


def test_criteria_queries_and_examples_can_be_turned_kept_and_dropped() -> None:
    criteria = editing.set_kind(ROOM, 0, "supporting").criteria
    assert [(c.kind, c.text) for c in criteria] == [("supporting", "a room"), ("excluding", "only old")]
    with pytest.raises(DiscernError, match="no kind of criterion"):
        editing.set_kind(ROOM, 0, "sometimes")
    query = editing.flip_query(ROOM, 0).queries[0]
    assert (query.counts, query.origin) == (False, "person")
    assert editing.keep_query(ROOM, 0).queries[0] == Query(text="untidy bedroom", origin="person")
    assert [q.text for q in editing.remove_query(ROOM, 0).queries] == ["tidy room"]
    once = editing.add_example(ROOM, "a" * 64, counts=True)
    turned = editing.add_example(once, "a" * 64, counts=False)
    assert (turned.examples, turned.counterexamples) == ((), ("a" * 64,))
    assert editing.remove_example(turned, "a" * 64) == ROOM
    for edit in (editing.remove_criterion, editing.keep_criterion, editing.remove_query, editing.keep_query):
        for place in (2, -1):  # what is gone is not mistaken for another
            with pytest.raises(DiscernError, match="gone"):
                edit(ROOM, place)


def test_every_change_is_said_in_one_sentence() -> None:
    for after, said in (
        (editing.describe(ROOM, "A room in a mess."), "another sentence"),
        (editing.add_criterion(ROOM, "necessary", "a floor"), "added “a floor”"),
        (editing.remove_criterion(ROOM, 1), "removed “only old”"),
        (editing.reword_criterion(ROOM, 1, "just old"), "“only old” reworded to “just old”"),
        (editing.set_kind(ROOM, 1, "supporting"), "“only old” now helps"),
        (editing.set_kind(ROOM, 1, "included"), "“only old” now counts"),
        (editing.flip_query(ROOM, 0), "“untidy bedroom” now finds what only looks similar"),
        (editing.remove_query(ROOM, 0), "removed “untidy bedroom”"),
        (editing.add_example(ROOM, "b" * 64, counts=True), "an example picture added"),
        (answer(ROOM, WHETHER, "Not sure"), "“tidy room” is not decided"),
        (editing.keep_query(ROOM, 0), "kept as yours"),
        (ROOM, "nothing changed"),
    ):
        assert editing.what_changed(ROOM, after) == said


def test_the_origin_names_who_wrote_or_proposed_it_first() -> None:
    def revision(number: int, definition: Definition, author: str) -> Revision:
        now = datetime.now(UTC)
        return Revision(number=number, definition=definition, author=author, note="", created=now)

    begun = Definition(name="Messy room", description="Things lie about.", criteria=(ROOM.criteria[1],))
    kept = editing.keep_query(ROOM, 0)
    revisions = [revision(1, begun, "ana"), revision(2, ROOM, "gpt-x"), revision(3, kept, "ana")]
    assert editing.origin_in_words(ROOM.criteria[0], revisions, "ana") == "proposed by gpt-x"
    assert editing.origin_in_words(ROOM.criteria[1], revisions, "ana") == "you wrote this"
    assert editing.origin_in_words(ROOM.criteria[1], revisions, "ben") == "ana wrote this"
    assert editing.origin_in_words(kept.queries[0], revisions, "ana") == "proposed, kept by you"


# As use cases, over a library


def _add(text: str) -> partial[Definition]:
    return partial(editing.add_query, text=text, counts=True)


def test_an_edit_of_the_newest_revision_makes_one_that_can_be_undone(concept: Concept) -> None:
    edited = edit_definition(concept, _add("ellipse"), author="ana", after=1)
    assert (edited.number, edited.note, edited.author) == (2, "added “ellipse”", "ana")
    with pytest.raises(DiscernError, match="changed meanwhile"):
        edit_definition(concept, _add("disc"), author="ben", after=1)
    same = definition_of(concept).definition.description
    edit_definition(concept, partial(editing.describe, text=same), author="ana", after=2)
    newest = definition_of(concept)  # what changes nothing makes none
    assert (newest.number, [q.text for q in newest.definition.queries]) == (2, ["ellipse"])
    back = restore_definition(concept, 1, author="ana", after=2)
    assert (back.number, back.note) == (3, "back to definition 1")
    assert back.definition == definition_of(concept, 1).definition


def test_every_query_shows_what_it_finds_and_brought_but_no_test_picture(concept: Concept) -> None:
    edit_definition(concept, _add("ellipse"), author="ana", after=1)
    concept.begin(mine, size=20).wait()
    sentence, query = searches_of(concept, 6)
    assert (sentence.index, sentence.text) == (None, "A filled ellipse")
    assert (query.index, query.text) == (0, "ellipse")
    assert len(query.found) == 6
    assert query.brought > 0
    measuring = {p.id for p in next_pictures(concept, 90, purpose="evaluation")}
    assert measuring
    assert not measuring & {p.id for view in (sentence, query) for p in view.found}


def test_a_job_that_mines_is_found_again_however_many_came_after_it(concept: Concept) -> None:
    job = concept.begin(mine).id
    for number in range(60):
        concept.app.jobs.store.add("train", {"concept": f"Other {number}"})
    app = concept.app
    assert newest_jobs(app, ("mine",), "Round thing")
    concept.app.jobs.resume(job)
    (latest,) = newest_jobs(app, ("mine", "propose"), "Round thing")
    assert latest.id == job
    assert (latest.state, (latest.result or {})["added"] > 0) == ("done", True)
    assert newest_jobs(app, ("mine",), "Square") == []
