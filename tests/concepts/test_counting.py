"""While pictures are counted and a model is loaded, a person reads how many were found so far; and the first
of them are in the library long before the last."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from unittest.mock import patch

import pytest
from drawing import draw_folder

from concepts.installation.activity import job_view
from concepts.jobs.progress import COUNTED
from concepts.library.ingestion import COMMIT_EVERY, ENCODE_BATCH, Counting
from concepts.settings import Settings
from concepts.workbench import Workbench


def test_how_many_were_found_is_said_while_other_work_goes_on(tmp_path: Path) -> None:
    counting = Counting([draw_folder(tmp_path / "pictures", 3)], None)
    counted = threading.Event()
    said: list[tuple[int, int | None, str]] = []

    def listener(done: int, total: int | None, note: str) -> None:
        said.append((done, total, note))
        if total is not None:
            counted.set()

    assert counting.during(counted.wait, listener) is True
    assert said[-1][:2] == (0, 3)
    assert all(total is not None or note.startswith("looking for pictures: ") for _, total, note in said)


def test_the_first_pictures_of_an_import_are_in_at_once_and_the_count_goes_on_between(
    own_home: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    bench = Workbench(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    seen: list[tuple[int, int]] = []
    begun = bench.library.add([draw_folder(tmp_path / "many", COMMIT_EVERY)])
    begun.wait(lambda done, total, note: seen.append((done, bench.library.count())))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert min(count for _, count in seen if count) == ENCODE_BATCH
    assert any(done > count for done, count in seen if count)
    assert seen[-1][1] == COMMIT_EVERY
    bench.close()


def test_a_rate_leaves_out_what_came_before_the_first_count(own_home: Path) -> None:
    """As loading a model does."""
    bench = Workbench(Settings(home=own_home))
    store = bench.jobs.store
    job = store.add("add pictures", {"paths": []})
    store.claim(job)
    began, now = time.time(), time.time() + 40
    store.once(job, COUNTED, [16, began + 30])
    store.beat(job, 116, 216, "")
    with patch("concepts.installation.activity.time.time", return_value=now):
        view = job_view(store.get(job), None)
    assert view.rate == pytest.approx(10, rel=0.01)
    assert view.seconds_left == pytest.approx(10, rel=0.01)
    bench.close()
