"""The vector index: upserts, exact search, the memory-mapped copy, several processes, damage."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from storage.errors import StorageError, UnknownPictureError
from storage.vectors.lance import VectorIndex

DIMENSION = 8
ROOT = Path(__file__).parents[2]


def picture_ids(count: int, start: int = 0) -> list[str]:
    return [hashlib.sha256(str(i).encode()).hexdigest() for i in range(start, start + count)]


def unit_vectors(count: int, seed: int = 0, dimension: int = DIMENSION) -> np.ndarray:
    """Unit length, rounded to float16, so that what is read back is equal."""
    raw = np.random.default_rng(seed).standard_normal((count, dimension))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return unit.astype(np.float16).astype(np.float32)


def contents(index: VectorIndex) -> dict[str, tuple[float, ...]]:
    return {i: tuple(row) for ids, rows in index.batches() for i, row in zip(ids, rows.tolist(), strict=True)}


def run_python(code: str, *arguments: str) -> subprocess.Popen[str]:
    """Another process, with this file's helpers and `index` on the folder given first."""
    opening = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}, {str(ROOT)!r}]\n"
        "from pathlib import Path\nfrom test_vectors import *\n"
        "index = VectorIndex(Path(sys.argv[1]), 'enc-1', DIMENSION)\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", opening + code, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("go on\n")
    process.stdin.flush()


@pytest.fixture
def index(tmp_path: Path) -> VectorIndex:
    return VectorIndex(tmp_path / "vectors", "enc-1", DIMENSION)


# Writing and reading


def test_vectors_come_back_in_the_order_asked(index: VectorIndex) -> None:
    ids, vectors = picture_ids(20), unit_vectors(20)
    index.write(ids, vectors)
    order = [7, 3, 19, 3]
    np.testing.assert_array_equal(index.vectors([ids[i] for i in order]), vectors[order])
    assert index.vectors([]).shape == (0, DIMENSION)


def test_writing_twice_changes_nothing(index: VectorIndex) -> None:
    ids, vectors = picture_ids(50), unit_vectors(50)
    index.write(ids, vectors)
    before = contents(index)
    index.write(ids[::-1], vectors[::-1])
    assert index.count() == 50
    assert contents(index) == before


def test_writing_an_id_again_replaces_its_vector(index: VectorIndex) -> None:
    ids = picture_ids(2)
    index.write(ids, unit_vectors(2))
    index.write(ids[:1], unit_vectors(1, seed=9))
    np.testing.assert_array_equal(index.vectors(ids), [unit_vectors(1, seed=9)[0], unit_vectors(2)[1]])


def test_an_id_twice_in_one_batch_is_kept_once_with_its_last_vector(index: VectorIndex) -> None:
    old, new = picture_ids(2)
    index.write([old], unit_vectors(1))
    vectors = unit_vectors(4, seed=2)
    index.write([new, old, new, old], vectors)
    assert index.count() == 2
    np.testing.assert_array_equal(index.vectors([new, old]), vectors[[2, 3]])


def test_missing_keeps_the_order_and_names_each_id_once(index: VectorIndex) -> None:
    ids = picture_ids(6)
    assert index.missing(ids) == ids
    index.write([ids[1], ids[4]], unit_vectors(2))
    assert index.missing([ids[5], ids[1], ids[0], ids[5]]) == [ids[5], ids[0]]
    assert index.missing([]) == []


def test_an_unknown_id_is_an_error_that_names_it(index: VectorIndex) -> None:
    known, low, high = picture_ids(1)[0], "0" * 64, "f" * 64
    index.write([known], unit_vectors(1))
    for unknown in (low, high):
        with pytest.raises(UnknownPictureError, match=unknown):
            index.vectors([known, unknown])


def test_deleted_ids_are_gone_and_unknown_ones_passed_over(index: VectorIndex) -> None:
    ids = picture_ids(10)
    index.write(ids, unit_vectors(10))
    index.delete([*ids[:4], "f" * 64])
    assert sorted(index.ids()) == sorted(ids[4:])
    assert [i for i, _ in index.search(unit_vectors(1)[0], 99) if i in ids[:4]] == []


def test_batches_are_sorted_by_id_and_of_the_size_asked(index: VectorIndex) -> None:
    ids, vectors = picture_ids(25), unit_vectors(25)
    index.write(ids, vectors)
    batches = list(index.batches(size=10))
    assert [len(batch_ids) for batch_ids, _ in batches] == [10, 10, 5]
    assert [i for batch_ids, _ in batches for i in batch_ids] == sorted(ids)
    assert all(rows.dtype == np.float32 for _, rows in batches)
    assert contents(index) == {i: tuple(row) for i, row in zip(ids, vectors.tolist(), strict=True)}


def test_an_empty_index_answers_everything(index: VectorIndex) -> None:
    assert index.count() == 0
    assert list(index.ids()) == []
    assert list(index.batches()) == []
    assert index.search(unit_vectors(1)[0], 5) == []
    assert index.matrix().scores(unit_vectors(1)[0]).shape == (0,)
    index.write([], np.empty((0, DIMENSION), np.float32))
    index.delete([])


@pytest.mark.parametrize(
    ("ids", "vectors"),
    [
        (picture_ids(2), unit_vectors(3)),
        (picture_ids(2), unit_vectors(2, dimension=7)),
        (["x' OR true --"], unit_vectors(1)),
        (["a" * 65], unit_vectors(1)),
        (picture_ids(1), np.full((1, DIMENSION), np.nan, np.float32)),
        (picture_ids(1), np.full((1, DIMENSION), 1e6, np.float32)),
    ],
    ids=["rows", "dimension", "quote", "long id", "nan", "overflow"],
)
def test_what_cannot_be_kept_is_refused(index: VectorIndex, ids: list[str], vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"vector|picture id"):
        index.write(ids, vectors)
    assert index.count() == 0


def test_each_encoder_has_its_own_vectors(tmp_path: Path) -> None:
    first, second = VectorIndex(tmp_path, "enc-1", 8), VectorIndex(tmp_path, "enc-2", 5)
    first.write(picture_ids(3), unit_vectors(3))
    second.write(picture_ids(2), unit_vectors(2, dimension=5))
    assert (first.count(), second.count()) == (3, 2)
    second.drop()
    assert first.count() == 3
    assert VectorIndex(tmp_path, "enc-2", 6).count() == 0


def test_many_small_writes_are_compacted(index: VectorIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.vectors.lance.COMPACT_AFTER", 5)
    ids, vectors = picture_ids(12), unit_vectors(12)
    for i in range(12):
        index.write(ids[i : i + 1], vectors[i : i + 1])
    assert index._table.stats()["fragment_stats"]["num_fragments"] < 5
    np.testing.assert_array_equal(index.vectors(ids), vectors)


# Search


def test_search_is_the_exact_dot_product_highest_first(index: VectorIndex) -> None:
    ids, vectors = picture_ids(3000), unit_vectors(3000)
    index.write(ids, vectors)
    query = np.random.default_rng(5).standard_normal(DIMENSION) * 3  # a head's weights, not unit length
    products = vectors.astype(np.float64) @ query
    best = np.argsort(-products)[:10]
    found = index.search(query, 10)
    assert [i for i, _ in found] == [ids[i] for i in best]
    np.testing.assert_allclose([score for _, score in found], products[best], rtol=1e-12)


def test_search_among_some_pictures_finds_only_those(index: VectorIndex) -> None:
    ids, vectors = picture_ids(200), unit_vectors(200)
    index.write(ids, vectors)
    among = ids[50:60]
    found = index.search(vectors[0], 99, among=[*among, among[0]])
    assert sorted(i for i, _ in found) == sorted(among)
    assert [s for _, s in found] == sorted((s for _, s in found), reverse=True)
    assert index.search(vectors[0], 5, among=[]) == []
    assert index.search(vectors[0], 0) == []


def test_equal_scores_are_ordered_by_id_wherever_the_rows_stand(tmp_path: Path) -> None:
    twin = unit_vectors(1, dimension=301)
    index = VectorIndex(tmp_path, "enc-1", 301)
    ids = picture_ids(1503)
    index.write(ids, np.repeat(twin, 1503, axis=0))
    query = unit_vectors(1, seed=3, dimension=301)[0]
    found = index.search(query, 1502)
    assert [i for i, _ in found] == sorted(ids)[:1502]
    assert len({score for _, score in found}) == 1


# The memory-mapped copy


def test_matrix_is_the_same_whatever_the_order_of_writing(tmp_path: Path) -> None:
    ids, vectors = picture_ids(40), unit_vectors(40)
    one, other = (
        VectorIndex(tmp_path / "1", "enc-1", DIMENSION),
        VectorIndex(tmp_path / "2", "enc-1", DIMENSION),
    )
    one.write(ids, vectors)
    for start in (30, 20, 10, 0):
        other.write(ids[start : start + 10], vectors[start : start + 10])
    np.testing.assert_array_equal(one.matrix().ids, other.matrix().ids)
    np.testing.assert_array_equal(one.matrix().vectors, other.matrix().vectors)
    assert one.matrix().vectors.dtype == np.float16


def test_matrix_is_made_again_only_when_the_table_changed(index: VectorIndex, tmp_path: Path) -> None:
    index.write(picture_ids(5), unit_vectors(5))
    first = index.matrix()
    copies = tmp_path / "vectors" / "enc-1.matrix"
    made = {path: path.stat().st_mtime_ns for path in copies.rglob("*.npy")}
    assert index.matrix() is first
    VectorIndex(tmp_path / "vectors", "enc-1", DIMENSION).matrix()
    assert {path: path.stat().st_mtime_ns for path in copies.rglob("*.npy")} == made
    index.write(picture_ids(1, start=5), unit_vectors(1))
    assert len(index.matrix()) == 6
    assert len(first) == 5  # a reader that still holds the old one is not disturbed
    assert len(list(copies.iterdir())) == 1


def test_matrix_scores_one_head_or_several(index: VectorIndex) -> None:
    vectors = unit_vectors(2500)
    index.write(picture_ids(2500), vectors)
    matrix = index.matrix()
    weights, bias = np.random.default_rng(1).standard_normal((DIMENSION, 3)), np.array([0.5, -1.0, 2.0])
    expected = matrix.vectors.astype(np.float64) @ weights + bias
    several, one = matrix.scores(weights, bias), matrix.scores(weights[:, 1], -1.0)
    assert several.dtype == one.dtype == np.float32
    np.testing.assert_allclose(several, expected, atol=1e-5)
    np.testing.assert_allclose(one, expected[:, 1], atol=1e-5)
    some = np.array([2400, 3, 3])
    np.testing.assert_allclose(matrix.scores(weights[:, 1], -1.0, rows=some), expected[some, 1], atol=1e-5)


def test_matrix_rows_are_those_of_the_ids(index: VectorIndex) -> None:
    ids = picture_ids(30)
    index.write(ids, unit_vectors(30))
    rows = index.matrix().rows(ids)
    assert [i.decode() for i in index.matrix().ids[rows]] == ids


def test_a_damaged_copy_and_what_a_killed_process_left_are_replaced(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "enc-1", DIMENSION)
    index.write(picture_ids(5), unit_vectors(5))
    index.matrix()
    (copy,) = (tmp_path / "enc-1.matrix").iterdir()
    with (copy / "vectors.npy").open("r+b") as file:
        file.truncate(150)
    (copy.parent / "unfinished-old").mkdir()
    again = VectorIndex(tmp_path, "enc-1", DIMENSION)
    np.testing.assert_array_equal(again.vectors(picture_ids(5)), unit_vectors(5))
    assert list(copy.parent.iterdir()) == [copy]


def test_an_index_made_anew_never_uses_the_copy_of_the_old_one(tmp_path: Path) -> None:
    old = VectorIndex(tmp_path, "enc-1", DIMENSION)
    old.write(picture_ids(3), unit_vectors(3))
    old.matrix()
    old._database.drop_table("enc-1")  # as if a person had removed only the table's folder
    new = VectorIndex(tmp_path, "enc-1", DIMENSION)
    new.write(picture_ids(3), unit_vectors(3, seed=7))
    np.testing.assert_array_equal(new.vectors(picture_ids(3)), unit_vectors(3, seed=7))


# Several processes


def test_a_reader_sees_what_another_process_has_written(index: VectorIndex, tmp_path: Path) -> None:
    writer = run_python(
        "for k in range(3):\n"
        "    index.write(picture_ids(10, start=10 * k), unit_vectors(10, seed=k))\n"
        "    print('written', flush=True)\n"
        "    sys.stdin.readline()\n",
        str(tmp_path / "vectors"),
    )
    for k in range(3):
        assert said(writer) == "written"
        assert index.count() == 10 * (k + 1)
        np.testing.assert_array_equal(index.vectors(picture_ids(10, start=10 * k)), unit_vectors(10, seed=k))
        tell(writer)
    assert writer.wait(60) == 0


def test_processes_that_write_the_same_ids_at_once_leave_no_duplicates(
    index: VectorIndex, tmp_path: Path
) -> None:
    code = (
        "print('ready', flush=True)\nsys.stdin.readline()\n"
        "for k in range(5):\n    index.write(picture_ids(40, start=40 * k), unit_vectors(40, seed=k))\n"
    )
    writers = [run_python(code, str(tmp_path / "vectors")) for _ in range(2)]
    for writer in writers:
        assert said(writer) == "ready"
    for writer in writers:
        tell(writer)
    assert [writer.wait(120) for writer in writers] == [0, 0]
    assert index.count() == 200
    assert sorted(index.ids()) == sorted(picture_ids(200))


def test_killed_while_writing_and_run_again_gives_the_same_contents(
    index: VectorIndex, tmp_path: Path
) -> None:
    writer = run_python(
        "for k in range(1000):\n"
        "    print('writing', flush=True)\n"
        "    index.write(picture_ids(400, start=400 * (k % 5)), unit_vectors(400, seed=k % 5))\n",
        str(tmp_path / "vectors"),
    )
    for _ in range(4):
        assert said(writer) == "writing"
    writer.send_signal(signal.SIGKILL)  # three writes are done, another has begun
    writer.wait(60)
    assert 1200 <= index.count() < 2400
    for k in range(5):
        index.write(picture_ids(400, start=400 * k), unit_vectors(400, seed=k))
    expected = {
        i: tuple(row)
        for k in range(5)
        for i, row in zip(picture_ids(400, start=400 * k), unit_vectors(400, seed=k).tolist(), strict=True)
    }
    assert contents(index) == expected
    assert index.count() == 2000


def test_a_process_killed_inside_the_lock_holds_nobody_up(index: VectorIndex, tmp_path: Path) -> None:
    holder = run_python(
        "index._lock.acquire()\nprint('holding', flush=True)\nsys.stdin.readline()\n",
        str(tmp_path / "vectors"),
    )
    assert said(holder) == "holding"
    holder.kill()
    holder.wait(60)
    index.write(picture_ids(3), unit_vectors(3))
    assert index.count() == 3


# Damage


def test_a_damaged_table_is_an_error_that_says_what_to_do(tmp_path: Path) -> None:
    index = VectorIndex(tmp_path, "enc-1", DIMENSION)
    index.write(picture_ids(5), unit_vectors(5))
    for file in (tmp_path / "enc-1.lance" / "data").iterdir():
        with file.open("r+b") as opened:
            opened.truncate(20)
    with pytest.raises(StorageError, match="Remove that folder and embed the library again"):
        VectorIndex(tmp_path, "enc-1", DIMENSION).matrix()
    for file in (tmp_path / "enc-1.lance" / "_versions").iterdir():
        file.write_bytes(b"not a manifest" * 100)
    with pytest.raises(StorageError, match="Remove that folder"):
        VectorIndex(tmp_path, "enc-1", DIMENSION)


def test_another_dimension_is_refused(index: VectorIndex, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="8 numbers, not 9"):
        VectorIndex(tmp_path / "vectors", "enc-1", 9)


@pytest.mark.parametrize(
    "action", ["index.write(picture_ids(9000, 5), unit_vectors(9000))", "index.matrix()"]
)
def test_a_full_disk_is_an_error_that_says_so_and_loses_nothing(
    index: VectorIndex, tmp_path: Path, action: str
) -> None:
    """A limit on the size of files stands in for the full disk: the system call fails the same way."""
    index.write(picture_ids(4000), unit_vectors(4000))
    process = run_python(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))\n"
        f"try:\n    {action}\nexcept StorageError as error:\n    print(error, flush=True)\n",
        str(tmp_path / "vectors"),
    )
    assert "no room left" in said(process)
    process.wait(60)
    assert index.count() == 4000
    np.testing.assert_array_equal(index.vectors(picture_ids(4000)), unit_vectors(4000))
