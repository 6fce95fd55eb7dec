"""The command line as a person or a program uses it: in this process, and as a process of its own."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from concepts.errors import DiscernError
from discern.__main__ import app, main

Run = Callable[..., Any]
Shell = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def discern(own_home: Path, encoder_cache: Path) -> Run:
    """Runs a command in this process and returns what `--json` printed; raises what a person would read.

    The encoder's cache is the one of all tests: computing it again takes seconds.
    """
    own_home.mkdir(parents=True, exist_ok=True)
    if not (own_home / "cache").exists():
        (own_home / "cache").symlink_to(encoder_cache)

    def run(*arguments: object) -> Any:
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        if isinstance(result.exception, DiscernError):
            raise result.exception
        assert result.exit_code == 0, (result.output, result.exception)
        return json.loads(result.stdout)

    return run


class Ended(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a whole command in this process, and says how it ended and what it printed."""
    gc.collect()  # A browser's pages leave tasks behind; asyncio writes about each once it is collected.
    capsys.readouterr()

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["discern", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        printed = capsys.readouterr()
        return Ended(int(end.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def shell() -> Shell:
    """Starts `python -m concepts …` as a process of its own, which Ctrl-C reaches: what a shell starts in the
    background ignores it, and so would all that is started from there."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "concepts", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            cwd=Path(__file__).parents[1],
        )

    return start


def wait_until(holds: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Looks for a state until it is there; the process ending first is an error."""
    while not holds():
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=0.02)
            raise AssertionError(process.communicate()[1])


def rows_of(database: Path, table: str) -> int:
    try:
        with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
    except sqlite3.OperationalError:
        return 0  # not there yet
