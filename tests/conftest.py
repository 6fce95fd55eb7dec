"""What every test gets: a home of its own, no keys, no network. Shared: encoders small enough for tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ["HF_HUB_OFFLINE"] = "1"  # huggingface_hub reads it once, when it is first imported


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`DISCERN_HOME` in the test's own folder, and nothing of the developer's settings or keys."""
    for name in list(os.environ):
        if name.startswith(("OPENAI_", "DISCERN_")) and name != "DISCERN_EVAL_DATA":
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    monkeypatch.setenv("DISCERN_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def encoder_cache(pytestconfig: pytest.Config) -> Path:
    """Survives between runs, as on a person's machine: its entries are keyed by content and checked."""
    assert pytestconfig.cache is not None
    return pytestconfig.cache.mkdir("encoders")


@pytest.fixture(scope="session")
def tiny_open_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a small untrained open_clip model, for `local-dir:`."""
    from tiny_open_clip import make_tiny_open_clip

    return make_tiny_open_clip(tmp_path_factory.mktemp("tiny-open-clip"))
