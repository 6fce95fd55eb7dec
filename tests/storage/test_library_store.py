"""The pictures in SQL: recorded in few statements, found by id, path or place, with their outbox."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest
from at_once import at_once
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import FINGERPRINT, add_pictures, clear_pictures, facts, picture_ids, source
from statements import statements

from storage.database import Database
from storage.errors import UnknownError
from storage.library import Library, LibraryEncoder
from storage.pictures.files import SkippedFile, Source
from storage.places import Places, _in_order, texts_of
from storage.removed import Removed
from storage.tables import now
from storage.vectors.ids import PictureIds, encoded


@pytest.fixture
def library(database: Database) -> Library:
    return Library(database)


def test_256_files_are_recorded_in_few_statements(library: Library, database: Database) -> None:
    ids = picture_ids(256)
    read = [(source(i), facts(i)) for i in ids]
    bad = [SkippedFile(f"/bad/{n}", "damaged", "It is damaged.") for n in range(256)]
    with statements(database) as sent:
        library.adding.record(read, bad, FINGERPRINT)
    assert len(sent) <= 10
    assert library.all_ids() == ids
    assert library.adding.pending(FINGERPRINT, 1000) == ids
    assert len(library.bad_files()) == 256


def test_recording_again_or_twice_in_one_batch_changes_nothing(library: Library) -> None:
    ids = picture_ids(3)
    read = [*((source(i), facts(i)) for i in ids), (source(ids[0]), ids[0])]
    library.adding.record(read, [], FINGERPRINT)
    before = library.pictures(ids)
    assert library.counts().sources == 3
    library.adding.vectors_written(ids, FINGERPRINT)
    library.adding.record(read, [], FINGERPRINT)
    assert library.pictures(ids) == before
    assert library.adding.pending(FINGERPRINT, 10) == []


def test_a_file_with_other_contents_names_its_new_picture(library: Library) -> None:
    old, new = picture_ids(2)
    library.adding.record([(source("a.png"), facts(old))], [], FINGERPRINT)
    changed = replace(source("a.png"), mtime_ns=2)
    library.adding.record([(changed, facts(new))], [], FINGERPRINT)
    assert [picture.sources for picture in library.pictures([old, new])] == [(), ("/pictures/a.png",)]
    assert library.adding.read_from([changed]) == {"/pictures/a.png": new}
    assert library.adding.read_from([source("a.png")]) == {}


def test_a_bad_file_that_turned_good_is_no_longer_listed(library: Library) -> None:
    library.adding.record([], [SkippedFile("/pictures/a.png", "empty", "It is empty.")], FINGERPRINT)
    assert [file.reason for file in library.bad_files()] == ["empty"]
    (bad,) = library.bad_files()
    assert library.adding.skipped_before([bad, replace(bad, uri="/b.png")]) == {"/pictures/a.png"}
    assert library.adding.skipped_before([replace(bad, size=9)]) == set()
    library.adding.record([(source("a.png"), facts(picture_ids(1)[0]))], [], FINGERPRINT)
    assert library.bad_files() == []


def test_several_that_add_the_same_files_at_once_leave_them_once(database_url: str) -> None:
    ids = picture_ids(40)
    libraries = [Library(Database(database_url)) for _ in range(3)]

    def add(index: int) -> None:
        order = ids[:: 1 if index % 2 else -1]
        for start in range(0, len(order), 10):
            some = order[start : start + 10]
            libraries[index].adding.record([(source(i), facts(i)) for i in some], [], FINGERPRINT)

    at_once(3, add)
    assert libraries[0].all_ids() == ids
    assert libraries[0].counts().sources == len(ids)


def test_the_encoder_can_be_changed(library: Library) -> None:
    assert library.encoder() is None
    for name in ("one", "other"):
        encoder = LibraryEncoder(name, f"{name}'s", 8)
        library.set_encoder(encoder)
        assert library.encoder() == encoder


def test_near_groups_and_pictures_at_several_places_are_counted_and_found(
    library: Library, database: Database
) -> None:
    ids = picture_ids(4)
    add_pictures(database, ids)
    assert library.set_near_groups({ids[1]: ids[0], ids[0]: ids[0]}) == 1
    assert library.members([ids[0]]) == set(ids[:2])
    assert library.near_groups(ids) == [ids[0], ids[0], *ids[2:]]
    assert library.look_alikes(10, "") == [ids[0]]
    library.adding.record([(source("again.png"), ids[2])], [], FINGERPRINT)
    assert library.repeated(10, "") == [ids[2]]
    assert (library.counts().near_duplicates, library.counts().exact_duplicates) == (1, 1)


def test_a_picture_is_found_by_a_start_of_its_id_that_no_other_shares_in_either_case(
    library: Library, database: Database
) -> None:
    mine = "ab" * 32
    add_pictures(database, [mine, "ac" * 32, "ad" * 32, "ad" * 31 + "cd"])
    for start in (8, 20, 63):
        assert library.resolve(mine[:start]) == library.resolve(mine[:start].upper()) == mine
    for text in ("abababa", "abababab%", "ab_babab", "ababababg", "/pictures/none.png", "ad" * 8):
        with pytest.raises(UnknownError):
            library.resolve(text)


def test_every_group_is_named_by_the_smallest_of_its_pictures_that_is_shown(
    library: Library, database: Database
) -> None:
    ids = picture_ids(6)
    add_pictures(database, ids)
    library.set_near_groups({ids[0]: ids[0], ids[2]: ids[0], ids[4]: ids[0], ids[3]: ids[3], ids[5]: ids[3]})
    assert library.groups() == {ids[0]: ids[0], ids[1]: ids[1], ids[3]: ids[3]}
    Removed(database).remove([ids[0], ids[1]], "me")
    assert library.groups() == {ids[0]: ids[2], ids[3]: ids[3]}


def test_a_group_is_as_old_as_its_first_picture_and_asked_for_only_where_that_is_newer(
    library: Library, database: Database
) -> None:
    old, new, alone = picture_ids(3)
    add_pictures(database, [old])
    moment = now()
    add_pictures(database, [new, alone])
    assert library.groups_since(moment) == {p.id: p.added for p in library.pictures([new, alone])}
    library.set_near_groups({old: min(old, new), new: min(old, new)})
    assert library.groups_since(moment) == {alone: library.picture(alone).added}
    assert library.groups(until=moment) == {min(old, new): old}
    assert library.groups_since(now()) == {}


# Where pictures are, read as columns: the same as row by row, whatever their places are called


IDS = picture_ids(4)
HOSTILE = [
    '/a","b',
    "/ends in a backslash\\",
    '/", "',
    "/new\nline",
    "/\x1f\x7f",
    "/ü 写",
    '["/x"]',
    "/, ",
    "\\u0041",
]

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def put(database: Database, places: list[tuple[str, int]]) -> None:
    known = {number: facts(IDS[number]) for _, number in places}
    read = [(Source(place, 1, 1), known.pop(number, IDS[number])) for place, number in places]
    Library(database).adding.record(read, [], FINGERPRINT)


def first(database: Database, *numbers: int) -> list[str]:
    found: list[str] = Places(database).first(PictureIds.of([IDS[number] for number in numbers])).to_pylist()
    return found


def test_of_each_picture_it_is_the_first_and_of_one_that_has_none_nothing(database: Database) -> None:
    put(database, [("/b", 1), ("/a", 1), ("/c", 0), ("/d", 3)])
    assert first(database, 0, 1, 2, 3) == ["/c", "/a", "", "/d"]
    assert first(database, 1, 2) == ["/a", ""]
    assert first(database, 0, 3) == ["/c", "/d"]  # what lies between is asked for by nobody
    assert first(database, 2) == [""]


def test_ids_that_begin_alike_or_are_short_are_told_apart(database: Database) -> None:
    ids = ["a" * 63 + "b", "a" * 63 + "d", "a" * 62, "b"]
    known = [(Source(f"/{one}", 1, 1), facts(one)) for one in ids]
    Library(database).adding.record(known, [], FINGERPRINT)
    asked = PictureIds.of([*ids, "a" * 63 + "c", "a" * 64, "a" * 8, "c"])
    expected = [f"/{one}" if one in ids else "" for one in asked]
    assert Places(database).first(asked).to_pylist() == expected
    some = PictureIds.of(ids[:2])  # all of 64 letters
    assert Places(database).first(some).to_pylist() == [f"/{one}" for one in some]


def test_quotes_backslashes_and_lines_of_their_names_are_theirs(database: Database) -> None:
    for place in sorted(HOSTILE, key=str.encode, reverse=True):
        put(database, [(place, 2)])
        assert first(database, 2) == [place]


@given(
    st.lists(
        st.tuples(st.sampled_from([*IDS, "a" * 62, "a" * 63]), st.text(characters, min_size=1)), max_size=8
    )
)
def test_whatever_order_they_are_handed_out_in_they_end_by_id_and_place(pairs: list[tuple[str, str]]) -> None:
    ids = encoded([one for one, _ in pairs])
    known, places = _in_order(ids, pa.array([place for _, place in pairs], pa.string()))
    found = list(zip([one.decode() for one in known.tolist()], places.to_pylist(), strict=True))
    assert found == sorted(pairs, key=lambda pair: (pair[0], pair[1].encode()))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=st.dictionaries(st.text(characters, min_size=1), st.sampled_from(range(len(IDS)))))
def test_they_are_those_that_were_recorded(database: Database, found: dict[str, int]) -> None:
    clear_pictures(database)
    if found:
        put(database, list(found.items()))
    places = [[place for place, number in found.items() if number == one] for one in range(len(IDS))]
    assert first(database, *range(len(IDS))) == [min(some, key=str.encode, default="") for some in places]


@pytest.mark.parametrize(
    "ids", [[], IDS, ["a", *IDS], picture_ids(100)], ids=["none", "some", "a short one", "more"]
)
def test_ids_are_the_same_as_texts(ids: list[str]) -> None:
    known = PictureIds.of(ids)
    assert texts_of(known).to_pylist() == sorted(ids)
    left = known.without(ids[::3])
    found = texts_of(left)
    found.validate(full=True)
    assert found.to_pylist() == list(left)
