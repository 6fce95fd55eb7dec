"""Work on many pictures: how many were found is said meanwhile, the first are in long before the last,
damaged ones are skipped with a reason, and what breaks off leaves no thread."""

from __future__ import annotations

import errno
import io
import os
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args
from unittest.mock import patch

import pytest
from drawing import draw, draw_folder
from PIL import Image

from concepts.bundle import score
from concepts.errors import DiscernError
from concepts.installation.activity import job_view
from concepts.jobs.progress import COUNTED
from concepts.library import ingestion, placed_scores
from concepts.library.ingestion import COMMIT_EVERY, ENCODE_BATCH, Counting
from concepts.results.bundles import write_bundle
from concepts.results.library import import_pictures, library_info, list_bad_files, picture_count
from concepts.results.rules import write_table_to
from concepts.results.scores import begin_scoring
from concepts.rooms import open_app
from concepts.settings import Settings
from concepts.use_cases import App
from discern import Library
from storage.errors import Reason

KINDS = ("JPEG", "PNG", "WebP", "GIF", "TIFF", "BMP", "AVIF")
HEIC = Path(__file__).parents[1] / "fixtures" / "halves.heic"  # Pillow writes none
ENDS = 64  # bytes
FLIPPED = 8  # files of each kind and end


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


@pytest.mark.slow
def test_the_first_pictures_of_an_import_are_in_at_once_and_the_count_goes_on_between(
    own_home: Path, tmp_path: Path, tiny_open_clip: Path
) -> None:
    bench = open_app(Settings(home=own_home, encoder=f"local-dir:{tiny_open_clip}"))
    seen: list[tuple[int, int]] = []
    begun = import_pictures(bench, [draw_folder(tmp_path / "many", COMMIT_EVERY)])
    begun.wait(lambda done, total, note: seen.append((done, picture_count(bench))))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert min(count for _, count in seen if count) == ENCODE_BATCH
    assert any(done > count for done, count in seen if count)
    assert seen[-1][1] == COMMIT_EVERY
    bench.close()


def test_a_rate_leaves_out_what_came_before_the_first_count(own_home: Path) -> None:
    """As loading a model does."""
    bench = open_app(Settings(home=own_home))
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


def whole(kind: str) -> bytes:
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    draw("ellipse", KINDS.index(kind)).save(out, kind, exif=exif)
    return out.getvalue()


def damaged(good: bytes) -> Iterator[bytes]:
    rng, half = random.Random(len(good)), len(good) // 2
    for cut in (1, ENDS, half):
        yield good[cut:]
        yield good[:-cut]
    for cut in (1, ENDS):
        yield good[:half] + good[half + cut :]
        yield good[:half] + bytes(cut) + good[half + cut :]
    for first in (0, len(good) - ENDS):
        for _ in range(FLIPPED):
            flipped = bytearray(good)
            for place in rng.sample(range(first, first + ENDS), 3):
                flipped[place] ^= rng.randrange(1, 256)
            yield bytes(flipped)


def test_of_a_folder_with_damaged_pictures_the_whole_ones_are_added_and_the_others_have_a_reason(
    tmp_path: Path, tiny_open_clip: Path
) -> None:
    folder, good = tmp_path / "pictures", {kind: whole(kind) for kind in KINDS} | {"HEIC": HEIC.read_bytes()}
    folder.mkdir()
    for kind, content in good.items():
        (folder / f"whole.{kind}").write_bytes(content)
        for number, broken in enumerate(damaged(content)):
            (folder / f"{number:02}.{kind}").write_bytes(broken)
    files = {str(path) for path in folder.iterdir()}
    with Library(tmp_path / "home") as library:
        report = library.add(folder, encoder=f"local-dir:{tiny_open_clip}")
        bad = {one.path: one for one in list_bad_files(library.app, 1000)}
        counted = library_info(library.app)
        added = {one.path for one in library.search(like=[str(folder / "whole.PNG")], n=1000)}
    assert report.added + report.duplicates + sum(report.skipped.values()) == len(files)
    assert len(bad) == sum(report.skipped.values()) > 0
    assert (counted.pictures, counted.bad_files) == (report.added, len(bad))
    assert {one.reason for one in bad.values()} <= set(get_args(Reason))
    assert all(one.message.strip() for one in bad.values())
    assert {str(folder / f"whole.{kind}") for kind in good} <= files - bad.keys()
    assert added <= files - bad.keys()


def full(*_said: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("work", ["adding", "files", "library", "table"])
def test_what_is_broken_off_leaves_no_thread_behind(
    trained: App, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, work: str
) -> None:
    """Even while the error is at hand, as for a command that says what happened. What it held on to was once
    let go of in one of the very threads that it waited for, and Python wrote of it over what was said."""
    many, bundle, out = tmp_path / "many", tmp_path / "bundle", tmp_path / "scores.csv"
    draw_folder(many, 10 * ENCODE_BATCH, first_seed=1000)
    write_bundle(trained.concept("Round thing"), bundle)
    monkeypatch.setattr(ingestion, "COMMIT_EVERY", ENCODE_BATCH)  # in several parts
    monkeypatch.setattr(placed_scores, "AT_ONCE", 10)
    monkeypatch.setattr(score, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(score, "_without_formulas", full)  # once the first is written
    begin = {
        "adding": lambda: import_pictures(trained, [many]),
        "files": lambda: begin_scoring(trained, bundle, [many], out),
        "library": lambda: begin_scoring(trained, bundle, [], out),
        "table": lambda: write_table_to(trained, out),
    }
    before = set(threading.enumerate())
    with pytest.raises((DiscernError, OSError), match="No space left") as raised:
        begin[work]().wait(lambda done, *_: full() if done and work == "adding" else None)
    assert set(threading.enumerate()) <= before
    assert raised.tb is not None
