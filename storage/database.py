"""The SQL database of a data folder: engine, sessions, migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from filelock import FileLock
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from storage.errors import DiskFullError, StorageError

MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Short transactions on one SQLite file in WAL mode.

    Readers never wait for writers. A write begins with BEGIN IMMEDIATE, so two writers queue for the
    lock instead of failing half-way (SQLite can't upgrade a read transaction that others wrote past).
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self.engine = _engine(path)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._migrate()

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._guarded(), self._sessions() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Commits at the end; rolls back where an error passes through."""
        with self._guarded(), self._sessions() as session:
            session.connection(execution_options={"immediate": True})
            yield session
            session.commit()

    def copy_to(self, target: Path) -> None:
        """A consistent copy while others go on writing. Raises `StorageError` where the disk is full."""
        try:
            _copy(self.path, target)
        except sqlite3.OperationalError as error:
            raise DiskFullError(
                f"There is no room in {target.parent} for a copy of the database ({error})."
            ) from error

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except OperationalError as error:
            reason = str(error.orig)
            if "disk is full" in reason or "disk I/O" in reason:
                raise DiskFullError(
                    f"The disk that holds {self.path.parent} is full. Free some space and run the same "
                    "command again: everything up to here is kept."
                ) from error
            if "locked" in reason:
                raise StorageError(
                    f"Another program has kept {self.path} busy for more than 30 seconds. "
                    "Wait until it is done, then try again."
                ) from error
            if "readonly" in reason or "unable to open" in reason:
                raise StorageError(f"{self.path} can't be written. Check who owns it.") from error
            raise

    def _migrate(self) -> None:
        """Upgrades to the newest schema, one process at a time, after a copy of the old file."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with FileLock(self.path.with_suffix(".migrate-lock"), timeout=60), self._guarded():
            script = ScriptDirectory.from_config(config)
            with self.engine.connect() as connection:
                current = MigrationContext.configure(connection).get_current_revision()
            if current == script.get_current_head():
                return
            try:
                script.get_revision(current) if current else None
            except CommandError as error:
                raise StorageError(
                    f"{self.path} was written by a newer version of Discern ({current}). "
                    "Update Discern, or point DISCERN_HOME to another folder."
                ) from error
            if current is not None:
                _copy(self.path, self.path.with_suffix(f".before-{script.get_current_head()}.sqlite"))
            with self.engine.begin() as connection:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")


def _engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": 30, "isolation_level": None})

    @event.listens_for(engine, "connect")
    def _on_connect(connection: Any, record: Any) -> None:
        try:
            for pragma in ("busy_timeout=30000", "journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL"):
                connection.execute(f"PRAGMA {pragma}").close()
        except sqlite3.DatabaseError as error:
            raise StorageError(
                f"{path} is not a database that can be read ({error}). Restore it from a backup, "
                "or move it away to start anew."
            ) from error

    @event.listens_for(engine, "begin")
    def _on_begin(connection: Any) -> None:
        # isolation_level=None keeps the driver from beginning transactions of its own.
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine


def _copy(path: Path, target: Path) -> None:
    """A consistent copy of a live database (SQLite's own VACUUM INTO)."""
    target.unlink(missing_ok=True)
    with sqlite3.connect(path) as connection:
        connection.execute("VACUUM INTO ?", (str(target),))
    connection.close()
