"""Work on many pictures that is broken off leaves no thread behind, even while the error is still at hand, as
for a command that says what happened. What the error held on to was once let go of in one of the very
threads that it waited for, and Python wrote of it over what the command said."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from drawing import draw_folder

from concepts.bundle import score
from concepts.errors import DiscernError
from concepts.library import ingestion, placed_scores
from concepts.workbench import Workbench

NAME = "Round thing"


def full(*_said: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.fixture
def bench(trained: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """Whose work comes in several parts, and whose disk is full once the first is written."""
    trained.concept(NAME).exports.write(tmp_path / "bundle")
    monkeypatch.setattr(ingestion, "COMMIT_EVERY", ingestion.ENCODE_BATCH)
    monkeypatch.setattr(placed_scores, "AT_ONCE", 10)
    monkeypatch.setattr(score, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(score, "_without_formulas", full)
    return trained


@pytest.fixture
def many(tmp_path: Path) -> Path:
    return draw_folder(tmp_path / "many", 10 * ingestion.ENCODE_BATCH, first_seed=1000)


def add(bench: Workbench, many: Path) -> None:
    bench.library.add([many]).wait(lambda done, *_: full() if done else None)


def score_files(bench: Workbench, many: Path) -> None:
    bench.scoring.score(many.parent / "bundle", [many], many.parent / "scores.csv").wait()


def score_library(bench: Workbench, many: Path) -> None:
    bench.scoring.score(many.parent / "bundle", [], many.parent / "scores.csv").wait()


def write_table(bench: Workbench, many: Path) -> None:
    bench.rules.write_table_to(many.parent / "all.csv").wait()


@pytest.mark.parametrize("work", [add, score_files, score_library, write_table])
def test_what_is_broken_off_leaves_no_thread_behind(
    bench: Workbench, many: Path, work: Callable[[Workbench, Path], None]
) -> None:
    before = set(threading.enumerate())
    with pytest.raises((DiscernError, OSError), match="No space left") as raised:
        work(bench, many)
    assert set(threading.enumerate()) <= before
    assert raised.tb is not None
