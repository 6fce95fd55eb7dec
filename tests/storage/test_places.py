"""Where pictures are, read as columns: the same as row by row, whatever their places are called."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import FINGERPRINT, clear_pictures, facts, picture_ids

from storage.database import Database
from storage.library import Library
from storage.pictures.files import Source
from storage.places import Places, _in_order, texts_of
from storage.vectors.ids import PictureIds, encoded

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


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(st.text(characters, min_size=1), st.sampled_from(range(len(IDS)))))
def test_they_are_those_that_were_recorded(sqlite: Database, found: dict[str, int]) -> None:
    clear_pictures(sqlite)
    if found:
        put(sqlite, list(found.items()))
    places = [[place for place, number in found.items() if number == one] for one in range(len(IDS))]
    assert first(sqlite, *range(len(IDS))) == [min(some, key=str.encode, default="") for some in places]


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
