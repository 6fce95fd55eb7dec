"""Ctrl-C in the middle: it says what is kept and how to go on, and going on ends as if nothing had been."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from command_line import rows_of, wait_until
from drawing import draw_folder
from filelock import FileLock

from concepts.results.library import import_pictures, library_info
from concepts.rooms import open_app
from concepts.settings import load_settings


@pytest.mark.slow
def test_ctrl_c_on_a_long_command_says_what_is_kept_and_how_to_go_on(
    shell: Any, tmp_path: Path, own_home: Path, tiny_open_clip: Path
) -> None:
    bench = open_app(load_settings())
    some = draw_folder(tmp_path / "some", 1)
    import_pictures(bench, [some], encoder=f"local-dir:{tiny_open_clip}").wait()
    folder = draw_folder(tmp_path / "pictures", 60, first_seed=1)
    # Whoever holds this lock keeps others from writing vectors, so the command can't be done too early.
    (lock,) = (own_home / "vectors").glob("*.lock")
    with FileLock(lock):
        first = shell("library", "add", folder, "--json")
        wait_until(lambda: rows_of(own_home / "discern.sqlite", "pictures") > 1, first)
        first.send_signal(signal.SIGINT)
        out, error = first.communicate()
    assert first.returncode == 130
    assert "Traceback" not in error
    said = json.loads(out)
    assert "Stopped" in said["error"]
    assert "What is finished is kept." in said["error"]
    assert "Run the same command again to go on" in said["what_to_do"]

    assert not [job.error for job in bench.jobs.store.recent() if "KeyboardInterrupt" in job.error]
    assert 1 < library_info(bench).pictures < 61
    import_pictures(bench, [folder]).wait()
    assert library_info(bench).pictures == 61
    assert [job.state for job in bench.jobs.store.recent()] == ["done", "done"]
