"""Where pictures are, read as columns: the same as row by row, whatever their places are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rows import FINGERPRINT, facts, picture_ids

from storage.database import Database
from storage.files import sqlite_url
from storage.library import Library
from storage.pictures.files import Source
from storage.places import Places, texts_of
from storage.vectors.ids import PictureIds

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


def pairs(database: Database, first: str = IDS[0], last: str = IDS[-1]) -> list[tuple[str, str]]:
    ids, places = Places(database).between(first, last)
    return list(zip(ids.to_pylist(), places.to_pylist(), strict=True))


def test_they_come_by_picture_and_of_one_picture_the_first_first(database: Database) -> None:
    put(database, [("/b", 1), ("/a", 1), ("/c", 0), ("/d", 3)])
    assert pairs(database) == [(IDS[0], "/c"), (IDS[1], "/a"), (IDS[1], "/b"), (IDS[3], "/d")]
    assert pairs(database, IDS[1], IDS[2]) == [(IDS[1], "/a"), (IDS[1], "/b")]
    assert pairs(database, IDS[2], IDS[2]) == []


def test_quotes_backslashes_and_lines_of_their_names_are_theirs(database: Database) -> None:
    put(database, [(place, 2) for place in HOSTILE])
    assert sorted(pairs(database)) == sorted((IDS[2], place) for place in HOSTILE)


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("places")


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(st.text(characters, min_size=1), st.sampled_from(range(len(IDS)))))
def test_they_are_those_that_were_recorded(sqlite: Path, found: dict[str, int]) -> None:
    (sqlite / "discern.sqlite").unlink(missing_ok=True)
    database = Database(sqlite_url(sqlite / "discern.sqlite"))
    try:
        if found:
            put(database, list(found.items()))
        assert sorted(pairs(database)) == sorted((IDS[number], place) for place, number in found.items())
    finally:
        database.close()


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
