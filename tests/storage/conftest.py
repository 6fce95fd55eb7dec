"""The databases that every store has to work on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import ON_BOTH, Server

from storage.database import Database
from storage.files import sqlite_url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module that has to hold on PostgreSQL in every run says so: `KEPT_IN = ["sqlite", "postgres"]`."""
    if "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", getattr(metafunc.module, "KEPT_IN", ON_BOTH), indirect=True)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "discern.sqlite")
    server: Server = request.getfixturevalue("postgres")
    return server.new_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    yield database
    database.close()
