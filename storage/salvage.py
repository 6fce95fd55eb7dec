"""What can still be read of a damaged SQLite file, in a new one.

SQLite reads a table from its root down, so one bad page may hide thousands of good ones; what finds those
(`.recover`) is part of its shell alone. Here each leaf is read by itself, as the file format says
(https://sqlite.org/fileformat2.html). It goes to the table whose root it hangs from, or, where what is
between them is damaged, to the only damaged table that its rows fit.
"""

from __future__ import annotations

import mmap
import os
import shutil
import sqlite3
import struct
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain, islice
from pathlib import Path

from storage.database import Database
from storage.dialects import dialect_of
from storage.disk import free_bytes, told
from storage.errors import DamagedDatabaseError, DiskFullError
from storage.files import make_private, sqlite_url
from storage.folders import count_anew
from storage.migrating import upgrade

MAGIC = b"SQLite format 3\0"
USUAL_SIZE = 4096  # bytes of a page, where the file doesn't say any more
INNER, LEAF = 0x05, 0x0D  # kinds of pages: of tables
SIZES = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)  # bytes of a value by its serial type, up to 9
REAL, ONE = 7, 9
NOT_SAVED = ("alembic_version", "kept_figures")  # what is there, and what was worked out from other rows
LOOKED_AT = 50  # rows of a leaf, to see which table they fit

Value = int | float | str | bytes | None
Row = tuple[int, tuple[Value, ...]]  # with its number


@dataclass(frozen=True)
class Salvaged:
    """`rows` by table; `unreadable` pages, whose rows are gone; `broken` references to rows that are gone.
    `kept`: where the damaged file is now."""

    kept: Path
    rows: dict[str, int]
    unreadable: int
    broken: int


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[tuple[str, str, bool], ...]  # name, declared type, whether it may be none
    number: int | None  # which column is the row's number

    def fits(self, row: Row) -> bool:
        values = row[1]
        return len(values) <= len(self.columns) and all(
            (optional or at == self.number) if value is None else _may_be(value, kind)
            for at, (value, (_, kind, optional)) in enumerate(zip(values, self.columns, strict=False))
        )

    def write(self, into: sqlite3.Connection, rows: Iterator[Row]) -> int:
        """A row that breaks a unique key is there already."""
        written = 0
        for number, values in rows:
            if not self.fits((number, values)):
                continue
            names = [name for name, _, _ in self.columns[: len(values)]]
            given = list(values)
            if self.number is None:
                names, given = [*names, "rowid"], [*given, number]
            else:
                given[self.number] = number
            places = ", ".join("?" * len(given))
            columns = ", ".join(f'"{name}"' for name in names)
            written += into.execute(
                f'INSERT OR IGNORE INTO "{self.name}" ({columns}) VALUES ({places})', given
            ).rowcount
        return written


class _Pages:
    """Of a file, from 1 on."""

    def __init__(self, content: mmap.mmap) -> None:
        self._content = content
        self.is_begun = content[:16] == MAGIC
        size = int.from_bytes(content[16:18], "big") if self.is_begun else USUAL_SIZE
        self.size = 65536 if size == 1 else size
        if self.size < 512 or self.size & (self.size - 1):
            self.size = USUAL_SIZE
        self.count = len(content) // self.size

    def page(self, number: int) -> bytes:
        return self._content[(number - 1) * self.size : number * self.size]

    def head(self, number: int) -> int:
        return 100 if number == 1 else 0

    def kind(self, number: int) -> int:
        return self._content[(number - 1) * self.size + self.head(number)]

    def cells(self, number: int) -> Iterator[int]:
        """Where in the page each begins."""
        page, head = self.page(number), self.head(number)
        first = head + (12 if self.kind(number) == INNER else 8)
        (count,) = struct.unpack_from(">H", page, head + 3)
        if first + 2 * count > self.size:
            raise ValueError
        yield from struct.unpack_from(f">{count}H", page, first)

    def below(self, number: int) -> list[int]:
        """The pages that an inner one leads to. Raises `ValueError`."""
        page = self.page(number)
        places = [at for at in self.cells(number) if at + 4 <= self.size]
        found = [*places, self.head(number) + 8]
        return [struct.unpack_from(">I", page, at)[0] for at in found]

    def rows(self, number: int) -> Iterator[Row | None]:
        """Of a leaf; None for one that can't be read."""
        page = self.page(number)
        try:
            places = list(self.cells(number))
        except ValueError:
            yield None
            return
        for at in places:
            try:
                size, at = _varint(page, at)
                rowid, at = _varint(page, at)
                yield _signed(rowid), _record(self._payload(page, at, size))
            except (ValueError, IndexError, struct.error):
                yield None

    def _payload(self, page: bytes, at: int, size: int) -> bytes:
        """What is on the leaf, and what flows over."""
        usable = self.size
        if size > usable * self.count:
            raise ValueError
        local = size
        if size > usable - 35:
            least = (usable - 12) * 32 // 255 - 23
            local = least + (size - least) % (usable - 4)
            local = least if local > usable - 35 else local
        content = page[at : at + local]
        if len(content) < local:
            raise ValueError
        if size == local:
            return content
        parts, (following,) = [content], struct.unpack_from(">I", page, at + local)
        left = size - local
        while left > 0:
            if not 0 < following <= self.count:
                raise ValueError
            more = self.page(following)
            parts.append(more[4 : 4 + left])
            left -= len(parts[-1])
            (following,) = struct.unpack_from(">I", more)
        return b"".join(parts)

    @cached_property
    def free(self) -> set[int]:
        """Pages of before that hold nothing any more."""
        found: set[int] = set()
        trunk = int.from_bytes(self._content[32:36], "big") if self.is_begun else 0
        while 0 < trunk <= self.count and trunk not in found:
            found.add(trunk)
            following, count = struct.unpack_from(">II", self.page(trunk))
            if 8 + 4 * count > self.size:
                break
            found.update(struct.unpack_from(f">{count}I", self.page(trunk), 8))
            trunk = following
        return found


@dataclass
class _Found:
    """Leaves by the topmost page that leads to them, and pages that something leads to and that are none of
    a table any more."""

    pages: _Pages
    leaves: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    bad: set[int] = field(default_factory=set)
    damaged_below: set[int] = field(default_factory=set)  # topmost pages with something bad below

    def __post_init__(self) -> None:
        pages, above = self.pages, dict[int, int]()
        used = [n for n in range(1, pages.count + 1) if n not in pages.free]
        kinds = {n: pages.kind(n) for n in used}
        for number in (n for n in used if kinds[n] == INNER):
            with suppress(ValueError, struct.error):
                above.update(dict.fromkeys(pages.below(number), number))

        def top(number: int) -> int:
            seen = {number}
            while (number := above.get(number, number)) not in seen:
                seen.add(number)
            return number

        for number in used:
            if kinds[number] == LEAF:
                self.leaves[top(number)].append(number)
        for number in above:
            if kinds.get(number) not in (INNER, LEAF):
                self.bad.add(number)
                self.damaged_below.add(top(number))

    def rows(self, top: int) -> Iterator[Row]:
        for number in self.leaves.get(top, ()):
            for row in self.pages.rows(number):
                if row is None:
                    self.bad.add(number)
                    self.damaged_below.add(top)
                else:
                    yield row

    def roots(self) -> dict[str, int]:
        """Of each table, by its name, as far as the schema can be read. It begins on page 1."""
        tops = [1] if self.leaves.get(1) else list(self.leaves)
        found = {}
        for _, values in chain.from_iterable(map(self.rows, tops)):
            if len(values) == 5 and values[0] == "table" and isinstance(values[3], int):
                found[str(values[1])] = values[3]
        return found


def save_readable(url: str) -> Salvaged | None:
    """Puts a new database with what can be read of a damaged one in its place; None where it is whole. The
    damaged file stays, under another name beside it. Whoever uses it meanwhile is told that it was replaced.

    Raises `StorageError`.
    """
    dialect = dialect_of(url)
    try:
        if dialect.file is not None:
            dialect.file.check()
        return None
    except DamagedDatabaseError:
        damaged = Path(dialect.name)
    finally:
        dialect.close()
    with tempfile.TemporaryDirectory(dir=damaged.parent, prefix=".salvage-") as folder, told(damaged.parent):
        found = _salvaged(damaged, Path(folder))
    with closing(Database(url)) as database, database.write("library") as session:
        count_anew(session)
    return found


def _salvaged(damaged: Path, folder: Path) -> Salvaged:
    if free_bytes(folder) < 2 * damaged.stat().st_size:
        raise DiskFullError(folder)
    kept = damaged.with_name(f"{damaged.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}.sqlite")
    log = Path(f"{damaged}-wal")
    with closing(sqlite3.connect(damaged)) as holding:
        with suppress(sqlite3.DatabaseError):
            holding.execute("BEGIN IMMEDIATE")  # nobody writes meanwhile
        new = _empty(folder / "new.sqlite")
        whole = _with_log(damaged, log, folder / "damaged.sqlite")
        with whole.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            rows, unreadable, broken = _filled(new, _Found(_Pages(content)))
        try:
            os.link(damaged, kept)
        except OSError:  # exFAT, say, has no second names
            shutil.copy2(damaged, kept)
        if log.exists():  # it must never lie beside another database: SQLite would play it back into that
            log.rename(f"{kept}-wal")
        Path(f"{damaged}-shm").unlink(missing_ok=True)
        new.replace(damaged)
    return Salvaged(kept, rows, unreadable, broken)


def _empty(new: Path) -> Path:
    make_private(new)
    with closing(dialect_of(sqlite_url(new))) as dialect, dialect.engine.begin() as connection:
        upgrade(connection)
    return new


def _with_log(damaged: Path, log: Path, copy: Path) -> Path:
    """A copy that has what is in the log, too."""
    make_private(copy)
    shutil.copyfile(damaged, copy)
    if log.exists():
        shutil.copyfile(log, f"{copy}-wal")
    with closing(sqlite3.connect(copy)) as whole, suppress(sqlite3.DatabaseError):
        whole.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return copy


def _filled(new: Path, found: _Found) -> tuple[dict[str, int], int, int]:
    roots = found.roots()
    with closing(sqlite3.connect(new, isolation_level=None)) as into:
        into.execute("BEGIN")
        tables = _tables(into)
        written: Counter[str] = Counter()
        for table in tables:
            root = roots.get(table.name, 0)
            written[table.name] += table.write(into, found.rows(root))
            if root and found.pages.kind(root) not in (INNER, LEAF):
                found.bad.add(root)
        hurt = [t for t in tables if _is_hurt(found, roots.get(t.name, 0))]
        for top in sorted(found.leaves.keys() - set(roots.values()) - {1}):
            some = list(islice(found.rows(top), LOOKED_AT))
            fitting = [table for table in hurt if some and all(map(table.fits, some))]
            if len(fitting) == 1:
                written[fitting[0].name] += fitting[0].write(into, found.rows(top))
            else:
                found.bad.update(found.leaves[top])
        into.execute("COMMIT")
        broken = len(into.execute("PRAGMA foreign_key_check").fetchall())
    return dict(written), len(found.bad), broken


def _is_hurt(found: _Found, root: int) -> bool:
    """Whether leaves of it may hang from nothing."""
    return not found.leaves.get(root) or root in found.damaged_below


def _tables(database: sqlite3.Connection) -> list[_Table]:
    names = database.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    found = []
    for (name,) in names:
        if name.startswith("sqlite_") or name in NOT_SAVED:
            continue
        columns = database.execute(f'PRAGMA table_info("{name}")').fetchall()
        key = [at for at, *_, primary in columns if primary]
        number = key[0] if len(key) == 1 and columns[key[0]][2].upper() == "INTEGER" else None
        described = tuple((column, kind.upper(), not required) for _, column, kind, required, *_ in columns)
        found.append(_Table(name, described, number))
    return found


def _may_be(value: Value, kind: str) -> bool:
    """Whether a column that was declared so may hold such a value."""
    if "INT" in kind or "BOOL" in kind:
        return isinstance(value, int)
    if "CHAR" in kind or "TEXT" in kind:
        return isinstance(value, str)
    if "BLOB" in kind:
        return isinstance(value, bytes)
    if "FLOAT" in kind or "REAL" in kind:
        return isinstance(value, int | float)
    return not isinstance(value, bytes)  # a time, or JSON


def _varint(page: Sequence[int], at: int) -> tuple[int, int]:
    """A number of one to nine bytes, and where it ends."""
    value = 0
    for place in range(at, at + 8):
        value = value << 7 | page[place] & 0x7F
        if page[place] < 0x80:
            return value, place + 1
    return value << 8 | page[at + 8], at + 9


def _signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value


def _record(content: bytes) -> tuple[Value, ...]:
    """The values of a row. Raises `ValueError` where the bytes are none."""
    length, at = _varint(content, 0)
    kinds, values, place = [], [], length
    while at < length:
        kind, at = _varint(content, at)
        kinds.append(kind)
    for kind in kinds:
        if kind in (10, 11):
            raise ValueError
        size = SIZES[kind] if kind < len(SIZES) else (kind - 12) // 2
        values.append(_value(kind, content[place : place + size]))
        place += size
    if at != length or place != len(content):
        raise ValueError
    return tuple(values)


def _value(kind: int, content: bytes) -> Value:
    if kind == 0:
        return None
    if kind == REAL:
        return float(struct.unpack(">d", content)[0])
    if kind < REAL:
        return int.from_bytes(content, "big", signed=True)
    if kind <= ONE:
        return kind - 8
    return content if kind % 2 == 0 else content.decode("utf-8", "replace")
