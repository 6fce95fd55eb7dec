"""Small pictures drawn here, and the command line as a person runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import discern, ended, shell  # noqa: F401  # fixtures
from drawing import draw_folder


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_folder(tmp_path_factory.mktemp("drawn"), 120)
