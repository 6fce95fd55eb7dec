"""The database file: migrations, concurrent writers, and files that can't be used."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from storage.concepts import ConceptStore
from storage.database import Database
from storage.errors import DiscernError, StorageError
from storage.tables import Base


def test_migrations_lead_to_the_tables_the_code_uses(tmp_path: Path) -> None:
    database = Database(tmp_path / "discern.sqlite")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    first = Database(tmp_path / "discern.sqlite")
    ConceptStore(first).create("messy room")
    first.close()
    second = Database(tmp_path / "discern.sqlite")
    assert [row.name for row in ConceptStore(second).all()] == ["messy room"]


def test_a_file_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    Database(tmp_path / "discern.sqlite").close()
    with sqlite3.connect(tmp_path / "discern.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(StorageError, match="newer version"):
        Database(tmp_path / "discern.sqlite")


def test_a_file_that_is_no_database_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "discern.sqlite").write_text("a shopping list, not a database, but long enough to look at")
    with pytest.raises(StorageError, match="backup"):
        Database(tmp_path / "discern.sqlite")


def test_an_error_inside_a_write_leaves_nothing(tmp_path: Path) -> None:
    store = ConceptStore(Database(tmp_path / "discern.sqlite"))
    store.create("messy room")
    with pytest.raises(DiscernError, match="already"):
        store.create("  Messy   ROOM ")
    assert len(store.all()) == 1


def test_writers_at_the_same_time_all_get_through(tmp_path: Path) -> None:
    path = tmp_path / "discern.sqlite"
    Database(path).close()

    def create(worker: int) -> None:
        store = ConceptStore(Database(path))
        for index in range(10):
            store.create(f"concept {worker} {index}")

    threads = [threading.Thread(target=create, args=(worker,)) for worker in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ConceptStore(Database(path)).all()) == 40
