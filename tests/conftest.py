"""What every test gets: a home of its own, no keys, no network. Shared: encoders small enough for tests."""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import not_run
import pytest
from hypothesis import settings
from postgres import NoPostgresError, Server, running_server
from s3_service import NoS3Error, Service, running_service
from sqlalchemy import Connection, inspect
from threadpoolctl import threadpool_limits

import web  # noqa: F401  # so that Gradio, which tests import too, is imported as the app imports it

pytest_plugins = ["served_model"]

settings.register_profile("discern", deadline=None)  # a busy machine is no defect
settings.load_profile("discern")

IN_MEMORY = Path("/dev/shm")
ROOM = 8 << 30  # bytes: twice of what a run has there at once


def _keep_files_in_memory() -> None:
    """Where there is room: a quarter of a run went into making, syncing and removing thousands of libraries
    on disk. Processes that tests start keep theirs there too. Whoever says TMPDIR has their way."""
    if "TMPDIR" in os.environ or not os.access(IN_MEMORY, os.W_OK):
        return
    if shutil.disk_usage(IN_MEMORY).free >= ROOM:
        folder = tempfile.mkdtemp(prefix="discern-tests-", dir=IN_MEMORY)
        Path(folder).chmod(0o711)  # PostgreSQL runs as somebody else, and has a folder in it
        os.environ["TMPDIR"] = tempfile.tempdir = folder
        atexit.register(let_go, folder)


def let_go(folder: str) -> None:
    shutil.rmtree(folder, ignore_errors=True)


_keep_files_in_memory()

TESTS = Path(__file__).parent
PLAIN = SimpleNamespace(params={})  # of a test without parameters
OF_THE_TESTS = ("DISCERN_EVAL_DATA", "DISCERN_TEST_S3")  # variables that say what there is to test with

# Tests run beside each other, a process for each processor. Where one has more threads than that, those of
# BLAS wait for the next small product by spinning, two thirds of the time that a fit takes. What is imported
# later, and processes that tests start, read the variable; NumPy is here already.
os.environ.setdefault("OMP_NUM_THREADS", "1")
threadpool_limits(int(os.environ["OMP_NUM_THREADS"]))

# Where compiled modules aren't to be kept, each of the processes that tests start compiles all of ours.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

os.environ["HF_HUB_OFFLINE"] = "1"  # huggingface_hub reads it once, when it is first imported


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`DISCERN_HOME` in the test's own folder, and nothing of the developer's settings or keys."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "DISCERN_", "AWS_")) and name not in OF_THE_TESTS:
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("DISCERN_HOME", str(home))
    return home


@pytest.fixture(scope="module", autouse=True)
def apps_of_the_module_are_let_go() -> Iterator[None]:
    """FastAPI remembers of thousands of functions of what kind they are, and by them every app, some 50 MB,
    that a process ever made: one in the product, hundreds in a run of tests."""
    yield
    if models := sys.modules.get("fastapi.dependencies.models"):
        for value in vars(models).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Migrations run once: a new SQLite database after it is made by the statements that the first came out
    as. Thousands of tests have one of their own."""
    from storage import database, migrating

    home = tmp_path_factory.mktemp("migrated")
    database.Database(f"sqlite:///{home / 'first.sqlite'}").close()
    with closing(sqlite3.connect(home / "first.sqlite")) as first:
        statements = [line for line in first.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;")]
    through_all = migrating.upgrade

    def upgrade(connection: Connection) -> None:
        if connection.dialect.name != "sqlite" or inspect(connection).get_table_names():
            through_all(connection)
            return
        for statement in statements:
            connection.exec_driver_sql(statement)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrating, "upgrade", upgrade)
        yield


@pytest.fixture(scope="session")
def encoder_cache(pytestconfig: pytest.Config) -> Path:
    """Survives between runs, as on a person's machine: its entries are keyed by content and checked."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("encoders")


@pytest.fixture
def warm_home(own_home: Path, encoder_cache: Path) -> Path:
    """`own_home` with what the embedded encoder measures once on a computer, for about three seconds."""
    own_home.mkdir()
    (own_home / "cache").symlink_to(encoder_cache)
    return own_home


@pytest.fixture(scope="session")
def tiny_open_clip(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of a small untrained open_clip model, for `local-dir:`."""
    from tiny_open_clip import make_tiny_open_clip, words_read_once

    with words_read_once():
        yield make_tiny_open_clip(tmp_path_factory.mktemp("tiny-open-clip"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server | NoPostgresError]:
    with ExitStack() as stack:
        server: Server | NoPostgresError
        try:
            server = stack.enter_context(running_server())
        except NoPostgresError as error:
            server = error
        yield server


@pytest.fixture
def postgres(postgres_server: Server | NoPostgresError) -> Server:
    if isinstance(postgres_server, NoPostgresError):
        not_run.not_run("the stores on PostgreSQL", str(postgres_server))
    return postgres_server


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kept-in",
        choices=("sqlite", "postgres"),
        default="sqlite",
        help="where the tests keep their SQL that don't choose for themselves",
    )


@pytest.fixture(scope="session")
def s3_service() -> Iterator[Service | NoS3Error]:
    with ExitStack() as stack:
        service: Service | NoS3Error
        try:
            service = stack.enter_context(running_service())
        except NoS3Error as error:
            service = error
        yield service


@pytest.fixture
def s3(s3_service: Service | NoS3Error, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """Found by this process and those that it starts."""
    if isinstance(s3_service, NoS3Error):
        not_run.not_run("what is kept in a bucket", str(s3_service))
    for name, value in s3_service.environment.items():
        monkeypatch.setenv(name, value)
    yield s3_service
    s3_service.let_in()


@pytest.fixture
def labelled_pictures() -> Path:
    """The folder of labelled sets that `DISCERN_EVAL_DATA` names."""
    folder = os.environ.get("DISCERN_EVAL_DATA")
    if not folder:
        not_run.not_run("what needs labelled pictures", "DISCERN_EVAL_DATA names no folder with them.")
    return Path(folder)


# What `make quick` runs: rooms whose tests need no library. What asks for one of these fixtures is left out,
# because a service, a process or a model has to be there first.
QUICK = frozenset(
    ("annotators", "combining", "deliberation", "expansion", "export", "language", "learning", "storage")
)
NOT_QUICK = frozenset(("postgres", "s3", "small_disk", "encoder_cache", "tiny_open_clip"))
# Of those rooms, what starts processes, fills disks or waits for a reader that is kept busy.
LONG = frozenset(("test_bounds.py", "test_lance_index.py", "test_publishing.py", "test_stored_index.py"))
# What asks for one of these fixtures, or is in one of these rooms, is run by `make test-all` alone.
SLOW = frozenset(("s3", "wheel"))
LATER = frozenset(("study", "packaging"))
AT_ONCE = "test_docs.py"  # but this one takes a second

# What takes minutes begins first, or one process works on it at the end while the others have nothing to do.
# The recorded job, for which other files of blackbox/ wait, is made by the first of these.
LONGEST = (
    "blackbox/test_readme_by_command.py",
    "blackbox/test_rest_quick_start.py",
    "tests/web/rest/test_rest_schema.py",
    "blackbox/",
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        asked = {
            *getattr(item, "fixturenames", ()),
            *map(str, getattr(item, "callspec", PLAIN).params.values()),
        }
        if asked & SLOW or (room_of(item.path) in LATER and item.path.name != AT_ONCE):
            item.add_marker("slow")
        quick = room_of(item.path) in QUICK and item.path.name not in LONG and not asked & NOT_QUICK
        if quick and not item.get_closest_marker("slow"):
            item.add_marker("quick")
    items.sort(
        key=lambda item: next((n for n, of in enumerate(LONGEST) if item.nodeid.startswith(of)), len(LONGEST))
    )


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where quick tests alone are asked for, other rooms aren't even imported."""
    room = room_of(collection_path / "any")
    return (config.getoption("markexpr") == "quick" and room != "" and room not in QUICK) or None


def room_of(path: Path) -> str:
    """The folder below tests/ that a file is in; nothing for what lies beside this file or elsewhere."""
    return path.relative_to(TESTS).parts[0] if path.parent != TESTS and path.is_relative_to(TESTS) else ""


def pytest_collection_finish() -> None:
    """A fifth of a run went into looking for garbage among the million objects of imported modules."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    slow = sum(item.get_closest_marker("slow") is not None for item in items)
    if slow and "slow" in items[0].config.getoption("markexpr"):
        not_run.deselected("the slow ones", "make test-all runs them.", slow)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if session.testsfailed:
        atexit.unregister(let_go)  # pytest has said where the files of what failed are
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["not_run"] = not_run.told()


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of a parallel run has ended."""
    not_run.hear(getattr(node, "workeroutput", {}).get("not_run", ()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in not_run.lines():
        terminalreporter.write_line(line, yellow=True)
