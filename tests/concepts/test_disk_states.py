"""A disk that is full, read only or somebody else's, and a database that is broken, are told apart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from drawing import draw_folder
from not_run import not_run
from small_disk import SmallDisk
from soak_load import until

from concepts.errors import DamagedDatabaseError, PlaceError
from concepts.installation.jobs import backup_of, job_state
from concepts.jobs import Lane, runner
from concepts.results.concepts import begin_concept
from concepts.results.library import import_pictures, library_info
from concepts.results.overview import list_concepts
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from storage import backup
from storage.disk import free_bytes

NAME = "Ball"


def bench_at(home: Path) -> App:
    return open_app(load_settings(home=home))


def make_home(home: Path) -> None:
    bench = bench_at(home)
    begin_concept(bench, NAME, "A ball.")
    bench.close()


@pytest.fixture
def home(small_disk: SmallDisk) -> Path:
    make_home(small_disk.folder / "home")
    return small_disk.folder / "home"


def spoil(file: Path) -> None:
    file.write_bytes(b"\0" * 100 + file.read_bytes()[100:])


def test_a_full_disk_is_called_full_and_loses_nothing(home: Path, small_disk: SmallDisk) -> None:
    small_disk.fill()
    for attempt in (lambda: bench_at(home), lambda: bench_at(small_disk.folder / "new")):
        with pytest.raises(PlaceError, match="is full"):
            begin_concept(attempt(), "Other", "Another.")
    small_disk.free()
    bench = bench_at(home)
    with bench.database.engine.connect():  # what is open already is another case
        small_disk.fill()
        with pytest.raises(PlaceError, match="is full"):
            begin_concept(bench, "Other", "Another.")
    small_disk.free()
    assert [c.name for c in list_concepts(bench_at(home))] == [NAME]
    spoil(home / "discern.sqlite")
    small_disk.fill()
    with pytest.raises(PlaceError, match="is full"):  # first of all, before the database is called broken
        bench_at(home)


def test_a_disk_that_can_only_be_read_is_called_that(home: Path, small_disk: SmallDisk) -> None:
    small_disk.make_read_only()
    for folder in (home, small_disk.folder / "new"):
        with pytest.raises(PlaceError, match="can only be read"):
            bench_at(folder)


def test_a_folder_of_somebody_else_is_called_that(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        not_run("folders of other users", "Only root can become another user.")
    make_home(tmp_path / "home")
    os.seteuid(65534)
    try:
        with pytest.raises(PlaceError, match="no permission"):
            bench_at(tmp_path / "home")
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    "damage", [spoil, lambda file: os.truncate(file, 8192), lambda file: os.truncate(file, 0)]
)
def test_with_room_a_broken_database_is_called_that(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    make_home(tmp_path)
    (tmp_path / "thumbnails").mkdir()
    damage(tmp_path / "discern.sqlite")
    with pytest.raises(DamagedDatabaseError):
        bench_at(tmp_path)


def test_a_backup_for_which_there_is_no_room_is_refused_before_it_begins(
    home: Path, small_disk: SmallDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = bench_at(home)
    with pytest.raises(PlaceError, match="is full"):  # 16 MB are to be left for the others
        backup_of(bench)
    monkeypatch.setattr(backup, "LEAVE_FREE", 0)
    before = sorted(home.iterdir())
    assert sum(map(len, backup_of(bench)))
    small_disk.fill()
    with pytest.raises(PlaceError, match="is full"):
        backup_of(bench)
    assert sorted(home.iterdir()) == before


def test_long_work_is_refused_where_there_is_no_room_or_pauses_says_so_and_goes_on_by_itself(
    home: Path, small_disk: SmallDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_open_clip: Path
) -> None:
    monkeypatch.setattr(runner, "NEEDED", dict.fromkeys(Lane, 1024**2) | {Lane.SHORT: 64 * 1024})
    monkeypatch.setattr(runner, "LOOK_FOR_ROOM_SECONDS", 0)
    bench, encoder = bench_at(home), f"local-dir:{tiny_open_clip}"
    pictures = draw_folder(tmp_path / "pictures", 30)
    small_disk.fill()
    with pytest.raises(PlaceError, match="is full"):
        import_pictures(bench, [pictures], encoder=encoder).wait()
    small_disk.free()
    assert bench.jobs.store.recent() == []

    job = import_pictures(bench, [pictures], encoder=encoder, confined=True).id
    big = small_disk.folder / "big"
    big.write_bytes(b"x" * (free_bytes(home) - 512 * 1024))  # too little for long work, enough to say so
    bench.jobs.start()
    until(lambda: job_state(bench, job).message == runner.PAUSED)
    assert job_state(bench, job).state == "queued"
    big.unlink()
    bench.jobs.wake()
    until(lambda: job_state(bench, job).state == "done")
    assert library_info(bench).pictures == 30
    bench.close()
