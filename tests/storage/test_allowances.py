"""What there is only so much of: counted once for all processes over one database."""

from __future__ import annotations

import contextlib
from datetime import timedelta

import pytest
from at_once import at_once
from sqlalchemy import select

from storage.database import Database
from storage.people import LOCK, Allowances, Limit, TooManyTriesError
from storage.tables import TakenRow


def taken(allowances: Allowances, *limits: Limit) -> float:
    """Seconds to wait; 0 where it was taken."""
    try:
        allowances.take(limits)
    except TooManyTriesError as error:
        return error.seconds
    return 0


def test_each_key_is_counted_and_nothing_is_taken_where_one_is_used_up(database: Database) -> None:
    one, other = Allowances(database), Allowances(database)
    link = Limit("link", 3, 60.0)
    assert taken(one, Limit("a", 2, 60.0), link) == 0
    assert taken(other, Limit("a", 2, 60.0), link) == 0
    assert 0 < taken(one, Limit("a", 2, 60.0), link) <= 60
    assert taken(one, Limit("b", 2, 60.0), link) == 0
    assert taken(other, Limit("c", 2, 60.0), link) > 0


def test_of_many_who_take_at_once_no_more_get_it_than_one_after_the_other(database_url: str) -> None:
    processes = [Allowances(Database(database_url)) for _ in range(4)]

    def take(index: int) -> int:
        limit = Limit("tries", 5, 60.0)
        return sum(taken(processes[index], limit) == 0 for _ in range(3))

    assert sum(at_once(4, take)) == 5


def test_who_asks_for_what_is_used_up_waits_for_no_writer(database_url: str) -> None:
    database = Database(database_url)
    allowances, limit = Allowances(database), Limit("tries", 1, 60.0)
    allowances.take([limit])
    with Database(database_url).write(LOCK), pytest.raises(TooManyTriesError):
        allowances.take([limit])


def test_what_was_given_back_can_be_taken_again(database: Database) -> None:
    allowances, limit = Allowances(database), Limit("tries", 1, 60.0)
    allowances.give_back(allowances.take([limit]))
    allowances.check([limit])
    allowances.take([limit])
    with pytest.raises(TooManyTriesError):
        allowances.check([limit])


def test_what_counts_no_longer_is_forgotten(database: Database) -> None:
    allowances = Allowances(database)
    allowances.take([Limit("old", 1, -1.0)])
    allowances.note("left", timedelta(seconds=-1))
    assert not allowances.is_noted("left")
    allowances.take([Limit("new", 1, 60.0)])
    with database.read() as session:
        assert len(session.scalars(select(TakenRow.id)).all()) == 1


def test_no_key_can_be_read_in_the_database(database: Database) -> None:
    allowances = Allowances(database, b"a secret of this home")
    with contextlib.suppress(TooManyTriesError):
        allowances.take([Limit("tries of ana", 1, 60.0)])
    allowances.note("ana logged in", timedelta(days=1))
    assert allowances.is_noted("ana logged in")
    assert not Allowances(database, b"another").is_noted("ana logged in")
    with database.read() as session:
        assert not [key for key in session.scalars(select(TakenRow.key)) if "ana" in key]
