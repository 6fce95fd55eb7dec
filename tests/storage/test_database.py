"""The database: addresses, migrations, concurrent writers, and databases that can't be used."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from at_once import at_once
from postgres import Server
from sqlalchemy import Engine, create_engine, make_url, text

from storage import dialects
from storage.concepts import ConceptStore
from storage.database import MIGRATIONS, NEWEST, Database, insert_new, insert_or_update
from storage.errors import DiscernError, StorageError
from storage.files import sqlite_url
from storage.tables import BadFileRow, Base, now


def test_an_empty_postgres_database_gets_the_newest_schema_from_several_processes_at_once(
    postgres: Server,
) -> None:
    url = postgres.empty_database()
    with ThreadPoolExecutor(3) as pool:
        opened = list(pool.map(Database, [url] * 3))
    assert {ConceptStore(database).create(f"by {n}").id for n, database in enumerate(opened)} == {1, 2, 3}
    for database in opened:
        database.close()


def test_a_folder_may_be_called_what_it_likes(tmp_path: Path) -> None:
    file = tmp_path / "50% of? #1 ä:b@c" / "discern.sqlite"
    Database(sqlite_url(file)).close()
    assert file.is_file()


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


@pytest.fixture
def on_postgres(postgres: Server) -> Iterator[Database]:
    with closing(Database(postgres.new_database())) as database:
        yield database


def test_text_that_the_database_cannot_keep_is_an_error_for_people(on_postgres: Database) -> None:
    for name in ("no\0thing", "n" * 121):
        with pytest.raises(DiscernError, match="can't keep"):
            ConceptStore(on_postgres).create(name)


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


def test_who_waits_to_be_alone_leaves_the_connections_to_whoever_is(on_postgres: Database) -> None:
    def connections(index: int) -> int:
        with on_postgres.alone("drawing"):
            ConceptStore(on_postgres).all()
            return int(on_postgres.engine.pool.checkedout())  # of every queue

    assert at_once(8, connections) == [1] * 8


def test_more_threads_than_connections_are_told_to_try_again(on_postgres: Database) -> None:
    on_postgres.engine.pool._timeout = 0  # seconds it would wait
    with ExitStack() as readers:
        for _ in range(15):
            readers.enter_context(on_postgres.read())
        with pytest.raises(StorageError, match="is busy: no connection is free"):
            readers.enter_context(on_postgres.read())
    assert ConceptStore(on_postgres).all() == []


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


# Its schema


ROOT = Path(__file__).parents[2]
# Of each database, what it says of its own tables: names, types, defaults, keys and indexes.
SCHEMA = {
    "sqlite": [
        "SELECT m.name, c.* FROM sqlite_master m, pragma_table_xinfo(m.name) c WHERE m.type = 'table'",
        'SELECT m.name, k."table", k."from", k."to" FROM sqlite_master m, pragma_foreign_key_list(m.name) k',
        "SELECT m.tbl_name, m.sql, i.seqno, i.name FROM sqlite_master m, pragma_index_info(m.name) i",
    ],
    "postgresql": [
        "SELECT table_name, ordinal_position, column_name, data_type, character_maximum_length, is_nullable, "
        "column_default, collation_name FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
    ],
}


def schema(engine: Engine) -> list[list[str]]:
    """All but Alembic's own table."""
    with engine.connect() as connection:
        answers = [connection.execute(text(query)).all() for query in SCHEMA[engine.dialect.name]]
    found = [[str(tuple(row)) for row in rows] for rows in answers]
    return [sorted(row for row in rows if "alembic_version" not in row) for rows in found]


@pytest.fixture
def empty(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """An empty database of the kind of `database`."""
    if database.engine.dialect.name == "sqlite":
        url = sqlite_url(tmp_path / "empty.sqlite")
    else:
        server: Server = request.getfixturevalue("postgres")
        url = server.empty_database()
    engine = create_engine(url)
    yield engine
    engine.dispose()


def test_migrations_lead_to_the_tables_the_code_uses(database: Database, empty: Engine) -> None:
    Base.metadata.create_all(empty)
    assert schema(database.engine) == schema(empty)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        *(
            (f"UPDATE alembic_version SET version_num = '{old}'", "earlier version")
            for old in ("0033", "0001")
        ),
        ("UPDATE alembic_version SET version_num = '9999'", "newer version"),
        ("DROP TABLE alembic_version", "earlier version"),
    ],
)
def test_a_database_of_another_version_or_of_none_is_refused_as_it_is(
    database: Database, database_url: str, change: str, said: str
) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("DROP TABLE answered"))
        connection.execute(text(change))
    before = schema(database.engine)
    with pytest.raises(StorageError, match=said):
        Database(database_url)
    assert schema(database.engine) == before


def test_tables_of_others_are_let_be(empty: Engine) -> None:
    with empty.begin() as connection:
        connection.execute(text("CREATE TABLE of_others (id INTEGER)"))
    Database(empty.url.render_as_string(hide_password=False)).close()


def test_the_newest_schema_is_known_without_alembic_and_is_its_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_a_database_of_the_newest_schema_is_opened_without_alembic(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "discern.sqlite")
    Database(url).close()
    program = (
        "import sys; from storage.database import Database; Database(sys.argv[1]).close();"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, url], check=True, cwd=ROOT)
