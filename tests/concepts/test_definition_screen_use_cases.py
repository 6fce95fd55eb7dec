"""What Home, Library and Describe ask of the Workbench, over a real library of drawn pictures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.workbench import Workbench
from concepts.workbench.concept import Concept


@pytest.fixture
def concept(open_bench: Callable[[], Workbench]) -> Concept:
    bench = open_bench()
    bench.concepts.begin("Circle", "A round shape")
    return bench.concept("Circle")


def _add(text: str) -> partial[Definition]:
    return partial(editing.add_query, text=text, counts=True)


def test_an_edit_makes_a_revision_that_can_be_undone_by_going_back(concept: Concept) -> None:
    edited = concept.definition.edit(_add("ellipse"), author="ana", after=1)
    assert (edited.number, edited.note, edited.author) == (2, "added “ellipse”", "ana")
    back = concept.definition.restore(1, author="ana", after=2)
    assert (back.number, back.note) == (3, "back to definition 1")
    assert back.definition == concept.definition.read(revision=1).revision.definition


def test_an_edit_of_an_older_revision_is_refused_and_nothing_is_lost(concept: Concept) -> None:
    concept.definition.edit(_add("ellipse"), author="ana", after=1)
    with pytest.raises(DiscernError, match="changed meanwhile"):
        concept.definition.edit(_add("disc"), author="ben", after=1)
    newest = concept.definition.read().revision
    assert (newest.number, [q.text for q in newest.definition.queries]) == (2, ["ellipse"])


def test_an_edit_that_changes_nothing_makes_no_revision(concept: Concept) -> None:
    concept.definition.edit(partial(editing.describe, text="A round shape"), author="ana", after=1)
    assert len(concept.definition.revisions()) == 1


def test_a_picture_of_the_evaluation_set_can_be_no_example(concept: Concept) -> None:
    measuring = concept.labels.next_pictures(1, purpose="evaluation")[0].id
    add = partial(editing.add_example, picture_id=measuring, counts=True)
    with pytest.raises(DiscernError, match="is a test picture"):
        concept.definition.edit(add, author="ana", after=1)
    assert measuring not in {p.id for p in concept.examples.possible("a shape", 90)}


def test_every_query_shows_what_it_finds_without_the_evaluation_set_and_what_it_brought(
    concept: Concept,
) -> None:
    concept.definition.edit(_add("ellipse"), author="ana", after=1)
    concept.definition.mine(size=20).wait()
    sentence, query = concept.definition.queries(6)
    assert (sentence.index, sentence.text, query.index, query.text) == (None, "A round shape", 0, "ellipse")
    assert len(query.found) == 6
    assert query.brought > 0
    measuring = {p.id for p in concept.labels.next_pictures(90, purpose="evaluation")}
    assert measuring
    assert not measuring & {p.id for view in (sentence, query) for p in view.found}


def test_pages_go_there_and_back_over_every_picture_once(concept: Concept) -> None:
    seen, place, firsts = [], "", []
    while True:
        page = concept.bench.library.pictures(limit=20, cursor=place)
        seen += [picture.id for picture in page.pictures]
        firsts.append(page.pictures[0].id)
        if not page.older:
            break
        place = page.older
    assert len(seen) == len(set(seen)) == concept.bench.library.info().pictures
    while page.newer:
        firsts.pop()
        page = concept.bench.library.pictures(limit=20, cursor=page.newer)
        assert page.pictures[0].id == firsts[-1]
    assert len(firsts) == 1


def test_an_address_that_was_tampered_with_is_an_error_in_words(concept: Concept) -> None:
    for place in ("nonsense", "after yesterday x", "after 2026-01-01T00:00:00 x"):
        with pytest.raises(DiscernError, match="can't be found"):
            concept.bench.library.pictures(limit=20, cursor=place)


def test_one_picture_says_where_it_is_and_who_labelled_it(concept: Concept) -> None:
    [copied] = concept.bench.library.exact_duplicates(10)
    assert [Path(place).name for place in copied.places] == ["ellipse-0000.png", "twice.png"]

    concept.labels.give(copied.key, "no", author="ana", key="1")
    detail = concept.bench.library.picture(copied.key)
    assert (detail.format, detail.width, detail.height) == ("PNG", 96, 96)
    assert [(label.concept, label.value, label.author) for label in detail.labels] == [
        ("Circle", "no", "ana")
    ]


def test_mining_can_be_a_job_that_is_found_again_with_its_result_however_many_came_after_it(
    concept: Concept,
) -> None:
    job = concept.definition.mine().id
    for number in range(60):
        concept.bench.jobs.store.add("train", {"concept": f"Other {number}"})
    installation = concept.bench.installation
    assert installation.newest_jobs(("mine",), "Circle")
    concept.bench.jobs.resume(job)
    (latest,) = installation.newest_jobs(("mine", "expand"), "Circle")
    assert latest.id == job
    assert (latest.state, (latest.result or {})["added"] > 0) == ("done", True)
    assert installation.newest_jobs(("mine",), "Square") == []


def test_counts_are_exact_at_once(concept: Concept, tmp_path: Path) -> None:
    from storage.pictures.files import SkippedFile

    store = concept.context.collection.library

    def skip(name: str) -> int:
        store.adding.record([], [SkippedFile(name, "empty", "The file is empty.")], "any")
        return store.counts().bad_files

    assert [skip("a"), skip("b")] == [1, 2]
    before = store.counts().pictures
    concept.bench.library.add([draw_folder(tmp_path / "more", 1, first_seed=500)]).wait()
    assert store.counts().pictures == before + 1
