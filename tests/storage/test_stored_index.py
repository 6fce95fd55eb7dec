"""Reading vectors without LanceDB: only as long as the copy is the newest, whoever wrote meanwhile."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import DIMENSION, contents, opened, picture_ids, unit_vectors

from storage.errors import StorageError
from storage.vectors import snapshot
from storage.vectors.snapshot import Snapshot
from storage.vectors.stored import StoredIndex, _bytes_in
from storage.vectors.table import LanceIndex


def needs_lance(index: StoredIndex) -> bool:
    index.snapshot()
    return "_table" in vars(index)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten vectors, and the copy of them."""
    index = opened(tmp_path)
    index.write(picture_ids(10), unit_vectors(10))
    index.snapshot()
    return tmp_path


def test_what_is_only_read_loads_no_lancedb(folder: Path) -> None:
    script = (
        "import sys\nfrom pathlib import Path\nfrom storage.vectors.stored import StoredIndex\n"
        f"index = StoredIndex(Path({str(folder)!r}), 'enc-1', {DIMENSION})\n"
        "assert len(index.ids) == 10 and index.missing(['f' * 64]) == ['f' * 64] and index.version\n"
        "assert index.snapshot().search(index.snapshot().vectors(list(index.ids)[:1]), 3)\n"
        "print([m for m in ('lancedb', 'pyarrow', 'torch') if m in sys.modules])\n"
    )
    root = Path(__file__).parents[2]
    assert subprocess.check_output([sys.executable, "-c", script], text=True, cwd=root).strip() == "[]"


def make_anew(index: LanceIndex) -> None:
    """With as many writes as before, so that its versions have the same numbers."""
    index._database.drop_table("enc-1")
    other = LanceIndex(index._folder, "enc-1", DIMENSION)
    other.write(picture_ids(10), unit_vectors(10, seed=3))


CHANGES: dict[str, Callable[[LanceIndex], object]] = {
    "write": lambda index: index.write(picture_ids(1, start=10), unit_vectors(1)),
    "replace": lambda index: index.write(picture_ids(1), unit_vectors(1, seed=7)),
    "delete": lambda index: index.delete(picture_ids(1)),
    "compact": lambda index: index._table.optimize(),
    "make anew": make_anew,
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_reader_takes_an_old_copy_for_the_newest(folder: Path, change: str) -> None:
    before = opened(folder)
    assert not needs_lance(before)
    CHANGES[change](LanceIndex(folder, "enc-1", DIMENSION))
    truth = contents(LanceIndex(folder, "enc-1", DIMENSION))
    assert contents(before) == truth
    assert contents(opened(folder)) == truth
    assert not needs_lance(opened(folder))  # the first that read it has noted that its copy is the newest


def test_a_folder_that_was_copied_elsewhere_is_asked_once(
    folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("restored") / "vectors"
    shutil.copytree(folder, elsewhere, copy_function=shutil.copy)  # with new times
    first, second = opened(elsewhere), opened(elsewhere)
    assert contents(first) == contents(opened(folder))
    assert needs_lance(first)
    assert not needs_lance(second)


def test_a_damaged_copy_and_what_a_killed_process_left_are_replaced(folder: Path) -> None:
    (vectors,) = (folder / "enc-1.snapshot").glob("*.vectors")
    with vectors.open("r+b") as file:
        file.truncate(150)
    for left in ("0.unfinished", "0.vectors"):
        (vectors.parent / left).touch()
    np.testing.assert_array_equal(opened(folder).snapshot().vectors(picture_ids(10)), unit_vectors(10))
    assert not needs_lance(opened(folder))
    assert not list(vectors.parent.glob("0.*"))


def test_an_index_without_a_vector_can_be_read(tmp_path: Path) -> None:
    assert len(opened(tmp_path).ids) == 0
    assert opened(tmp_path).missing(picture_ids(2)) == picture_ids(2)


def test_vectors_of_another_size_are_refused(folder: Path) -> None:
    with pytest.raises(StorageError, match="8 numbers, not 9"):
        StoredIndex(folder, "enc-1", DIMENSION + 1).snapshot()


def test_a_folder_that_goes_while_sizes_are_added_counts_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unfinished").mkdir()
    for name, size in (("kept", 5), ("unfinished/part", 7)):
        (tmp_path / name).write_bytes(b"x" * size)
    look_into = os.scandir

    def scandir(path: Any) -> Any:
        if Path(path).name == "unfinished":
            Path(path, "part").unlink()
            Path(path).rmdir()
        return look_into(path)

    assert _bytes_in(tmp_path) == 12
    monkeypatch.setattr(os, "scandir", scandir)
    assert _bytes_in(tmp_path) == 5
    assert _bytes_in(tmp_path / "nothing") == 0


# The snapshot follows the table whatever is written, by whom, and wherever a process dies


FOLDER = "enc-1.snapshot"
SOME = st.lists(st.integers(0, 11), min_size=1, max_size=5)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "delete", "read", "open anew", "die midway", "purge"]),
        SOME,
        st.integers(0, 99),
    ),
    max_size=8,
)


@settings(max_examples=30)
@given(STEPS, st.sampled_from([0, 3, 50_000]))
def test_it_holds_what_was_written_last(steps: list[tuple[str, list[int], int]], few: int) -> None:
    """Two indexes take turns, as two processes would."""
    truth: dict[str, tuple[float, ...]] = {}
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(snapshot, "FEW", few)
        indexes = [LanceIndex(Path(folder), "enc-1", DIMENSION) for _ in range(2)]
        for turn, (step, numbers, seed) in enumerate(steps):
            index = indexes[turn % 2]
            ids = [picture_ids(1, number)[0] for number in numbers]
            if step == "read":
                assert contents(index) == truth
            elif step == "open anew":
                indexes[turn % 2] = LanceIndex(Path(folder), "enc-1", DIMENSION)
            elif step in ("delete", "purge"):
                getattr(index, step)(ids)
                truth = {i: row for i, row in truth.items() if i not in ids}
                if step == "purge":  # makes the table anew, which no other may have open
                    indexes = [LanceIndex(Path(folder), "enc-1", DIMENSION) for _ in range(2)]
            else:
                vectors = unit_vectors(len(ids), seed)
                with pytest.MonkeyPatch.context() as dying:
                    if step == "die midway":
                        dying.setattr(Snapshot, "append", lambda *_, **__: None)
                    index.write(ids, vectors)
                truth |= {i: tuple(row) for i, row in zip(ids, vectors.tolist(), strict=True)}
        assert [contents(index) for index in indexes] == [truth, truth]


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_size for path in (folder / FOLDER).glob("*.vectors")}


def test_what_is_added_is_appended_and_read_elsewhere_without_the_table(tmp_path: Path) -> None:
    index = LanceIndex(tmp_path, "enc-1", DIMENSION)
    index.write(picture_ids(100), unit_vectors(100))
    index.snapshot()
    ((name, size),) = files(tmp_path).items()
    index.write(picture_ids(1, start=100), unit_vectors(1))
    newest = Snapshot(tmp_path / FOLDER, DIMENSION, index.refill).newest()
    assert len(newest.ids) == 101
    assert contents(newest) == contents(index)
    assert files(tmp_path) == {name: size + 2 * DIMENSION}


def test_replaced_vectors_take_no_more_room_than_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "FEW", 10)
    index = LanceIndex(tmp_path, "enc-1", DIMENSION)
    for seed in range(12):
        index.write(picture_ids(20), unit_vectors(20, seed))
    np.testing.assert_array_equal(index.snapshot().vectors(picture_ids(20)), unit_vectors(20, 11))
    (size,) = files(tmp_path).values()
    assert size <= 2 * DIMENSION * (2 * 20 + 10)
