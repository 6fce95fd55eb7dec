"""What Start, Library and Define ask of the Workbench, over a real library of drawn pictures."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from drawing import draw_folder

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError
from concepts.settings import Settings
from concepts.workbench import Workbench

PICTURES = 40


@pytest.fixture
def workbench(tmp_path: Path, tiny_open_clip: Path) -> Workbench:
    folder = draw_folder(tmp_path / "drawn", PICTURES)
    shutil.copy(folder / "line-0002.png", folder / "line-copy.png")
    workbench = Workbench(Settings(home=tmp_path / "home", encoder=f"local-dir:{tiny_open_clip}"))
    workbench.library.add([folder]).wait()
    workbench.concepts.begin("Circle", "A round shape")
    return workbench


def _add(text: str) -> partial[Definition]:
    return partial(editing.add_query, text=text, counts=True)


def test_an_edit_makes_a_revision_that_can_be_undone_by_going_back(workbench: Workbench) -> None:
    edited = workbench.concept("Circle").definition.edit(_add("ellipse"), author="ana", after=1)
    assert (edited.number, edited.note, edited.author) == (2, "added “ellipse”", "ana")
    back = workbench.concept("Circle").definition.restore(1, author="ana", after=2)
    assert (back.number, back.note) == (3, "back to definition 1")
    assert back.definition == workbench.concept("Circle").definition.read(revision=1).revision.definition


def test_an_edit_of_an_older_revision_is_refused_and_nothing_is_lost(workbench: Workbench) -> None:
    workbench.concept("Circle").definition.edit(_add("ellipse"), author="ana", after=1)
    with pytest.raises(DiscernError, match="changed meanwhile"):
        workbench.concept("Circle").definition.edit(_add("disc"), author="ben", after=1)
    newest = workbench.concept("Circle").definition.read().revision
    assert (newest.number, [q.text for q in newest.definition.queries]) == (2, ["ellipse"])


def test_an_edit_that_changes_nothing_makes_no_revision(workbench: Workbench) -> None:
    workbench.concept("Circle").definition.edit(
        partial(editing.describe, text="A round shape"), author="ana", after=1
    )
    assert len(workbench.concept("Circle").definition.revisions()) == 1


def test_a_picture_of_the_evaluation_set_can_be_no_example(workbench: Workbench) -> None:
    measuring = workbench.concept("Circle").labels.next_pictures(1, purpose="evaluation")[0].id
    add = partial(editing.add_example, picture_id=measuring, counts=True)
    with pytest.raises(DiscernError, match="set aside to measure"):
        workbench.concept("Circle").definition.edit(add, author="ana", after=1)
    assert measuring not in {p.id for p in workbench.concept("Circle").examples.possible("a shape", PICTURES)}


def test_every_query_shows_what_it_finds_without_the_evaluation_set_and_what_it_brought(
    workbench: Workbench,
) -> None:
    workbench.concept("Circle").definition.edit(_add("ellipse"), author="ana", after=1)
    workbench.concept("Circle").definition.mine(size=20).wait()
    sentence, query = workbench.concept("Circle").definition.queries(6)
    assert (sentence.index, sentence.text, query.index, query.text) == (None, "A round shape", 0, "ellipse")
    assert len(query.found) == 6
    assert query.brought > 0
    measuring = {
        p.id for p in workbench.concept("Circle").labels.next_pictures(PICTURES, purpose="evaluation")
    }
    assert measuring
    assert not measuring & {p.id for view in (sentence, query) for p in view.found}


def test_pages_go_there_and_back_over_every_picture_once(workbench: Workbench) -> None:
    seen, place, firsts = [], "", []
    while True:
        page = workbench.library.pictures(limit=7, cursor=place)
        seen += [picture.id for picture in page.pictures]
        firsts.append(page.pictures[0].id)
        if not page.older:
            break
        place = page.older
    assert len(seen) == len(set(seen)) == PICTURES
    while page.newer:
        firsts.pop()
        page = workbench.library.pictures(limit=7, cursor=page.newer)
        assert page.pictures[0].id == firsts[-1]
    assert len(firsts) == 1


def test_an_address_that_was_tampered_with_is_an_error_in_words(workbench: Workbench) -> None:
    for place in ("nonsense", "after yesterday x", "after 2026-01-01T00:00:00 x"):
        with pytest.raises(DiscernError, match="can't be found"):
            workbench.library.pictures(limit=7, cursor=place)


def test_one_picture_says_where_it_is_and_who_labelled_it(workbench: Workbench) -> None:
    [copied] = workbench.library.exact_duplicates(10)
    assert [Path(place).name for place in copied.places] == ["line-0002.png", "line-copy.png"]

    workbench.concept("Circle").labels.give(copied.key, "no", author="ana", key="1")
    detail = workbench.library.picture(copied.key)
    assert (detail.format, detail.width, detail.height) == ("PNG", 96, 96)
    assert [(label.concept, label.value, label.author) for label in detail.labels] == [
        ("Circle", "no", "ana")
    ]


def test_mining_can_be_a_job_whose_result_is_found_again(workbench: Workbench) -> None:
    job = workbench.concept("Circle").definition.mine().id
    assert workbench.installation.latest_job(("mine",), "Circle") is not None
    workbench.jobs.resume(job)
    latest = workbench.installation.latest_job(("mine", "expand"), "Circle")
    assert latest is not None
    assert (latest.state, (latest.result or {})["added"] > 0) == ("done", True)
    assert workbench.installation.latest_job(("mine",), "Square") is None


def test_a_job_is_found_again_however_many_came_after_it(workbench: Workbench) -> None:
    job = workbench.concept("Circle").definition.mine().id
    for number in range(60):
        workbench.jobs.store.add("train", {"concept": f"Other {number}"})
    latest = workbench.installation.latest_job(("mine",), "Circle")
    assert latest is not None
    assert latest.id == job


def test_counts_are_exact_at_once(workbench: Workbench, tmp_path: Path) -> None:
    from storage.pictures.files import SkippedFile

    store = workbench.context.collection.library

    def skip(name: str) -> int:
        store.adding.record([], [SkippedFile(name, "empty", "The file is empty.")], "any")
        return store.counts().bad_files

    assert [skip("a"), skip("b")] == [1, 2]
    before = store.counts().pictures
    workbench.library.add([draw_folder(tmp_path / "more", 1, first_seed=500)]).wait()
    assert store.counts().pictures == before + 1
