"""A PostgreSQL server of the tests' own: a throw-away cluster on a free port of the loopback interface."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import URL, create_engine, func, insert, make_url, select, text

from storage.database import Database
from storage.files import sqlite_url
from storage.tables import Base

# Where a test that holds on both keeps its SQL. On PostgreSQL `make test` has one journey,
# the label log and the jobs; `make test-all` runs the rest there as well.
ON_BOTH = ["sqlite", pytest.param("postgres", marks=pytest.mark.slow)]
HOW_TO_GET_IT = "Install Debian's package postgresql, or put initdb and pg_ctl on the PATH."
UNSAFE_AND_QUICK = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "shared_buffers": "32MB",
}
PORTS_TRIED = 3
START_SECONDS = "60"


class NoPostgresError(Exception):
    """Why there is no server to test with."""


def tools() -> Path:
    """The folder with initdb and pg_ctl, on the PATH or Debian's newest. Raises `NoPostgresError`."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: -float(path.parent.name))
    if pg_config := shutil.which("pg_config"):  # may come with a client alone
        said = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        folders.append(Path(said.stdout.strip()))
    if initdb := shutil.which("initdb"):
        folders.insert(0, Path(initdb).resolve().parent)
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    raise NoPostgresError(f"PostgreSQL is not installed. {HOW_TO_GET_IT}")


class Server:
    """`new_database` gives each test a database of its own."""

    def __init__(self, address: URL) -> None:
        self._address = address
        self._names = (f"test_{number}" for number in count())
        self._engine = create_engine(address, isolation_level="AUTOCOMMIT")
        self._filled: dict[Path, str] = {}
        self._template = self.empty_database()
        Database(self._template).close()

    def new_database(self) -> str:
        """URL of a database with the newest schema and no rows."""
        return self._create(f"TEMPLATE {make_url(self._template).database}")

    def empty_database(self) -> str:
        return self._create("")

    def filled(self, file: Path) -> str:
        """URL of a database with the rows of an SQLite file of the newest schema; made once for each file."""
        if file not in self._filled:
            self._filled[file] = self.new_database()
            _move(file, self._filled[file])
        return self._create(f"TEMPLATE {make_url(self._filled[file]).database}")

    def close(self) -> None:
        self._engine.dispose()

    def _create(self, options: str) -> str:
        name = next(self._names)
        with self._engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} {options}"))
        return self._address.set(database=name).render_as_string(hide_password=False)


def _move(file: Path, url: str) -> None:
    """All rows, with their numbers: what comes later goes on counting behind them."""
    source, target = create_engine(sqlite_url(file)), create_engine(url)
    with source.connect() as rows, target.begin() as sink:
        for table in Base.metadata.sorted_tables:
            if found := [dict(row) for row in rows.execute(select(table)).mappings()]:
                sink.execute(insert(table), found)
            counted = table.autoincrement_column
            if counted is not None and found:
                sequence = func.pg_get_serial_sequence(table.name, counted.name)
                sink.execute(select(func.setval(sequence, select(func.max(counted)).scalar_subquery())))
    source.dispose()
    target.dispose()


@contextmanager
def running_server() -> Iterator[Server]:
    """The server and its files are gone afterwards. Raises `NoPostgresError` where it can't be had."""
    if find_spec("psycopg") is None:
        raise NoPostgresError("psycopg is not installed. Install it: pip install 'psycopg[binary]'.")
    with _running_cluster() as address:
        server = Server(address)
        try:
            yield server
        finally:
            server.close()


@contextmanager
def _running_cluster() -> Iterator[URL]:
    binaries, user = tools(), _ordinary_user()
    # Not in pytest's folder, whose parents only its owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="discern-postgres-"))
    try:
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        password = secrets.token_urlsafe(12)
        secret = folder / "password"
        secret.write_text(password)
        secret.chmod(0o644)
        data = folder / "data"
        create = ["-D", str(data), "-U", "discern", "-A", "password", f"--pwfile={secret}", "-E", "UTF8"]
        _run([str(binaries / "initdb"), *create, "--no-sync", "--locale=C"], user, folder)
        port = _start(binaries, data, user)
        try:
            yield URL.create("postgresql+psycopg", "discern", password, "127.0.0.1", port, "postgres")
        finally:
            _run([str(binaries / "pg_ctl"), "stop", "-D", str(data), "-m", "immediate"], user, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> str | None:
    """Whom to run the server as: PostgreSQL refuses root. None where that is the user of the tests."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    found = next((name for name in ("postgres", "nobody") if name in known), None)
    if found is None:
        raise NoPostgresError("PostgreSQL doesn't run as root, and there is no user postgres or nobody.")
    return found


def _start(binaries: Path, data: Path, user: str | None) -> int:
    """Returns its port once it takes connections. Another program may take a free port in between."""
    options = " ".join(f"-c {name}='{value}'" for name, value in UNSAFE_AND_QUICK.items())
    command = [str(binaries / "pg_ctl"), "start", "-D", str(data), "-l", str(data.parent / "log")]
    for tries_left in reversed(range(PORTS_TRIED)):
        port = _free_port()
        try:
            _run([*command, "-w", "-t", START_SECONDS, "-o", f"-p {port} {options}"], user, data.parent)
            return port
        except NoPostgresError:
            if not tries_left:
                raise
    raise AssertionError


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _run(command: Sequence[str], user: str | None, folder: Path) -> None:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": str(folder)}
    with tempfile.TemporaryFile("w+") as said:  # not a pipe: the server that pg_ctl leaves behind keeps it
        done = subprocess.run(
            command,
            user=user,
            group=pwd.getpwnam(user).pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        if done.returncode:
            said.seek(0)
            lines = said.read().strip().splitlines() or ["no message"]
            raise NoPostgresError(f"PostgreSQL's {Path(command[0]).name} failed: {lines[-1]}")
