"""The database: addresses, migrations, concurrent writers, and databases that can't be used."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from at_once import at_once
from postgres import Server
from sqlalchemy import make_url, text

from storage import dialects
from storage.concepts import ConceptStore
from storage.database import Database, insert_new, insert_or_update
from storage.errors import DamagedDatabaseError, DiscernError, StorageError
from storage.files import sqlite_url
from storage.tables import BadFileRow, now


def test_an_empty_postgres_database_gets_the_newest_schema_from_several_processes_at_once(
    postgres: Server,
) -> None:
    url = postgres.empty_database()
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(Database, [url] * 3))
    assert {ConceptStore(database).create(f"by {n}").id for n, database in enumerate(opened)} == {1, 2, 3}
    for database in opened:
        database.close()


def test_opening_again_changes_nothing(database: Database, database_url: str) -> None:
    ConceptStore(database).create("messy room")
    database.close()
    assert [row.name for row in ConceptStore(Database(database_url)).all()] == ["messy room"]


def test_a_folder_may_be_called_what_it_likes(tmp_path: Path) -> None:
    file = tmp_path / "50% of? #1 ä:b@c" / "discern.sqlite"
    Database(sqlite_url(file)).close()
    assert file.is_file()


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "discern.sqlite"
    file.write_text("a shopping list, not a database, but long enough to look at")
    with pytest.raises(DamagedDatabaseError):
        Database(sqlite_url(file))


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:secret@host/db",
        "no address: secret",
        "sqlite://",
        "oracledb2://me:secret@host/db",
        "postgresql+nosuchdriver://me:secret@host/db",
        "postgresql+psycopg://me:secret@host:port/db",
    ],
)
def test_an_address_of_no_database_it_knows_is_refused_and_no_password_shown(url: str) -> None:
    with pytest.raises(StorageError, match=r"DISCERN_DATABASE_URL|SQLite file or in") as caught:
        Database(url)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_or_lets_nobody_in_is_named_without_the_password(postgres: Server) -> None:
    right = make_url(postgres.new_database())
    for wrong in (right.set(port=1), right.set(password="secret"), right.set(database="no_such_database")):
        with pytest.raises(StorageError, match="can't be used now") as caught:
            Database(wrong.render_as_string(hide_password=False))
        assert "secret" not in str(caught.value)
        assert str(right.password) not in str(caught.value)


def test_text_that_the_database_cannot_keep_is_an_error_for_people(postgres: Server) -> None:
    database = Database(postgres.new_database())
    for name in ("no\0thing", "n" * 121):
        with pytest.raises(DiscernError, match="can't keep"):
            ConceptStore(database).create(name)
    database.close()


def test_an_error_inside_a_write_leaves_nothing(database: Database) -> None:
    store = ConceptStore(database)
    store.create("messy room")
    with pytest.raises(DiscernError, match="already"):
        store.create("  Messy   ROOM ")
    assert len(store.all()) == 1


def test_writers_at_the_same_time_all_get_through(database_url: str) -> None:
    Database(database_url).close()

    def create(worker: int) -> None:
        database = Database(database_url)
        for index in range(10):
            ConceptStore(database).create(f"concept {worker} {index}")
        database.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(create, range(4)))
    assert len(ConceptStore(Database(database_url)).all()) == 40


def test_a_writer_that_waits_too_long_says_so(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dialects, "PATIENCE", 0.1)
    one, other = Database(database_url), Database(database_url)
    with one.write("concept 1"), pytest.raises(StorageError, match="busy"), other.write("concept 1"):
        pass


def test_of_those_who_want_to_be_alone_one_goes_on_at_a_time(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "PATIENCE", 0.1)  # who waits for work of this kind may have to wait longer
    databases = [Database(database_url) for _ in range(3)]
    inside, others = list[int](), list[int]()

    def work(index: int) -> None:
        for _ in range(5):
            with databases[index].alone("drawing"):
                inside.append(index)
                ConceptStore(databases[index]).all()
                threading.Event().wait(0.02)
                others.append(len(inside))
                inside.remove(index)

    at_once(3, work)
    assert others == [1] * 15
    with databases[0].alone("drawing"), databases[1].alone("bundles"):
        pass


def test_who_waits_to_be_alone_leaves_the_connections_to_whoever_is(postgres: Server) -> None:
    database = Database(postgres.new_database())

    def connections(index: int) -> int:
        with database.alone("drawing"):
            ConceptStore(database).all()
            return int(database.engine.pool.checkedout())  # type: ignore[attr-defined]  # of every queue

    assert at_once(8, connections) == [1] * 8
    database.close()


def test_more_threads_than_connections_are_told_to_try_again(postgres: Server) -> None:
    database = Database(postgres.new_database())
    database.engine.pool._timeout = 0  # type: ignore[attr-defined]  # seconds it would wait
    with ExitStack() as readers:
        for _ in range(15):
            readers.enter_context(database.read())
        with pytest.raises(StorageError, match="is busy: no connection is free"):
            readers.enter_context(database.read())
    assert ConceptStore(database).all() == []
    database.close()


def test_a_file_is_read_by_as_many_as_there_are(tmp_path: Path) -> None:
    database = Database(sqlite_url(tmp_path / "discern.sqlite"))
    with ExitStack() as readers:
        for _ in range(60):  # 40 threads of requests, and those that have limits of their own
            readers.enter_context(database.read()).scalar(text("SELECT count(*) FROM concepts"))
    database.close()


def test_a_read_sees_one_moment(database_url: str) -> None:
    one, other = Database(database_url), Database(database_url)
    count = text("SELECT count(*) FROM concepts")
    with one.read() as session:
        before = session.scalar(count)
        ConceptStore(other).create("messy room")
        assert session.scalar(count) == before
    assert len(ConceptStore(one).all()) == 1


def bad_file(uri: str, message: str = "") -> dict[str, object]:
    return {"uri": uri, "reason": "empty", "message": message, "size": 0, "mtime_ns": 1, "seen": now()}


def messages(database: Database) -> dict[str, str]:
    with database.read() as session:
        return {row.uri: row.message for row in session.query(BadFileRow)}


def test_inserting_what_is_new_leaves_what_is_there_and_updating_takes_the_last(database: Database) -> None:
    with database.write() as session:
        assert insert_new(session, BadFileRow, [bad_file("a", "first")]) == [("a",)]
        assert insert_new(session, BadFileRow, [bad_file("a", "second"), bad_file("b")]) == [("b",)]
        assert insert_new(session, BadFileRow, []) == []
    assert messages(database) == {"a": "first", "b": ""}
    with database.write() as session:
        insert_or_update(session, BadFileRow, [bad_file("a", "second"), bad_file("a", "third")])
    assert messages(database) == {"a": "third", "b": ""}


def test_a_file_that_is_locked_by_its_owner_alone_is_no_file_that_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialects, "PATIENCE", 0.1)
    url = sqlite_url(tmp_path / "discern.sqlite")
    Database(url).close()
    with closing(sqlite3.connect(tmp_path / "discern.sqlite", isolation_level=None)) as holder:
        holder.execute("PRAGMA journal_mode=DELETE")
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StorageError, match="busy"):
            Database(url)
