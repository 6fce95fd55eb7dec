"""The SQL database: sessions, migrations, copies, and writing many rows at once."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, func, insert, inspect, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.orm import InstrumentedAttribute, Session, sessionmaker
from sqlalchemy.sql.selectable import TypedReturnsRows

from storage.dialects import Dialect, dialect_of, insert_into
from storage.errors import (
    DISK_FULL,
    EARLIER_DATABASE,
    NEWER_DATABASE,
    DamagedDatabaseError,
    PlaceError,
    StorageError,
)
from storage.files import sqlite_url
from storage.tables import Base

MIGRATIONS = Path(__file__).parent / "migrations"
# Each file begins with its number. Those of versions whose data folders are not opened were below the first.
REVISIONS = sorted(file.name[:4] for file in MIGRATIONS.glob("versions/[0-9]*.py"))
NEWEST = REVISIONS[-1]
PARAMETERS = 5000  # of one statement; SQLite allows 32,766
COPIED_AT_ONCE = 1000  # rows
LOOK_FOR_A_COPY_EVERY = 3600  # seconds
LOOK_EVERY = 0.25  # seconds between two looks whether another process is done

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Value = TypeVar("Value")
Table_ = TypeVar("Table_", bound=Base)
Columns = TypeVarTuple("Columns")


class Database:
    """Short transactions on the database that a SQLAlchemy URL names (`sqlite:///…`, `postgresql+psycopg://…`).

    A read sees one moment and never waits for writers. Raises `StorageError` where the database can't be
    used, with what to do about it.
    """

    def __init__(self, url: str, *, anew: bool = False) -> None:
        """`anew`: there is to be none yet. Else a file that is missing beside a library is damage."""
        self._dialect = dialect_of(url, anew=anew)
        self.engine = self._dialect.engine
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._turns = Turns(self._dialect)
        self._file = self._dialect.file
        self._is_closing = threading.Event()
        if self._file is not None and not self._file.is_large:
            self._file.look_through()
        self._migrate()

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self._guarded():
            if _here.wanted:
                with _here.reading(self, self._begun) as session:
                    yield session
            else:
                with self._begun() as session:
                    yield session

    def _begun(self) -> Session:
        """A session that reads. What is done to its rows is nobody's affair but the caller's."""
        session = self._sessions(autoflush=False)
        try:
            self._dialect.begin_read(session)
        except DBAPIError:
            session.close()
            raise
        return session

    def rows(self, query: Select[*Columns]) -> Sequence[Row[*Columns]]:
        """All that one query finds, in a read of its own."""
        with self.read() as session:
            return session.execute(query).all()

    def rows_among(
        self, query: Select[*Columns], column: InstrumentedAttribute[Any], values: Iterable[Any]
    ) -> list[Row[*Columns]]:
        """The same, of those whose `column` is one of these values, however many they are."""
        with self.read() as session:
            return list(among(session, query, column, values))

    def scalars(self, query: TypedReturnsRows[Item]) -> list[Item]:
        """Of each row of one query its first column."""
        with self.read() as session:
            return list(session.scalars(query))

    def scalars_among(
        self, query: Select[Item], column: InstrumentedAttribute[Any], values: Iterable[Any]
    ) -> set[Item]:
        with self.read() as session:
            return {row[0] for row in among(session, query, column, values)}

    def scalar(
        self, query: TypedReturnsRows[Item], parameters: Mapping[str, Any] | None = None
    ) -> Item | None:
        """The first, or None."""
        with self.read() as session:
            return session.scalar(query, parameters)

    def get(self, table: type[Table_], key: Any) -> Table_ | None:
        with self.read() as session:
            return session.get(table, key)

    @contextmanager
    def write(self, lock: str = "") -> Iterator[Session]:
        """Commits at the end; rolls back where an error passes through.

        `lock` names what nobody else may be writing meanwhile: who writes depending on what was read
        ("the next number", "if it isn't there yet") has to have it.
        """
        _here.let_go()
        with self._guarded(), self._sessions() as session:
            self._dialect.begin_write(session, lock)
            yield session
            self._dialect.before_commit(session)
            session.commit()
            _here.let_go()  # what was read since the write began doesn't have it either
            if self._file is not None:
                self._file.require_kept()

    def compact(self) -> None:
        """Writes all there is anew, so that no byte of what was deleted is left: in the files and, of SQLite,
        in the log. Others can't write meanwhile. Raises `StorageError` where there is no room for it."""
        with self._guarded():
            self._dialect.compact()

    def require_room_to_compact(self) -> None:
        """Raises `StorageError`, before anything is deleted for whose sake it is done."""
        self._dialect.require_room_to_compact()

    def damaged_files(self) -> list[Path]:
        """Files that a copy took the place of, which nothing is taken out of."""
        return self._dialect.damaged_files()

    @contextmanager
    def alone(self, name: str) -> Iterator[None]:
        """Of all threads of all processes over this database one goes on, and others of the same `name` wait:
        for work that reads, takes its time and then writes. Not to be begun again inside."""
        _here.let_go()
        with self._guarded(), self._dialect.alone(name):
            yield

    @contextmanager
    def turn(self, name: str) -> Iterator[None]:
        """As `alone`, for many names at a time and only among threads of this process where the database is
        SQLite. Costs no connection of its own."""
        _here.let_go()
        with self._guarded(), self._turns.of(name):
            yield

    def take(self, name: str) -> bool:
        """A `turn` without waiting for it: whether it is the caller's, who then has to `give` it back."""
        _here.let_go()
        with self._guarded():
            return self._turns.take(name)

    def give(self, name: str) -> None:
        with self._guarded():
            self._turns.give(name)

    def copy_to(self, target: Path) -> None:
        """A consistent copy as an SQLite file, of either database, while others go on writing."""
        with self._guarded():
            if not self._dialect.copy_file(target):
                self._copy_rows(target, Base.metadata.sorted_tables)

    def copy_tables_to(self, target: Path, tables: Collection[type[Base]]) -> None:
        """An SQLite file with the rows of these tables and not a byte of the others."""
        names = {table.__tablename__ for table in tables}
        with self._guarded():
            self._copy_rows(target, [table for table in Base.metadata.sorted_tables if table.name in names])

    def size_bytes(self) -> int:
        with self._guarded():
            return self._dialect.size_bytes()

    @property
    def damage(self) -> DamagedDatabaseError | None:
        """What was seen of it so far. Nothing is written any more then."""
        return self._file.error if self._file is not None else None

    def look_after(self) -> None:
        """Begins to look through a large one, which opening it didn't: see `damage`. Copies it each day."""
        if (file := self._file) is None:
            return

        def look() -> None:
            if file.is_large:
                file.look_through()
            while not self._is_closing.is_set():
                self._copy_if_due()
                self._is_closing.wait(LOOK_FOR_A_COPY_EVERY)

        threading.Thread(target=look, name="database copies", daemon=True).start()

    def keep_daily_copy(self) -> None:
        """Makes a copy where the newest is a day old; of a large one, which takes a while, only the app does
        so. Where the disk is short it is skipped."""
        if self._file is not None and not self._file.is_large:
            self._copy_if_due()

    def keep_this_copy_alone(self) -> None:
        """Makes a copy, and takes all others away with what their journals have."""
        try:
            self._dialect.keep_copy(alone=True)
        except PlaceError as error:
            if error.case != DISK_FULL:
                raise
            log.warning("There is no copy of the database: %s", error)

    def check(self) -> None:
        """Looks through all of it, which takes as long as reading it. Raises `DamagedDatabaseError`."""
        if self._file is not None:
            self._file.check()

    def close(self) -> None:
        self._is_closing.set()
        self._dialect.close()

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except IntegrityError:
            raise  # means something else in every store
        except DBAPIError as error:
            problem = self._dialect.problem(error)
            if problem is None:
                raise
            raise problem from error
        except TimeoutError as error:  # of the pool
            raise StorageError(f"{self._dialect.name} is busy: no connection is free. Try again.") from error
        except UnicodeDecodeError as error:  # of what SQLite says of a damaged schema, which it cites
            raise self.damage or error from error

    def _copy_if_due(self) -> None:
        assert self._file is not None
        if not self._file.copies.is_due():
            return
        try:
            self._file.look_through()  # a damaged one is not copied
            self._dialect.keep_copy()
        except StorageError as error:
            log.warning("The daily copy of the database was skipped: %s", error)

    def _copy_rows(self, target: Path, tables: Sequence[Table]) -> None:
        target.unlink(missing_ok=True)
        copy = Database(sqlite_url(target), anew=True)
        try:
            with self.read() as source, copy.write() as sink:
                for table in tables:
                    query = select(table).order_by(*table.primary_key)
                    rows = source.execute(query.execution_options(yield_per=COPIED_AT_ONCE)).mappings()
                    for some in rows.partitions():
                        sink.execute(insert(table), [dict(row) for row in some])
        finally:
            copy.close()

    def _migrate(self) -> None:
        """Upgrades to the newest schema, one process at a time. Raises `StorageError` for one of a version
        whose data folders aren't opened."""
        with self._guarded(), self._dialect.migrating():
            with self.engine.connect() as connection:
                current = _revision(connection)
            if current == NEWEST:
                return
            if current is not None and current not in REVISIONS:
                other = EARLIER_DATABASE if current < REVISIONS[0] else NEWER_DATABASE
                raise other(place=self._dialect.name, revision=current)
            from storage.migrating import upgrade  # Alembic, which few starts need

            if current is not None:
                self._dialect.keep_copy()
            with self.engine.begin() as connection:
                upgrade(connection)


def _revision(connection: Connection) -> str | None:
    """The number of the schema that there is, as Alembic keeps it: empty where tables of ours have none, None
    where there are no tables of ours."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        found: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        if found is not None:
            return found
    return "" if Base.metadata.tables.keys() & {*tables} else None


class _Here(threading.local):
    """Of one thread: whether its reads are of one moment, the sessions that see it, and what was read."""

    def __init__(self) -> None:
        self.wanted = False
        self.known: dict[Hashable, Any] = {}
        self._sessions: dict[Database, Session] = {}
        self._in_use = 0
        self._is_over = False

    @contextmanager
    def reading(self, database: Database, begin: Callable[[], Session]) -> Iterator[Session]:
        session = self._sessions.get(database)
        if session is None:
            session = self._sessions[database] = begin()
        self._in_use += 1
        try:
            yield session
        except DBAPIError:  # after which PostgreSQL answers nothing more
            self._sessions.pop(database, None)
            session.close()
            raise
        finally:
            self._in_use = max(self._in_use - 1, 0)
            if self._is_over and not self._in_use:
                self.let_go()

    def let_go(self) -> None:
        """The next read is of a new moment, unless it is in the middle of one of this."""
        self.known.clear()
        self._is_over = self._in_use > 0
        if not self._in_use:
            while self._sessions:
                self._sessions.popitem()[1].close()

    def end(self) -> None:
        """Also where somebody has left a read unfinished."""
        self.wanted, self._in_use = False, 0
        self.let_go()


_here = _Here()


@contextmanager
def one_moment() -> Iterator[None]:
    """Around what puts together an answer from many reads: all that this thread reads of a database is of one
    moment, and in one transaction. Once it writes, or waits for its turn, what it reads is of a new one."""
    if _here.wanted:
        yield
        return
    _here.wanted = True
    try:
        yield
    finally:
        _here.end()


def once_a_moment(what: Hashable, read: Callable[[], Value]) -> Value:
    """What `read` finds, which is read once in `one_moment`; outside of one each time."""
    if not _here.wanted:
        return read()
    if what not in _here.known:
        _here.known[what] = read()
    found: Value = _here.known[what]
    return found


class Turns:
    """Whoever wants what another is getting already waits: threads of this process, and of others over one
    database.

    Thread-safe. Any number of names may be taken at a time, for minutes."""

    def __init__(self, names: Dialect) -> None:
        self._names = names
        self._here: set[str] = set()
        self._changed = threading.Condition()

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        """Held by one thread of one process at a time; not to be begun again inside."""
        with self._changed:
            self._changed.wait_for(lambda: name not in self._here)
            self._here.add(name)
        try:
            while not self._names.take(name):
                time.sleep(LOOK_EVERY)
            try:
                yield
            finally:
                self._names.give(name)
        finally:
            self._let_go(name)

    def take(self, name: str) -> bool:
        """Without waiting: whether it is the caller's now, who then has to `give` it back."""
        with self._changed:
            if name in self._here:
                return False
            self._here.add(name)
        taken = False
        try:
            taken = self._names.take(name)
        finally:
            if not taken:
                self._let_go(name)
        return taken

    def give(self, name: str) -> None:
        try:
            self._names.give(name)
        finally:
            self._let_go(name)

    def _let_go(self, name: str) -> None:
        with self._changed:
            self._here.discard(name)
            self._changed.notify_all()


class Store:
    """Reads and writes of some tables. Every method is one short transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def _write_or(self, conflict: Callable[[], Exception], lock: str = "") -> Iterator[Session]:
        """A write that raises this where it breaks a unique key."""
        try:
            with self._database.write(lock) as session:
                yield session
        except IntegrityError as error:
            raise conflict() from error


def among(
    session: Session, query: Select[*Columns], column: InstrumentedAttribute[Any], values: Iterable[Any]
) -> Iterator[Row[*Columns]]:
    """See `Database.rows_among`."""
    for some in chunks(list(values)):
        yield from session.execute(query.where(column.in_(some)))


def chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    """As many at a time as one statement is asked about."""
    for start in range(0, len(items), PARAMETERS):
        yield items[start : start + PARAMETERS]


def tuples(session: Session, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """All that a query of text and whole numbers finds, as the driver gives it: to make rows of many takes
    as long as to read them."""
    cursor = session.connection().execute(query).cursor
    assert cursor is not None
    return list(cursor.fetchall())


def following(session: Session, number: InstrumentedAttribute[int], *which: ColumnElement[bool]) -> int:
    """The number behind the last of these, from 1 on."""
    return (session.scalar(select(func.max(number)).where(*which)) or 0) + 1


def values_of(row: Base) -> dict[str, Any]:
    """What was set of a row, by column."""
    return {name: value for name, value in vars(row).items() if name != "_sa_instance_state"}


def insert_new(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """Inserts the rows that break no unique key; returns their primary keys. Few statements for many rows."""
    if not rows:
        return []
    statement = insert_into(session, table).on_conflict_do_nothing()
    return [tuple(key) for key in session.execute(statement.returning(*table.__table__.primary_key), rows)]


def insert_or_update(session: Session, table: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Inserts rows, or gives the rows of these primary keys new values. The last of equal keys counts."""
    if not rows:
        return
    key = [column.name for column in table.__table__.primary_key]
    last = {tuple(row[name] for name in key): row for row in rows}
    statement = insert_into(session, table)
    changed = {name: statement.excluded[name] for name in rows[0] if name not in key}
    # With RETURNING, SQLAlchemy puts many rows into one statement.
    statement = statement.on_conflict_do_update(index_elements=key, set_=changed)
    session.execute(statement.returning(*table.__table__.primary_key), list(last.values())).all()
