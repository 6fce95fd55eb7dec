"""Daily copies of an SQLite database, and a journal of the labels given since each copy.

Beside the database, in `<name>.copies`:

    0001.sqlite   a copy made by VACUUM INTO; the newest three are kept
    0001.jsonl    the journal since that copy: a line for each new row of `TABLES`

A line reaches the disk before its row is committed, so every acknowledged label is in the journal. The
journal can also hold a row whose commit failed. A later row with the same number replaces it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from storage.disk import told
from storage.files import make_private

KEPT = 3
EACH = timedelta(days=1)
TABLES = {"concepts": "id", "definitions": "id", "label_events": "sequence"}  # and the number of a row
COPY, JOURNAL, UNFINISHED = ".sqlite", ".jsonl", ".unfinished"
_LAST = "SELECT " + ", ".join(f"(SELECT max({number}) FROM {name})" for name, number in TABLES.items())

Row = dict[str, Any]


class Copies:
    """The copies and journals of one database file."""

    def __init__(self, database: Path) -> None:
        self.folder = database.with_suffix(".copies")

    def all(self) -> list[Path]:
        """Return the copies, oldest first."""
        return sorted(self.folder.glob(f"*{COPY}"))

    def newest(self) -> str:
        """Describe the newest copy, or return an empty string."""
        known = self.all()
        return f"{known[-1]} of {made(known[-1]):%Y-%m-%d %H:%M}" if known else ""

    def is_due(self) -> bool:
        known = self.all()
        return not known or datetime.now() - made(known[-1]) >= EACH

    # The journal

    def last(self, connection: sqlite3.Connection) -> tuple[int, ...]:
        """Return the highest row number of each table."""
        return tuple(number or 0 for number in connection.execute(_LAST).fetchone())

    def write(self, connection: sqlite3.Connection, since: tuple[int, ...]) -> None:
        """Append the rows added since `since` to the journal. The caller holds the write lock."""
        if self.last(connection) == since:
            return
        lines = []
        for (table, number), last in zip(TABLES.items(), since, strict=True):
            found = connection.execute(f"SELECT * FROM {table} WHERE {number} > ?", (last,))
            names = [column for column, *_ in found.description]
            lines += [json.dumps({table: dict(zip(names, row, strict=True))}) for row in found]
        with told(self.folder):
            file = self._journal(max(self._numbers(), default=0))
            with file.open("ab") as journal:
                # The break comes first: half a line of a killed process must not spoil the next one.
                journal.write("".join(f"\n{line}" for line in lines).encode())
                journal.flush()
                os.fsync(journal.fileno())

    def begin(self) -> Path:
        """Begin a new journal, and return the path for its copy. The caller holds the write lock."""
        with told(self.folder):
            number = max(self._numbers(), default=0) + 1
            self._journal(number)
        return self.folder / f"{number:04}{COPY}"

    def prune(self) -> None:
        """Delete all but the newest copies, and the journals that end before them."""
        for old in [*self.all()[:-KEPT], *self.folder.glob(f"*{UNFINISHED}")]:
            old.unlink(missing_ok=True)
        kept = self.all()
        for journal in self.folder.glob(f"*{JOURNAL}"):
            if kept and journal.stem < kept[0].stem:
                journal.unlink(missing_ok=True)

    def erase(self, but: Path) -> None:
        """Delete every copy and journal older than this copy."""
        for file in self.folder.iterdir():
            if file.stem < but.stem:
                file.unlink(missing_ok=True)

    def rows(self, since: Path | None) -> tuple[dict[str, dict[int, Row]], int]:
        """Return the rows since a copy, as table → number → row, and the count of unreadable lines."""
        found: dict[str, dict[int, Row]] = {table: {} for table in TABLES}
        unreadable = 0
        for journal in sorted(self.folder.glob(f"*{JOURNAL}")):
            if since is not None and journal.stem < since.stem:
                continue
            for line in journal.read_bytes().split(b"\n"):
                try:
                    for table, row in json.loads(line).items() if line else ():
                        found[table][row[TABLES[table]]] = row
                except (ValueError, KeyError, TypeError, AttributeError):
                    unreadable += 1
        return found, unreadable

    def _journal(self, number: int) -> Path:
        file = self.folder / f"{number:04}{JOURNAL}"
        if not file.exists():
            make_private(self.folder, folder=True)
            make_private(file)
        return file

    def _numbers(self) -> Iterator[int]:
        return (int(file.stem) for file in self.folder.glob(f"*{JOURNAL}"))


def made(copy: Path) -> datetime:
    return datetime.fromtimestamp(copy.stat().st_mtime)
