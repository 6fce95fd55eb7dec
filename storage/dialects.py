"""All that SQLite and PostgreSQL do differently, once for each of the two.

The stores use what SQLAlchemy has for both. Where there is no such thing (keeping writers apart, telling
errors apart, copying), it is here, and nowhere else.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    LargeBinary,
    SQLColumnExpression,
    Text,
    cast,
    create_engine,
    event,
    func,
    make_url,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, NoSuchModuleError, OperationalError
from sqlalchemy.orm import Session

from storage.copies import UNFINISHED, Copies
from storage.database_file import DAMAGED, DatabaseFile
from storage.disk import free_bytes, obstacle, refused, told
from storage.errors import DISK_FULL, NO_PERMISSION, DamagedDatabaseError, DiscernError, StorageError
from storage.files import make_private
from storage.tables import Base

NO_TEXT = "Could not decode to UTF-8"  # what Python says of a damaged value
PATIENCE = 30  # seconds a writer waits for another one
_PERHAPS_OF_THE_DISK = (
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
    *DAMAGED,
)


def dialect_of(url: str, *, anew: bool = False) -> Dialect:
    try:
        parsed = make_url(url)
        backend = parsed.get_backend_name()
        if backend == "sqlite" and parsed.database not in (None, "", ":memory:"):
            return _Sqlite(parsed, anew)
        if backend == "postgresql":
            return _Postgres(parsed)
    except (ArgumentError, NoSuchModuleError, ValueError):
        # From None: what SQLAlchemy says of an address may hold its password.
        raise StorageError("DISCERN_DATABASE_URL is no address of a database.") from None
    except ModuleNotFoundError as error:
        raise StorageError(
            f"PostgreSQL needs a driver that is not installed ({error.name}). Install psycopg[binary]."
        ) from error
    raise StorageError(
        f"Discern keeps its data in an SQLite file or in PostgreSQL, not in {backend!r}: "
        "sqlite:///path or postgresql+psycopg://user:password@host/database."
    )


def insert_into(session: Session, table: type[Base]) -> Any:
    """An INSERT with ON CONFLICT, which both have and SQLAlchemy has for each."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return dialect.insert(table.__table__)


def as_json(session: Session, column: SQLColumnExpression[str]) -> ColumnElement[bytes]:
    """Texts of many rows as one: a JSON list in UTF-8, in the order of the rows, `","` between any two."""
    if session.get_bind().dialect.name == "postgresql":
        return func.convert_to(func.replace(cast(func.json_agg(column), Text), '", "', '","'), "UTF8")
    return cast(func.json_group_array(column), LargeBinary)


class _Sqlite:
    """A file in WAL mode. A write begins with BEGIN IMMEDIATE, so two writers queue for the lock instead of
    failing half-way (SQLite can't upgrade a read transaction that others wrote past)."""

    def __init__(self, url: URL, anew: bool) -> None:
        self.path = Path(str(url.database))
        self.name = str(self.path)
        self._is_anew = anew
        with told(self.path.parent):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if not anew:
                # SQLite would begin a new one without a word, and empty the log of the one that was here.
                emptied = not self.path.exists() or not self.path.stat().st_size
                beside = ("vectors", "thumbnails", f"{self.path.name}-wal")
                if emptied and any(self.path.with_name(name).exists() for name in beside):
                    said = "it is gone or empty, with a library beside it"
                    raise DamagedDatabaseError(self.name, said, Copies(self.path).newest())
            make_private(self.path)
        self.copies = Copies(self.path)
        self.file = DatabaseFile(self.path, self.copies)
        arguments = {"timeout": PATIENCE, "isolation_level": None}
        self.engine = create_engine(url, connect_args=arguments, max_overflow=-1)  # as many as threads read
        event.listen(self.engine, "connect", self._on_connect)
        event.listen(self.engine, "begin", self._on_begin)

    def begin_read(self, session: Session) -> None:
        """Of one moment. BEGIN is enough: the first SELECT decides which."""
        self.file.require()

    def begin_write(self, session: Session, lock: str) -> None:
        self.file.require_whole()
        connection = session.connection(execution_options={"immediate": True})  # all others' writes wait
        session.info["newest"] = self.copies.last(_plain(connection))

    def before_commit(self, session: Session) -> None:
        """Keeps in a journal what is about to be committed. Raises `StorageError`."""
        session.flush()
        if not self._is_anew:  # a copy has no copies
            self.copies.write(_plain(session.connection()), session.info["newest"])

    def keep_copy(self, *, alone: bool = False) -> None:
        """Makes a copy of the whole, and takes away the oldest; `alone`: all that there were. Raises
        `StorageError`."""
        with self.alone("copies"):
            self.file.require_whole()
            with closing(sqlite3.connect(self.path, PATIENCE, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")  # nobody is between a journal and a commit
                copy = self.copies.begin()
                connection.execute("ROLLBACK")
            if alone:
                self.copies.erase(copy)
            unfinished = copy.with_suffix(UNFINISHED)
            self.copy_file(unfinished)
            unfinished.replace(copy)
            self.copies.prune()

    def close(self) -> None:
        self.file.close()
        self.engine.dispose()

    def require_room_to_compact(self) -> None:
        """Raises `StorageError`, which names the bytes: no `PlaceError`, for other work has room."""
        needed, free = 2 * self.size_bytes(), free_bytes(self.path.parent)  # in the log, then in the file
        if free < needed:
            raise StorageError(
                f"Deleted data stays in {self.path} until it is rewritten. That needs {needed:,} bytes of "
                f"free disk space; {free:,} are free. Free some space, then try again."
            )

    def compact(self) -> None:
        """Writes all there is anew, without what was deleted, of which `secure_delete` leaves copies: SQLite
        moves rows from page to page. Raises `StorageError`."""
        self.file.require_whole()
        self.require_room_to_compact()
        connection = sqlite3.connect(self.path, PATIENCE, isolation_level=None)
        try:
            connection.execute("VACUUM")
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):  # what it wrote of the log would take the room of others
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            raise StorageError(
                f"{self.path} could not be rewritten ({error}), so it may still have deleted data. Try again."
            ) from error
        finally:
            connection.close()
        if busy:
            raise StorageError(f"{self.path} is being read, so its log can't be emptied. Try again.")

    @contextmanager
    def migrating(self) -> Iterator[None]:
        """Held by one process at a time."""
        lock = FileLock(self.path.with_suffix(".migrate-lock"), timeout=2 * PATIENCE)
        try:
            lock.acquire()
        except Timeout as error:
            raise StorageError(
                f"Another program is upgrading {self.path}. Wait until it is done, then try again."
            ) from error
        except OSError as error:
            raise refused(error, self.path.parent) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Held by one thread of one process at a time, for as long as that takes and without a transaction;
        others wait. It ends with the process that holds it, however that ends."""
        lock = FileLock(self.path.with_suffix(f".{name}-lock"))
        with told(self.path.parent):
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def take(self, name: str) -> bool:
        """Whether this process has a name now, which one process has at a time and lets go of when it ends,
        however that is. Only asked for names that it does not have. Of an SQLite file all have it."""
        return True

    def give(self, name: str) -> None:
        """Lets go of a name."""

    def damaged_files(self) -> list[Path]:
        """Files that a copy took the place of."""
        return sorted(self.path.parent.glob(f"{self.path.stem}.damaged-*.sqlite"))

    def copy_file(self, target: Path) -> bool:
        """Makes an SQLite file of it, by VACUUM INTO; false where the database has no way of its own."""
        self.file.require()
        with told(target.parent):
            target.unlink(missing_ok=True)
            if free_bytes(target.parent) < self.size_bytes():
                raise DISK_FULL(place=target.parent)
            make_private(target)  # SQLite fills an empty file, and would make one that others may read
        connection = sqlite3.connect(self.path)
        try:
            connection.execute("VACUUM INTO ?", (str(target),))
            return True
        except sqlite3.Error as error:
            target.unlink(missing_ok=True)
            if (problem := obstacle(target.parent)) is not None:
                raise problem from error
            if _primary_code(error) in DAMAGED:
                raise self.file.damaged(str(error)) from error
            raise StorageError(f"{self.path} can't be copied to {target.parent}: {error}.") from error
        finally:
            connection.close()

    def size_bytes(self) -> int:
        return self.path.stat().st_size

    def problem(self, error: DBAPIError) -> DiscernError | None:
        """What a person can be told of it; None for what is a mistake in the code."""
        code = _primary_code(error.orig)
        if code in _PERHAPS_OF_THE_DISK:  # a full disk, say, can look like any of them
            problem = obstacle(self.path.parent)
            if problem is None and self.path.exists() and not os.access(self.path, os.R_OK | os.W_OK):
                problem = NO_PERMISSION(place=self.path)
            if problem is not None:
                return problem
        if code == sqlite3.SQLITE_FULL:
            return DISK_FULL(place=self.path.parent)
        if code == sqlite3.SQLITE_IOERR:
            return StorageError(f"The disk that holds {self.path} can't be read or written ({error.orig}).")
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            return StorageError(
                f"Another program has kept {self.path} busy for more than {PATIENCE} seconds. "
                "Wait until it is done, then try again."
            )
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
            return StorageError(f"{self.path} can't be written. Check who owns it.")
        if code in DAMAGED or NO_TEXT in str(error.orig):
            return self.file.damaged(str(error.orig))
        return None

    def _on_connect(self, connection: Any, record: Any) -> None:
        connection.execute(f"PRAGMA busy_timeout={1000 * PATIENCE}").close()
        self.file.has_log = connection.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        # A filter of a million pictures sorts 100,000 rows: in memory that takes three quarters of the time.
        for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}").close()

    @staticmethod
    def _on_begin(connection: Any) -> None:
        # isolation_level=None keeps the driver from beginning transactions of its own.
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _plain(connection: Connection) -> sqlite3.Connection:
    """As the driver has it, whose values are text and numbers as they are kept."""
    found = connection.connection.driver_connection
    assert isinstance(found, sqlite3.Connection)
    return found


def _primary_code(error: object) -> int | None:
    """https://sqlite.org/rescode.html: the low byte of an extended result code."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


class _Postgres:
    """Writers run side by side; those that name the same lock wait for each other (an advisory lock, held
    until the transaction ends), and each of their statements sees what the one before has committed. Its log
    and copies are its administrator's affair."""

    file = None  # it notices damage by itself

    def __init__(self, url: URL) -> None:
        self.name = url.render_as_string(hide_password=True)
        self.engine = create_engine(url, pool_pre_ping=True)
        self._alone: dict[str, threading.Lock] = {}
        event.listen(self.engine, "connect", self._on_connect)
        self._taking = threading.Lock()
        self._names: Connection | None = None  # has all that was taken: one connection, however many are held

    def begin_read(self, session: Session) -> None:
        session.connection(
            execution_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        )

    def begin_write(self, session: Session, lock: str) -> None:
        if lock:
            session.execute(select(_advisory_lock(lock)))

    def before_commit(self, session: Session) -> None:
        """It has a log of its own."""

    def keep_copy(self, *, alone: bool = False) -> None:
        """See above."""

    def require_room_to_compact(self) -> None:
        """It asks for it itself."""

    def damaged_files(self) -> list[Path]:
        return []

    def copy_file(self, target: Path) -> bool:
        return False

    @contextmanager
    def migrating(self) -> Iterator[None]:
        with self.engine.begin() as connection:
            connection.execute(select(_advisory_lock("migrate")))
            yield

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        key = _key(name)
        # Whoever waits in the database holds a connection, so of this process's threads one does. The others
        # would take all that there are from whoever they wait for.
        here = self._alone.setdefault(name, threading.Lock())
        with here, self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("SET lock_timeout = 0"))  # a training may be going on meanwhile
            connection.execute(select(func.pg_advisory_lock(key)))
            try:
                yield
            finally:
                connection.execute(select(func.pg_advisory_unlock(key)))
                connection.execute(text(f"SET lock_timeout = '{PATIENCE}s'"))

    def compact(self) -> None:
        """VACUUM FULL: a plain one leaves the bytes of deleted rows in the pages that it frees. ANALYZE, for
        statistics hold samples."""
        tables = ", ".join(table.name for table in Base.metadata.sorted_tables)
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"VACUUM (FULL, ANALYZE) {tables}"))

    def take(self, name: str) -> bool:
        with self._taking:
            try:
                if self._names is None:
                    self._names = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
                return bool(self._names.scalar(select(func.pg_try_advisory_lock(_key(name)))))
            except DBAPIError:
                self._let_go()
                raise

    def give(self, name: str) -> None:
        with self._taking:
            try:
                if self._names is not None:
                    self._names.execute(select(func.pg_advisory_unlock(_key(name))))
            except DBAPIError:  # it went with the connection
                self._let_go()

    def _let_go(self) -> None:
        if self._names is not None:
            self._names.invalidate()
            self._names.close()
            self._names = None

    def close(self) -> None:
        with self._taking:
            self._let_go()
        self.engine.dispose()

    def size_bytes(self) -> int:
        with self.engine.connect() as connection:
            return int(connection.scalar(select(func.pg_database_size(func.current_database()))) or 0)

    def problem(self, error: DBAPIError) -> DiscernError | None:
        """By SQLSTATE: https://www.postgresql.org/docs/current/errcodes-appendix.html"""
        state = getattr(error.orig, "sqlstate", None) or ""
        said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error).__name__
        if state == "53100":  # disk_full
            return DISK_FULL(place=Path(self.name))
        if state in ("55P03", "40P01", "57014"):  # lock_not_available, deadlock_detected, query_canceled
            return StorageError(
                f"Another program has kept {self.name} busy for more than {PATIENCE} seconds. "
                "Wait until it is done, then try again."
            )
        if state in ("25006", "42501"):  # read_only_sql_transaction, insufficient_privilege
            return StorageError(f"{self.name} can't be written ({said}). Check what its user may do.")
        unreachable = isinstance(error, OperationalError) and not state  # no answer from a server
        if unreachable or state[:2] in ("08", "28", "3D", "53", "57", "58"):
            return StorageError(
                f"The database {self.name} can't be used now ({said}). Check that the server runs and that "
                "DISCERN_DATABASE_URL is right."
            )
        if state[:2] == "22" or isinstance(error, DataError):
            return DiscernError(f"The database can't keep such a value ({said}).")
        return None

    @staticmethod
    def _on_connect(connection: Any, record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"SET lock_timeout = '{PATIENCE}s'")
        connection.commit()


Dialect = _Sqlite | _Postgres


def _advisory_lock(name: str) -> Any:
    return func.pg_advisory_xact_lock(_key(name))


def _key(name: str) -> Any:
    return func.hashtextextended(f"discern {name}", 0)
