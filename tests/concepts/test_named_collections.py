"""Named collections: how they begin, what joins them, and that nothing of it is ever lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from beginning import begin_with_queued_draw
from drawing import draw_folder
from statements import statements

from concepts.errors import DiscernError
from concepts.library.collection import collection_of
from concepts.library.collections import (
    list_addings,
    look_in,
    make_collection,
    pictures_in,
    put_into_collection,
    show_collection,
    take_from_collection,
)
from concepts.library.filters import PictureSelection
from concepts.results.library import browse, import_pictures, look_after, picture_count, search_library
from concepts.use_cases import App

ME = "me"


def ids(bench: App, collection: str | int) -> set[str]:
    return {picture.id for picture in pictures_in(bench, collection, 1000)}


def some(bench: App, n: int, start: int = 0) -> list[str]:
    return collection_of(bench).library.all_ids()[start : start + n]


def test_a_collection_of_a_folder_follows_it_but_for_what_was_taken_out(bench: App, tmp_path: Path) -> None:
    deep = draw_folder(tmp_path / "more" / "deep", 3, 300)
    draw_folder(tmp_path / "more-of-it", 1, 500)
    import_pictures(bench, [tmp_path / "more", tmp_path / "more-of-it"]).wait()
    made = make_collection(bench, "More", folder=str(tmp_path / "more"), author=ME)
    assert (made.pictures, made.follows) == (3, True)
    resolve = collection_of(bench).library.resolve
    assert ids(bench, "more") == {resolve(str(path)) for path in deep.iterdir()}
    gone = min(ids(bench, "More"))
    take_from_collection(bench, "More", [gone], author=ME)
    draw_folder(tmp_path / "more" / "new", 2, 700)
    import_pictures(bench, [tmp_path / "more"]).wait()
    assert show_collection(bench, made.id).pictures == 4
    assert gone not in ids(bench, "More")
    assert [change.deed for change in show_collection(bench, "More").changes] == [
        "followed",
        "taken",
        "made",
    ]


def test_a_collection_of_an_adding_has_the_pictures_it_brought(bench: App, tmp_path: Path) -> None:
    before = set(collection_of(bench).library.all_ids())
    import_pictures(bench, [draw_folder(tmp_path / "job", 4, 900)]).wait()
    newest = list_addings(bench)[0]
    assert newest.added == 4
    made = make_collection(bench, "The other job", adding=newest.job, author=ME)
    assert ids(bench, made.id) == set(collection_of(bench).library.all_ids()) - before
    look_after(bench).wait()
    job = bench.jobs.store.recent(1)[0]
    with pytest.raises(DiscernError, match="no adding"):
        make_collection(bench, "None", adding=job.id, author=ME)


def test_a_collection_of_days_has_what_was_added_then(bench: App) -> None:
    today = datetime.now(UTC).date()
    for by_file in (False, True):
        made = make_collection(bench, f"{by_file}", since=today, until=today, by_file=by_file, author=ME)
        assert made.pictures == picture_count(bench)
    with pytest.raises(DiscernError, match="No picture"):
        make_collection(bench, "Long ago", since=date(1999, 1, 1), until=date(1999, 12, 31), author=ME)
    with pytest.raises(DiscernError, match="earlier day first"):
        make_collection(bench, "Backwards", since=today, until=date(1999, 1, 1), author=ME)


def test_a_picture_in_two_collections_counts_once_and_is_read_after_changes_alone(bench: App) -> None:
    make_collection(bench, "One", some(bench, 20), author=ME)
    make_collection(bench, "Two", some(bench, 20, 10), author=ME)
    begin_with_queued_draw(bench, "Round", "An ellipse.")
    looked = look_in(bench.concept("Round"), ["One", "Two"], author=ME)
    assert (looked.pictures, looked.name) == (30, "“One” and “Two”")
    concept = bench.concept("Round").id
    assert list(collection_of(bench).vectors_for(concept).ids) == some(bench, 30)
    with statements(bench.database) as asked:
        collection_of(bench).vectors_for(concept)
    assert not [statement for statement in asked if "collection_pictures" in statement]
    put_into_collection(bench, "One", some(bench, 35), author=ME)
    assert len(collection_of(bench).vectors_for(concept).ids) == 35


def test_a_collection_of_a_search_has_its_nearest_pictures_and_browsing_and_searching_stay_in_it(
    bench: App,
) -> None:
    nearest = {hit.id for hit in search_library(bench, "a blue ellipse", n=12)}
    made = make_collection(bench, "Blue", search="a blue ellipse", n=12, author=ME)
    assert ids(bench, made.id) == nearest
    chosen = PictureSelection.of({"in": str(made.id)})
    first = browse(bench, chosen, 7)
    rest = browse(bench, chosen, 7, first.older)
    assert {p.id for p in (*first.pictures, *rest.pictures)} == nearest
    hits = browse(bench, PictureSelection(q="line", within=str(made.id)), 50).pictures
    assert {hit.id for hit in hits} == nearest
