"""Restore a damaged SQLite database from its newest copy and the journal."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import make_url

from storage.copies import COPY, Copies, Row, made
from storage.database import Database
from storage.dialects import dialect_of
from storage.disk import told
from storage.errors import DamagedDatabaseError
from storage.files import make_private, sqlite_url


@dataclass(frozen=True)
class Restored:
    """The result of a restore. copied: when the copy was made, or None without a copy. labels: how many came
    from the journal. unreadable: lines of the journal that couldn't be read. kept: the damaged file."""

    copied: datetime | None
    labels: int
    unreadable: int
    kept: Path


def replay(database: Path, rows: dict[str, dict[int, Row]]) -> int:
    """Insert the journalled rows that a database lacks, and return how many of them are labels. Labels of
    pictures that the database lacks are kept: they count again once the files are added."""
    with closing(sqlite3.connect(database, isolation_level=None)) as into:
        into.execute("BEGIN IMMEDIATE")
        (before,) = into.execute("SELECT count(*) FROM label_events").fetchone()
        for table, numbered in rows.items():
            known = {name for _, name, *_ in into.execute(f"PRAGMA table_info({table})")}
            for number in sorted(numbered):
                row = {name: value for name, value in numbered[number].items() if name in known}
                taken = "SELECT 1 FROM concepts WHERE key = ? AND id <> ?"
                if table == "concepts" and into.execute(taken, (row["key"], row["id"])).fetchone():
                    # A deleted concept had this name.
                    row |= {"key": f" deleted {number}", "deleted": row["created"]}
                names, places = ", ".join(row), ", ".join("?" * len(row))
                into.execute(f"INSERT OR IGNORE INTO {table} ({names}) VALUES ({places})", list(row.values()))
        into.execute("DELETE FROM label_events WHERE concept_id NOT IN (SELECT id FROM concepts)")
        (after,) = into.execute("SELECT count(*) FROM label_events").fetchone()
        into.execute("COMMIT")
    return int(after) - int(before)


def restore(url: str) -> Restored | None:
    """Replace a damaged SQLite database by its newest copy and the journal; return None for a sound one.

    The damaged file stays beside it under another name. A process that still uses it gets an error that says
    the file was replaced. Raises `StorageError`.
    """
    try:
        with closing(dialect_of(url)) as dialect:
            if dialect.file is not None:
                dialect.file.check()
        return None
    except DamagedDatabaseError:
        damaged = Path(str(make_url(url).database))
    copies = Copies(damaged)
    with tempfile.TemporaryDirectory(dir=damaged.parent, prefix=".restore-") as folder, told(damaged.parent):
        new = Path(folder) / "new.sqlite"
        copy = next((one for one in reversed(copies.all()) if _is_whole(one)), None)
        if copy is not None:
            shutil.copyfile(copy, new)
        make_private(new)
        Database(sqlite_url(new)).close()  # migrates the copy
        rows, unreadable = copies.rows(copy)
        labels = replay(new, rows)
        kept = damaged.with_name(f"{damaged.stem}.damaged-{datetime.now():%Y%m%d-%H%M%S}{COPY}")
        with closing(sqlite3.connect(damaged)) as holding:
            with suppress(sqlite3.DatabaseError):
                holding.execute("BEGIN IMMEDIATE")  # nobody writes meanwhile
            damaged.rename(kept)
            for beside in ("-wal", "-shm"):  # they must never lie beside another database
                with suppress(FileNotFoundError):
                    Path(f"{damaged}{beside}").rename(f"{kept}{beside}")
            new.replace(damaged)
    return Restored(made(copy) if copy else None, labels, unreadable, kept)


def _is_whole(copy: Path) -> bool:
    try:
        with closing(sqlite3.connect(copy.absolute().as_uri() + "?mode=ro", uri=True)) as opened:
            return bool(opened.execute("PRAGMA quick_check(1)").fetchone() == ("ok",))
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        return False
