"""An empty database gets the schema that the tables say, and one of another version is refused as it is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from postgres import Server
from sqlalchemy import Engine, create_engine, text

from storage.database import MIGRATIONS, NEWEST, Database
from storage.errors import StorageError
from storage.files import sqlite_url
from storage.tables import Base

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
