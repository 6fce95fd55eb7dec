"""A database of every older schema is upgraded with its rows, and an empty one gets the newest schema."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from storage.database import MIGRATIONS, NEWEST, Database
from storage.files import sqlite_url
from storage.jobs import JobStore

ROOT = Path(__file__).parents[2]
# (id, name, key, created, deleted) in hours of one day
CONCEPTS = (
    (1, "Messy  Room", " deleted 1", 1, 4),
    (2, "messy room", " deleted 2", 5, 7),
    (3, "Messy room", "messy room", 9, None),
    (4, "Tuna", "tuna", 1, None),  # was deleted, then brought back from under another concept of its name
    (5, "tuna", " deleted 5", 3, 6),
)
# (concept's name, created) → the concept that had the name then
JOBS = {
    ("messy room", 2): 1,
    ("MESSY ROOM", 6): 2,
    ("messy room", 10): 3,
    ("messy room", 8): None,
    ("tuna", 2): 4,
    ("tuna", 4): 5,
    ("tuna", 9): 4,
    (None, 3): None,
    ("no such concept", 3): None,
}


def at(hour: int) -> str:
    return f"2026-10-01 {hour:02}:00:00.000000"


@pytest.fixture
def file_at_0001(tmp_path: Path) -> Path:
    """A database of the first schema, with concepts that took over each other's names."""
    file = tmp_path / "discern.sqlite"
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    engine = create_engine(f"sqlite:///{file}")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
    engine.dispose()
    with sqlite3.connect(file) as raw:
        for number, name, key, created, deleted in CONCEPTS:
            row = (number, name, key, at(created), deleted and at(deleted))
            raw.execute("INSERT INTO concepts (id, name, key, created, deleted) VALUES (?, ?, ?, ?, ?)", row)
        for name, created in JOBS:
            arguments = json.dumps({"paths": ["/p"]} if name is None else {"concept": name, "size": 10})
            raw.execute(
                "INSERT INTO jobs (kind, arguments, state, done, message, error, memory, cancel_requested, "
                "worker, created) VALUES ('mine', ?, 'done', 1, '', '', '{}', 0, '', ?)",
                (arguments, at(created)),
            )
        raw.execute(
            "INSERT INTO model_calls (purpose, model, endpoint, prompt_hash, latency_ms, outcome, error, "
            "created) VALUES ('annotate', 'm', 'e', 'h', 1, 'answered', '', ?)",
            (at(2),),
        )
    raw.close()
    return file


def test_a_job_of_the_first_schema_belongs_to_the_concept_that_had_the_name_then(file_at_0001: Path) -> None:
    jobs = JobStore(Database(sqlite_url(file_at_0001))).recent()
    found = {(job.arguments.get("concept"), job.created.hour): job.concept_id for job in jobs}
    assert found == JOBS
    assert not any(job.details for job in jobs)


def test_the_file_of_the_first_schema_is_copied_before_it_is_upgraded(file_at_0001: Path) -> None:
    Database(sqlite_url(file_at_0001)).close()
    (copy,) = file_at_0001.parent.glob("discern.before-*.sqlite")
    with sqlite3.connect(copy) as raw:
        assert raw.execute("SELECT version_num FROM alembic_version").fetchall() == [("0001",)]
        assert raw.execute("SELECT count(*) FROM jobs").fetchone() == (len(JOBS),)
    raw.close()


def test_a_copy_before_an_upgrade_is_for_its_owner_alone(file_at_0001: Path) -> None:
    before = os.umask(0)
    try:
        Database(sqlite_url(file_at_0001)).close()
    finally:
        os.umask(before)
    (copy,) = file_at_0001.parent.glob("discern.before-*.sqlite")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_the_newest_schema_is_known_without_alembic_and_is_its_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == NEWEST


def test_a_database_of_the_newest_schema_is_opened_without_alembic(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "discern.sqlite")
    Database(url).close()
    program = (
        "import sys; from storage.database import Database; Database(sys.argv[1]).close();"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, url], check=True, cwd=ROOT)
