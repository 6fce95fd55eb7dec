"""The index in LanceDB: compaction, several processes, damage."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from filelock import FileLock
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from synthetic import DIMENSION, contents, picture_ids, unit_vectors

from storage.errors import DamagedIndexError, StorageError  # noqa: F401  # in the code of other processes
from storage.vectors.ids import checked, encoded, order_of
from storage.vectors.table import LanceIndex

ROOT = Path(__file__).parents[2]


def run_python(code: str, index: LanceIndex) -> subprocess.Popen[str]:
    """Another process, with this file's helpers and an `index` on the same folder."""
    opening = (
        f"import sys; sys.path[:0] = {[str(ROOT / folder) for folder in ('tests/storage', 'tests', '')]}\n"
        "from pathlib import Path\nfrom test_lance_index import *\n"
        f"index = LanceIndex(Path({str(index._folder)!r}), 'enc-1', DIMENSION)\n"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", opening + code], **pipes, text=True, cwd=ROOT)


def said(process: subprocess.Popen[str]) -> str:
    return process.stdout.readline().strip()


@pytest.fixture
def index(tmp_path: Path) -> LanceIndex:
    return LanceIndex(tmp_path / "vectors", "enc-1", DIMENSION)


def test_many_small_writes_are_compacted(index: LanceIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.vectors.table.COMPACT_AFTER", 5)
    ids, vectors = picture_ids(12), unit_vectors(12)
    for i in range(12):
        index.write(ids[i : i + 1], vectors[i : i + 1])
    assert index._table.stats()["fragment_stats"]["num_fragments"] < 5
    np.testing.assert_array_equal(index.snapshot().vectors(ids), vectors)


def test_what_somebody_adds_between_who_was_not_held_off_is_in_the_copy(
    index: LanceIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the connection that held all others off from a bucket broke."""
    index.write(picture_ids(9), unit_vectors(9))
    other = LanceIndex(tmp_path / "vectors", "enc-1", DIMENSION)
    monkeypatch.setattr("storage.vectors.table.AT_ONCE", 2)
    monkeypatch.setattr(other, "_lock", nullcontext())
    in_step = index._in_step
    more = picture_ids(3, start=50), unit_vectors(3)
    for number, step in enumerate(
        (lambda: index.write(*more), lambda: index.delete(picture_ids(5)), index.tidy)
    ):
        new = picture_ids(1, start=100 + number)

        def meanwhile(new: list[str] = new) -> str:
            before = in_step()
            other._table.add(as_rows(other, new, unit_vectors(1)))
            return before

        with monkeypatch.context() as patched:
            patched.setattr(index, "_in_step", meanwhile)
            step()
        assert new[0] in index.snapshot().ids
        assert contents(index) == contents(other)


def as_rows(index: LanceIndex, ids: list[str], vectors: NDArray[np.float32]) -> pa.Table:
    return index._arrow(ids, vectors.astype(np.float16), index._table.schema)


def test_a_picture_that_is_in_the_table_twice_is_damage(index: LanceIndex) -> None:
    index.write(picture_ids(3), unit_vectors(3))
    index._table.add(as_rows(index, picture_ids(1), unit_vectors(1)))
    with pytest.raises(DamagedIndexError, match="4 vectors of 3 pictures"):
        index.verify()


@given(st.lists(st.text(st.sampled_from("aZ9-é\0 "), max_size=66), max_size=6))
def test_an_id_is_letters_and_digits(ids: list[str]) -> None:
    allowed = all(one.isascii() and one.isalnum() and len(one) <= 64 for one in ids)
    with nullcontext() if allowed else pytest.raises(ValueError, match="is not a picture id"):
        assert checked(ids).tolist() == [one.encode() for one in ids]


@given(st.lists(st.text("ab", min_size=1, max_size=10), unique=True))
def test_ids_are_put_in_order_whatever_they_begin_with(ids: list[str]) -> None:
    keys = encoded(ids)
    assert keys[order_of(keys)].tolist() == sorted(one.encode() for one in ids)


# Several processes


@pytest.mark.slow
def test_processes_that_write_the_same_ids_at_once_leave_no_duplicates(index: LanceIndex) -> None:
    code = (
        "print('ready', flush=True)\nsys.stdin.read()\n"
        "for k in range(5):\n    index.write(picture_ids(40, start=40 * k), unit_vectors(40, seed=k))\n"
    )
    writers = [run_python(code, index) for _ in range(2)]
    assert [said(writer) for writer in writers] == ["ready"] * 2
    for writer in writers:
        writer.stdin.close()
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert list(index.snapshot().ids) == sorted(picture_ids(200))


@pytest.mark.slow
def test_killed_while_writing_and_run_again_gives_the_same_contents(index: LanceIndex) -> None:
    ids, vectors = picture_ids(2000), unit_vectors(2000)
    writer = run_python(
        "ids, vectors = picture_ids(2000), unit_vectors(2000)\n"
        "for k in range(5000):\n"
        "    print('writing', flush=True)\n"
        "    some = slice(400 * (k % 5), 400 * (k % 5 + 1))\n"
        "    index.write(ids[some], vectors[some])\n",
        index,
    )
    assert [said(writer) for _ in range(4)] == ["writing"] * 4
    writer.send_signal(signal.SIGKILL)  # three writes are done, another has begun
    writer.wait(60)
    assert 1200 <= len(index.snapshot().ids) < 2000
    for begin in range(0, 2000, 400):
        index.write(ids[begin : begin + 400], vectors[begin : begin + 400])
    assert contents(index) == {i: tuple(row) for i, row in zip(ids, vectors.tolist(), strict=True)}


def test_what_there_is_is_told_while_somebody_writes(index: LanceIndex) -> None:
    index.write(picture_ids(3), unit_vectors(3))
    index.write(picture_ids(2), unit_vectors(2, seed=1))
    index.delete(picture_ids(1))
    other = LanceIndex(index._folder, "enc-1", DIMENSION)
    with FileLock(index._folder / "enc-1.lock"), ThreadPoolExecutor(1) as elsewhere:
        asked = elsewhere.submit(lambda: (other.snapshot().count(), other.snapshot().missing(picture_ids(4))))
        assert asked.result(60) == (2, [picture_ids(1)[0], picture_ids(4)[3]])


# Damage


def test_a_damaged_table_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    index = LanceIndex(tmp_path, "enc-1", DIMENSION)
    index.write(picture_ids(5), unit_vectors(5))
    for file in (tmp_path / "enc-1.lance" / "data").iterdir():
        with file.open("r+b") as opened:
            opened.truncate(20)
    with pytest.raises(DamagedIndexError, match="kept elsewhere"):
        LanceIndex(tmp_path, "enc-1", DIMENSION).verify()
    for file in (tmp_path / "enc-1.lance" / "_versions").iterdir():
        file.write_bytes(b"not a manifest" * 100)
    with pytest.raises(DamagedIndexError, match="kept elsewhere"):
        LanceIndex(tmp_path, "enc-1", DIMENSION)


@pytest.mark.parametrize(
    "action", ["index.write(picture_ids(9000, 5), unit_vectors(9000))", "index.snapshot()"]
)
def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(index: LanceIndex, action: str) -> None:
    """A limit on the size of files stands in for the full disk: the system call fails the same way."""
    index.write(picture_ids(4000), unit_vectors(4000))
    index._snapshot.remove()
    process = run_python(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        f"try:\n    {action}\nexcept StorageError as error:\n    print(error, flush=True)\n",
        index,
    )
    assert "is full" in said(process)
    process.wait(60)
    assert len(index.snapshot().ids) == 4000
    np.testing.assert_array_equal(index.snapshot().vectors(picture_ids(4000)), unit_vectors(4000))
