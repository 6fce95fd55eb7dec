"""What lies below SQL may be lost or damaged: it is noticed, said, and made again (rule 1)."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from soak_load import until

from concepts.errors import DamagedIndexError
from concepts.library.collection import collection_of
from concepts.library.upkeep import reembed
from concepts.results.library import (
    browse,
    import_pictures,
    library_info,
    look_after,
    search_library,
    thumbnail_of,
    warm_up_library,
)
from concepts.results.trained import train
from concepts.rooms import open_app
from concepts.settings import load_settings
from concepts.use_cases import App
from storage import database_file
from storage.copies import Copies


@pytest.fixture
def bench(open_bench: Callable[[], App]) -> Iterator[App]:
    bench = open_bench()
    yield bench
    bench.close()


def test_of_all_processes_the_one_that_serves_looks_through_a_large_database_and_copies_it(
    open_bench: Callable[[], App], own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_file, "AT_ONCE", 0)
    with contextlib.closing(open_bench()) as bench:
        copies = Copies(own_home / "discern.sqlite")
        bench.database.keep_daily_copy()  # as every command does
        assert copies.all() == []
        warm_up_library(bench)
        until(copies.all)


def remove_vectors(home: Path) -> None:
    shutil.rmtree(home / "vectors")


def remove_table(home: Path) -> None:
    (table,) = (home / "vectors").glob("*.lance")
    shutil.rmtree(table)


def spoil_data(home: Path) -> None:
    """The copy that is read goes too, or nobody would need the table."""
    for file in (home / "vectors").glob("*.lance/data/*"):
        file.write_bytes(b"not what it was")
    _remove_copies(home)


def _overwrite(file: Path, at: int, length: int) -> None:
    with file.open("r+b") as content:
        content.seek(at)
        content.write(random.Random(at).randbytes(length))


def _remove_copies(home: Path) -> None:
    for copy in (home / "vectors").glob("*.snapshot"):
        shutil.rmtree(copy)


def add(bench: App, pictures: Path) -> None:
    assert import_pictures(bench, [pictures]).wait().added == 0


def embed_again(bench: App, pictures: Path) -> None:
    bench.begin(reembed, collection_of(bench).recorded().name).wait()


def check_and_repair(bench: App, pictures: Path) -> None:
    told = look_after(bench).wait()
    assert told.index or told.vectors_missing == 91
    assert not told.is_whole
    mended = look_after(bench, repair=True).wait()
    assert (mended.left, mended.is_whole) == (0, True)


@pytest.mark.parametrize("mend", [add, embed_again, check_and_repair])
@pytest.mark.parametrize("damage", [remove_vectors, remove_table, spoil_data])
def test_what_is_lost_is_said_instead_of_finding_nothing_and_comes_back(
    open_bench: Callable[[], App],
    own_home: Path,
    pictures: Path,
    damage: Callable[[Path], None],
    mend: Callable[[App, Path], None],
) -> None:
    before, reading = _vectors(open_bench()), open_bench()
    damage(own_home)
    with pytest.raises(DamagedIndexError, match="kept elsewhere"):
        search_library(reading, "ball")
    assert "vector" in library_info(reading).damage
    bench = open_bench()
    mend(bench, pictures)
    _assert_same(_vectors(bench), before)
    assert library_info(bench).damage == ""
    assert look_after(bench).wait().is_whole


@pytest.mark.parametrize("kind", ["*.lance/data/*", "*.snapshot/*.vectors", "*.graph/*/*", "*.map"])
def test_sixteen_changed_bytes_of_the_vectors_end_nothing_and_a_repair_finds_the_same_pictures(
    trained: App, own_home: Path, kind: str
) -> None:
    look_after(trained, only="map").wait()
    before = [found.id for found in search_library(trained, "ball", n=20)]
    files = [file for file in (own_home / "vectors").glob(kind) if file.is_file()]
    assert files
    for file in files:
        _overwrite(file, max(file.stat().st_size // 2 - 8, 0), 16)
    bench = open_app(load_settings())
    with contextlib.suppress(DamagedIndexError):
        assert [found.id for found in search_library(bench, "ball", n=20)] == before
    with contextlib.suppress(DamagedIndexError):
        bench.concept("Round thing").begin(train).wait()
    look_after(bench).wait()
    assert look_after(bench, repair=True).wait().is_whole
    assert [found.id for found in search_library(bench, "ball", n=20)] == before
    look_after(bench, only="map").wait()
    assert look_after(bench).wait().is_whole
    bench.close()


def test_lost_vectors_of_some_keep_nobody_from_the_others_and_surplus_goes(bench: App) -> None:
    index = collection_of(bench).stored()
    index.delete(list(index.ids)[:5])
    assert len(search_library(bench, "ball", n=100)) == 86
    assert "5 of 91 pictures" in library_info(bench).damage
    index.write(["ab" * 32], np.ones((1, index.dimension), np.float32))
    assert len(search_library(bench, "ball", n=100)) == 86, "none of no picture"
    told = look_after(bench).wait()
    assert (told.vectors_missing, told.vectors_extra) == (5, 1)
    mended = look_after(bench, repair=True).wait()
    assert (mended.embedded, mended.is_whole) == (5, True)
    assert len(search_library(bench, "ball", n=100)) == len(index.ids) == 91


def test_lost_thumbnails_are_made_again_when_looked_at_or_repaired(bench: App, own_home: Path) -> None:
    first, second = browse(bench, limit=2).pictures
    before = [thumbnail_of(bench, p.id) for p in (first, second)]
    _file(own_home, first.id).unlink()
    os.truncate(_file(own_home, second.id), 40)
    assert [thumbnail_of(bench, p.id) for p in (first, second)] == before
    shutil.rmtree(own_home / "thumbnails")
    collection_of(bench).look()
    assert "Thumbnails are missing" in library_info(bench).damage
    assert look_after(bench).wait().thumbnails_missing == 91
    mended = look_after(bench, repair=True).wait()
    assert (mended.thumbnails_made, mended.is_whole) == (91, True)
    assert len(list((own_home / "thumbnails").rglob("*.webp"))) == 91


def test_files_gone_changed_or_unreadable_are_named_and_do_not_stop_a_repair_of_the_rest(
    bench: App, own_home: Path, tmp_path: Path, pictures: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for number, name in enumerate(("gone.png", "changed.png", "touched.png", "folder.png")):
        content = (pictures / f"ellipse-{3 * number:04}.png").read_bytes()
        (own / name).write_bytes(content + b"own")  # bytes behind the end: another picture's id
    import_pictures(bench, [own]).wait()
    (own / "gone.png").unlink()
    (own / "changed.png").write_bytes((pictures / "ellipse-0000.png").read_bytes())
    os.utime(own / "touched.png")
    (own / "folder.png").unlink()
    (own / "folder.png").mkdir()
    report = look_after(bench).wait()
    assert (report.files_missing, report.files_changed, report.files_unreadable) == (1, 1, 1)
    assert {(n.what, Path(n.place).name) for n in report.named} == {
        ("missing", "gone.png"),
        ("changed", "changed.png"),
        ("unreadable", "folder.png"),
    }
    assert report.is_whole
    remove_vectors(own_home)
    mended = look_after(bench, repair=True).wait()
    assert (mended.embedded, mended.left, mended.is_whole) == (92, 3, False)
    assert library_info(bench).pending == 3
    assert len(search_library(bench, "ball", n=100)) == 92


def test_where_jobs_run_the_first_failing_read_has_it_mended_once(bench: App, own_home: Path) -> None:
    bench.jobs.start()
    remove_vectors(own_home)
    for _ in range(3):
        with contextlib.suppress(DamagedIndexError):  # it may be mended by the second one
            search_library(bench, "ball")
    (job,) = [job for job in bench.jobs.store.recent() if job.kind == "check library"]
    until(lambda: bench.jobs.store.get(job.id).state not in ("queued", "running"))
    assert len(search_library(bench, "ball", n=100)) == 91
    assert library_info(bench).damage == ""


def _file(home: Path, picture_id: str) -> Path:
    return home / "thumbnails" / picture_id[:2] / picture_id[2:4] / f"{picture_id}.webp"


def _vectors(bench: App) -> dict[str, np.ndarray]:
    index = collection_of(bench).index()
    ids = list(index.ids)
    return dict(zip(ids, index.vectors(ids), strict=True))


def _assert_same(after: dict[str, np.ndarray], before: dict[str, np.ndarray]) -> None:
    assert list(after) == list(before)
    np.testing.assert_allclose(np.stack(list(after.values())), np.stack(list(before.values())), atol=2e-3)
