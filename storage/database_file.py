"""The file of an SQLite database: whether it is still the one that was opened, and whether it is whole."""

from __future__ import annotations

import contextlib
import logging
import sqlite3
from functools import partial
from pathlib import Path

from storage.copies import Copies
from storage.errors import LOST_DATABASE, DamagedDatabaseError, StorageError

AT_ONCE = 32 * 1024**2  # bytes that are looked through whenever a process opens them
DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)

log = logging.getLogger(__name__)


class DatabaseFile:
    """SQLite notices neither that its file was removed or replaced, nor a damaged page before it reads it.

    Both are looked for here, and nothing is written any more once one was seen.
    """

    def __init__(self, path: Path, copies: Copies) -> None:
        """The file is there."""
        self.path = path
        self.copies = copies
        self.log = path.with_name(f"{path.name}-wal")
        self.has_log = False  # while it is open; some disks can't have one
        self.damage = ""  # what SQLite said
        self._opened = _identity(path)
        self._is_lost = False
        self._is_closing = False
        self._looking: sqlite3.Connection | None = None

    def require(self) -> None:
        """Raises `StorageError` where another file, or none, has its name by now: what is written goes
        into one that nobody will find again. Takes two microseconds."""
        if _identity(self.path) != self._opened:
            raise self._lost(self.path)

    def require_kept(self) -> None:
        """The same after a commit, which is in the log until SQLite finds the time to move it."""
        self.require()
        # SQLite removes the log with the last connection, so whether that is meant is asked afterwards.
        if self.has_log and not self.log.exists() and not self._is_closing:
            raise self._lost(self.log)

    def require_whole(self) -> None:
        """Raises `DamagedDatabaseError` where damage was seen, and `StorageError`."""
        self.require()
        if self.error is not None:
            raise self.error

    @property
    def error(self) -> DamagedDatabaseError | None:
        """Of the damage that was seen so far."""
        return self.damaged(self.damage) if self.damage else None

    def damaged(self, said: str) -> DamagedDatabaseError:
        """Nothing is written from here on."""
        self.damage = self.damage or said
        return DamagedDatabaseError(str(self.path), self.damage, self.copies.newest())

    def _lost(self, file: Path) -> StorageError:
        error = LOST_DATABASE(place=file)
        if not self._is_lost:  # whoever started the process may not be the one who asks
            log.error("%s", error)
        self._is_lost = True
        return error

    def look_through(self) -> None:
        """Looks through all pages."""
        self._look("quick_check")

    def check(self) -> None:
        """Looks through all pages, and whether indexes say what tables do. Raises `DamagedDatabaseError`."""
        self.require()
        self._look("integrity_check")
        self.require_whole()

    def close(self) -> None:
        self._is_closing = True
        if (looking := self._looking) is not None:
            with contextlib.suppress(sqlite3.ProgrammingError):  # it has just ended
                looking.interrupt()

    @property
    def is_large(self) -> bool:
        return sum(file.stat().st_size for file in (self.path, self.log) if file.exists()) > AT_ONCE

    def _look(self, how: str) -> None:
        said = "ok"
        try:
            place = f"{self.path.absolute().as_uri()}?mode=rw"  # never a new file
            with contextlib.closing(sqlite3.connect(place, uri=True, check_same_thread=False)) as connection:
                self._looking = connection
                connection.text_factory = partial(str, encoding="utf-8", errors="replace")
                said = connection.execute(f"PRAGMA {how}(1)").fetchone()[0]
        except UnicodeDecodeError:  # SQLite cites what it met
            said = "its schema is not valid UTF-8"
        except sqlite3.DatabaseError as error:  # of an interrupt or a busy disk nothing follows
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in DAMAGED:
                said = str(error)
        finally:
            self._looking = None
        if said != "ok" and not self.damage:
            log.error("%s", self.damaged(said.splitlines()[-1]))


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
