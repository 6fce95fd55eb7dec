"""The long journeys of these tests. Each is made once, whichever tests need it."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from filelock import FileLock

from blackbox.job import Job, by_commands
from blackbox.running import Commands


@pytest.fixture(scope="session")
def encoder_cache(pytestconfig: pytest.Config) -> Path:
    """What the built-in encoder works out once on a computer. It stays between runs, keyed by content."""
    assert pytestconfig.cache is not None
    return Path(pytestconfig.cache.mkdir("blackbox-encoders"))


@pytest.fixture(scope="session")
def job(encoder_cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Job:
    """The recorded job, done by commands; where several processes share the tests, by the first that asks."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "recorded-job"
    told = folder.with_suffix(".json")
    with FileLock(folder.with_suffix(".lock")):
        if not told.exists():
            made = by_commands(folder, encoder_cache)
            shutil.copytree(made.discern.home, made.home_as_made, symlinks=True)
            told.write_text(json.dumps(made.said), encoding="utf-8")
    return Job(folder, Commands(folder / "home"), json.loads(told.read_text(encoding="utf-8")))
