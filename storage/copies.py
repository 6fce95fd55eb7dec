"""Daily copies of an SQLite database, and a journal of what people said since each.

Beside the database, in `<name>.copies`:

    0001.sqlite   a copy that VACUUM INTO made; the newest three stay
    0001.jsonl    the journal since then: a line for each new row of `TABLES`

A line is on disk before its row is committed, so a label that was acknowledged is in it. It may have rows
that no commit kept; a later row of the same number then takes their place.
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
        """The copies, the oldest first."""
        return sorted(self.folder.glob(f"*{COPY}"))

    def newest(self) -> str:
        """The newest in words, or nothing."""
        known = self.all()
        return f"{known[-1]} of {made(known[-1]):%Y-%m-%d %H:%M}" if known else ""

    def is_due(self) -> bool:
        known = self.all()
        return not known or datetime.now() - made(known[-1]) >= EACH

    # The journal

    def last(self, connection: sqlite3.Connection) -> tuple[int, ...]:
        """The newest row of each of the tables."""
        return tuple(number or 0 for number in connection.execute(_LAST).fetchone())

    def write(self, connection: sqlite3.Connection, since: tuple[int, ...]) -> None:
        """Puts rows that came since then on disk. Nobody else may be writing the database."""
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
                # A line begins with the break: half of one, of a killed process, takes none along.
                journal.write("".join(f"\n{line}" for line in lines).encode())
                journal.flush()
                os.fsync(journal.fileno())

    def begin(self) -> Path:
        """Begins a new journal, and says where the copy belongs. Nobody else may be writing the database."""
        with told(self.folder):
            number = max(self._numbers(), default=0) + 1
            self._journal(number)
        return self.folder / f"{number:04}{COPY}"

    def prune(self) -> None:
        """Leaves the newest copies and the journals since the oldest of them."""
        for old in [*self.all()[:-KEPT], *self.folder.glob(f"*{UNFINISHED}")]:
            old.unlink(missing_ok=True)
        kept = self.all()
        for journal in self.folder.glob(f"*{JOURNAL}"):
            if kept and journal.stem < kept[0].stem:
                journal.unlink(missing_ok=True)

    def erase(self, but: Path) -> None:
        """Leaves nothing that is older than the journal of this copy."""
        for file in self.folder.iterdir():
            if file.stem < but.stem:
                file.unlink(missing_ok=True)

    def rows(self, since: Path | None) -> tuple[dict[str, dict[int, Row]], int]:
        """Table → number → row, of all journals since a copy; and how many lines can't be read."""
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
