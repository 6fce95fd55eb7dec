"""Small pictures drawn here, and the command line as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder
from typer.testing import CliRunner

from concepts.cli import app
from concepts.errors import DiscernError


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("drawn"), 120)


Run = Callable[..., Any]


@pytest.fixture
def discern(own_home: Path, encoder_cache: Path) -> Run:
    """Runs a command in this process and returns what `--json` printed; raises what a person would read.

    The encoder's cache is the one of all tests: computing it again takes seconds.
    """
    own_home.mkdir(parents=True, exist_ok=True)
    (own_home / "cache").symlink_to(encoder_cache)

    def run(*arguments: object) -> Any:
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        if isinstance(result.exception, DiscernError):
            raise result.exception
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    return run


@pytest.fixture
def shell() -> Callable[..., subprocess.Popen[str]]:
    """Starts `python -m concepts …` as a process of its own."""

    def start(*arguments: object, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "concepts", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | environment,
            cwd=Path(__file__).parents[2],
        )

    return start
