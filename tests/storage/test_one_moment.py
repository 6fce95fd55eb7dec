"""What is put together from many reads is of one moment, until its thread writes or waits for its turn."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, update

from storage.concepts import ConceptStore
from storage.database import Database, once_a_moment, one_moment
from storage.tables import ConceptRow

Names = Callable[[], list[str]]


@pytest.fixture
def names(database: Database) -> Names:
    ConceptStore(database).create("before")
    return lambda: [row.name for row in ConceptStore(database).all()]


def elsewhere(database: Database, name: str) -> None:
    """Another thread begins a concept."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(ConceptStore(database).create, name).result()


def test_what_others_write_is_seen_after_a_write_of_its_own_or_in_the_next_moment(
    database: Database, names: Names
) -> None:
    with one_moment():
        assert names() == ["before"]
        elsewhere(database, "theirs")
        assert names() == ["before"]
        ConceptStore(database).create("ours")
        assert names() == ["before", "theirs", "ours"]
        elsewhere(database, "later")
        assert names() == ["before", "theirs", "ours"]
    assert names() == ["before", "theirs", "ours", "later"]


def test_a_read_amid_a_write_does_not_hide_it_from_those_that_follow(
    database: Database, names: Names
) -> None:
    with one_moment():
        with database.write() as session:
            session.execute(update(ConceptRow).values(name="renamed"))
            assert once_a_moment("names", names) == ["before"]
        assert once_a_moment("names", names) == ["renamed"]


def test_a_write_amid_a_read_is_seen_once_that_is_over(database: Database, names: Names) -> None:
    with one_moment():
        with database.read() as session:
            assert session.scalar(select(ConceptRow.name)) == "before"
            ConceptStore(database).create("ours")
            assert once_a_moment("names", names) == ["before"]
        assert once_a_moment("names", names) == ["before", "ours"]


@pytest.mark.parametrize("how", ["alone", "turn"])
def test_whoever_has_waited_for_a_turn_sees_what_the_one_before_did(
    database: Database, names: Names, how: str
) -> None:
    with one_moment():
        names()
        elsewhere(database, "theirs")
        with getattr(database, how)("drawing"):
            assert names() == ["before", "theirs"]


def test_what_follows_from_a_moment_is_worked_out_once_in_it(database: Database, names: Names) -> None:
    asked = []

    def count() -> int:
        asked.append(1)
        return len(names())

    with one_moment():
        assert [once_a_moment("count", count) for _ in range(3)] == [1, 1, 1]
        assert len(asked) == 1
        ConceptStore(database).create("ours")
        assert once_a_moment("count", count) == 2
    assert once_a_moment("count", count) == 2
    assert len(asked) == 3


def test_a_read_that_fails_leaves_the_moment_usable_and_no_connection_behind(
    database: Database, names: Names
) -> None:
    def broken() -> None:
        with database.read() as session:
            session.connection().exec_driver_sql("SELECT nothing_like_it")

    with one_moment():
        names()
        with pytest.raises(Exception, match="nothing_like_it"), database.read():
            broken()
        assert names() == ["before"]
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


def test_a_read_that_is_left_unfinished_ends_with_the_moment(database: Database, names: Names) -> None:
    with one_moment():
        unfinished = database.read()
        unfinished.__enter__()
    elsewhere(database, "after")
    with one_moment():
        assert names() == ["before", "after"]
    unfinished.__exit__(None, None, None)
    assert database.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
