"""The log of a data folder: what a person attaches to a bug report, one JSON object a line.

Written at the edges alone, where nobody further up could be told: by the job runner, for requests, and by
the command line. Whatever goes wrong inside is raised.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from filelock import FileLock

from storage.files import write_whole

LARGEST = 1_000_000  # bytes of a file
OLDER = 2  # files kept besides the newest
OURS = ("concepts", "storage", "web")  # of others only warnings are kept

Redact = Callable[[str], str]

request_id: ContextVar[str] = ContextVar("request_id", default="")  # of the request that is being answered


def start_log(home: Path, redact: Redact, *, debug: bool = False) -> None:
    """From here on this process writes to `HOME/logs/discern.log`, readable by its owner only.

    `redact` takes secrets out of each text; `debug` keeps what endpoints say of their errors. Where the
    folder can't be written there is no log.
    """
    root = logging.getLogger()
    for handler in [h for h in root.handlers if isinstance(h, _File | _Warnings)]:
        root.removeHandler(handler)
        handler.close()
    try:
        _file(home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = _File(_file(home), maxBytes=LARGEST, backupCount=OLDER, encoding="utf-8")
    except OSError:
        return
    kept.setFormatter(_Lines(redact))
    kept.addFilter(lambda record: record.levelno >= logging.WARNING or record.name.split(".")[0] in OURS)
    root.addHandler(kept)
    warnings = _Warnings()
    warnings.setLevel(logging.WARNING)
    root.addHandler(warnings)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.DEBUG if debug else logging.INFO)


def read_log(home: Path) -> bytes:
    """All that is kept, the oldest first."""
    newest = _file(home)
    older = [newest.with_name(f"{newest.name}.{number}") for number in range(OLDER, 0, -1)]
    return b"".join(file.read_bytes() for file in (*older, newest) if file.is_file())


def rewrite_log(home: Path, change: Redact) -> None:
    """Changes each text of each line that is kept. What another process writes meanwhile may be lost."""
    with FileLock(home / "logs.lock", mode=0o600):
        for file in sorted(_file(home).parent.glob("discern.log*")):
            lines = file.read_text("utf-8", errors="replace").splitlines()
            if (changed := [_changed(line, change) for line in lines]) != lines:
                write_whole(file, "".join(f"{line}\n" for line in changed).encode())


def _changed(line: str, change: Redact) -> str:
    try:
        said: dict[str, Any] = json.loads(line)
    except ValueError:  # what a full disk or a lost file left of a line
        return change(line)
    return json.dumps({name: change(text) if isinstance(text, str) else text for name, text in said.items()})


def _file(home: Path) -> Path:
    return home / "logs" / "discern.log"


class _File(RotatingFileHandler):
    """Several processes write to the file, and whichever finds it full puts it aside for all."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._follow()
        except OSError:
            return
        super().emit(record)

    def doRollover(self) -> None:  # noqa: N802  # logging's name
        with FileLock(Path(self.baseFilename).parents[1] / "logs.lock", mode=0o600):
            if not self._follow():
                super().doRollover()

    def _follow(self) -> bool:
        """Goes on in the new file where another process has put this one aside; whether it has."""
        if self.stream is None:  # logging opens it for the next line
            return False
        try:
            moved = not os.path.samestat(os.fstat(self.stream.fileno()), Path(self.baseFilename).stat())
        except FileNotFoundError:
            moved = True
        if moved:
            self.stream.close()
            self.stream = None  # so that the next line tries again where this fails
            self.stream = self._open()
        return moved

    def _open(self) -> TextIOWrapper:
        file = Path(self.baseFilename)
        with suppress(FileExistsError):
            file.parent.mkdir(mode=0o700)  # a person may have removed it; a data folder that is gone stays so
        file.touch(mode=0o600)
        stream = super()._open()
        if _is_torn(file):
            stream.write("\n")
        return stream

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """A log that can't be written, as on a full disk, must not disturb the work."""


def _is_torn(file: Path) -> bool:
    """Whether the last line has no end: the process was killed while the disk was full."""
    with file.open("rb") as kept:
        size = kept.seek(0, os.SEEK_END)
        kept.seek(max(size - 1, 0))
        return kept.read() not in (b"", b"\n")


class _Warnings(logging.Handler):
    """Warnings go to stderr, as they would without a log. Failures that are told otherwise don't."""

    def emit(self, record: logging.LogRecord) -> None:
        if not record.exc_info:
            with suppress(OSError, ValueError):  # where nobody reads it any more
                print(self.format(record), file=sys.stderr)


class _Lines(logging.Formatter):
    """A record as a line of JSON. `job`, `concept` and `request` are there where they are known."""

    def __init__(self, redact: Redact) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "where": record.name,
            "said": self._redact(record.getMessage()),
            "request": getattr(record, "request", request_id.get()),
            "job": getattr(record, "job", None),
            "concept": getattr(record, "concept", None),
        }
        if record.exc_info:
            line["details"] = self._redact("".join(traceback.format_exception(*record.exc_info)))
        return json.dumps({name: value for name, value in line.items() if value not in (None, "")})
