"""Whatever damage does to the files of the vectors, nothing damaged takes the place of what is whole."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray
from synthetic import DIMENSION, contents, picture_ids, unit_vectors

from storage.errors import DamagedIndexError, StorageError
from storage.vectors import stored
from storage.vectors.lance import LanceIndex
from storage.vectors.stored import StoredIndex, tables_in

COUNT = 300
IDS, VECTORS = picture_ids(COUNT), unit_vectors(COUNT)
WRITTEN = {i: tuple(row) for i, row in zip(IDS, VECTORS.tolist(), strict=True)}


def opened(folder: Path) -> StoredIndex:
    return StoredIndex(folder, "enc-1", DIMENSION)


def overwrite(file: Path, at: int, length: int, seed: int = 0) -> None:
    with file.open("r+b") as content:
        content.seek(at)
        content.write(random.Random(seed).randbytes(length))


def table_file(folder: Path) -> Path:
    (file,) = folder.glob("*.lance/data/*")
    return file


def copied_vectors(folder: Path) -> Path:
    (file,) = folder.glob("*.matrix/vectors-*")
    return file


def remove_copy(folder: Path) -> None:
    opened(folder)._matrix.remove()


def vector_in(file: Path) -> int:
    """Where in a file the first vector stands as it was written."""
    return file.read_bytes().index(VECTORS[0].astype(np.float16).tobytes())


def found_damaged(index: StoredIndex) -> str:
    with pytest.raises(DamagedIndexError) as told:
        index.verify()
    return str(told.value)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    opened(tmp_path).write(IDS, VECTORS)
    assert contents(opened(tmp_path)) == WRITTEN
    return tmp_path


# Vectors overwritten inside the table


def test_damaged_vectors_are_told_and_their_copy_stays_as_it_was(folder: Path) -> None:
    file = table_file(folder)
    overwrite(file, vector_in(file), 3 * 2 * DIMENSION)
    before = copied_vectors(folder).read_bytes()
    assert f"3 of {COUNT} vectors are damaged" in found_damaged(opened(folder))
    assert copied_vectors(folder).read_bytes() == before


def test_damaged_vectors_come_back_from_the_copy(folder: Path) -> None:
    file = table_file(folder)
    overwrite(file, vector_in(file), 3 * 2 * DIMENSION)
    opened(folder).remake()
    opened(folder).verify()
    assert contents(opened(folder)) == WRITTEN


def test_a_damaged_vector_that_no_copy_has_is_missing_and_the_others_stay(folder: Path) -> None:
    remove_copy(folder)
    file = table_file(folder)
    overwrite(file, vector_in(file), 2 * DIMENSION)
    index = opened(folder)
    with pytest.raises(DamagedIndexError):
        index.snapshot().search(VECTORS[:1], 1)
    index.remake()
    assert index.missing(IDS) == IDS[:1]
    assert contents(index) == {i: WRITTEN[i] for i in IDS[1:]}


def test_a_vector_that_is_damaged_in_table_and_copy_is_missing(folder: Path) -> None:
    for file in (table_file(folder), copied_vectors(folder)):
        overwrite(file, vector_in(file), 2 * DIMENSION)
    index = opened(folder)
    index.remake()
    assert contents(index) == {i: WRITTEN[i] for i in IDS[1:]}


def test_a_changed_number_that_is_still_a_number_is_damage(folder: Path) -> None:
    file = table_file(folder)
    at = vector_in(file)
    with file.open("r+b") as content:
        content.seek(at)
        content.write(np.float16(0.25).tobytes())
    assert f"1 of {COUNT} vectors is damaged" in found_damaged(opened(folder))
    opened(folder).remake()
    assert contents(opened(folder)) == WRITTEN


def test_a_damaged_copy_is_made_again_from_the_table(folder: Path) -> None:
    file = copied_vectors(folder)
    overwrite(file, vector_in(file), 2 * DIMENSION)
    opened(folder).verify()
    assert contents(opened(folder)) == WRITTEN


def test_emptying_the_trash_writes_no_damaged_copy_into_the_table(folder: Path) -> None:
    file = copied_vectors(folder)
    overwrite(file, vector_in(file), 2 * DIMENSION)
    opened(folder).purge(IDS[-1:])
    assert contents(opened(folder)) == {i: WRITTEN[i] for i in IDS[:-1]}
    opened(folder).verify()


def test_what_was_written_later_is_checked_as_well(folder: Path) -> None:
    more, vectors = picture_ids(COUNT + 5)[COUNT:], unit_vectors(5, seed=7)
    opened(folder).write(more, vectors)
    index = opened(folder)
    index.verify()
    file = copied_vectors(folder)
    overwrite(file, file.read_bytes().index(vectors[0].astype(np.float16).tobytes()), 2 * DIMENSION)
    opened(folder).verify()
    assert contents(opened(folder)) == WRITTEN | {
        i: tuple(row) for i, row in zip(more, vectors.tolist(), strict=True)
    }


# What goes wrong in the middle of a repair


def damage_three(folder: Path) -> None:
    file = table_file(folder)
    overwrite(file, vector_in(file), 3 * 2 * DIMENSION)


class KilledError(Exception):
    """Stands for a process that ends here."""


@pytest.mark.parametrize("last", ["_upsert", "_make_copy_again"])
def test_a_repair_that_is_killed_loses_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, last: str
) -> None:
    damage_three(folder)

    def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr(LanceIndex, last, killed)
        with pytest.raises(KilledError):
            opened(folder).remake()
    index = opened(folder)
    try:
        index.verify()
    except DamagedIndexError:
        index.remake()
    assert contents(index) == WRITTEN


def test_a_table_that_is_made_anew_and_killed_meanwhile_is_filled_when_it_is_opened(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = table_file(folder)
    overwrite(file, file.stat().st_size - 60, 60)
    write, written = LanceIndex.write, []

    def once(index: LanceIndex, ids: list[str], vectors: NDArray[np.floating]) -> None:
        if written:
            raise KilledError
        written.append(ids)
        write(index, ids, vectors)

    monkeypatch.setattr(stored, "AT_ONCE", 100)
    with monkeypatch.context() as patched:
        patched.setattr(LanceIndex, "write", once)
        index = opened(folder)
        with pytest.raises(KilledError):
            index.remake()
    index.purge(IDS[-1:])  # nothing of it may be left in what was kept
    assert contents(opened(folder)) == {i: WRITTEN[i] for i in IDS[:-1]}
    assert not list(folder.glob("*.kept"))


def test_a_copy_with_damaged_ids_speaks_for_no_table(folder: Path) -> None:
    (ids,) = folder.glob("*.matrix/*/ids.npy")
    with ids.open("r+b") as content:
        content.seek(128 + 100 * 64)
        content.write(bytes(20 * 64))
    index = opened(folder)
    index.verify()
    assert contents(index) == WRITTEN


@pytest.mark.parametrize("reason", ["Too many open files (os error 24)", "Cannot allocate memory"])
def test_what_passes_is_no_damage(folder: Path, monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    def refuse(_: LanceIndex) -> None:
        raise OSError(reason)

    with monkeypatch.context() as patched:
        patched.setattr(LanceIndex, "_opened", refuse)
        with pytest.raises(StorageError, match="Try again") as told:
            opened(folder).remake()
    assert not isinstance(told.value, DamagedIndexError)
    assert contents(opened(folder)) == WRITTEN


# Any bytes of any file


PLACES: dict[str, Callable[[int], int]] = {
    "start": lambda size: 0,
    "middle": lambda size: size // 2,
    "end": lambda size: max(size - 60, 0),
}
FILES = ["*.lance/data/*", "*.lance/_versions/*.manifest", "*.lance/_transactions/*", "*.matrix/**/*"]


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("pattern", FILES)
@pytest.mark.parametrize("seed", range(3))
def test_no_damage_ends_in_anything_but_a_sentence_and_all_vectors_come_back(
    tmp_path: Path, pattern: str, place: str, seed: int
) -> None:
    opened(tmp_path).write(IDS, VECTORS)
    opened(tmp_path).snapshot()
    for file in (file for file in tmp_path.glob(pattern) if file.is_file()):
        overwrite(file, PLACES[place](file.stat().st_size), 60, seed)
    index = opened(tmp_path)
    try:
        tables_in(tmp_path)
        index.verify()
    except DamagedIndexError:
        index.remake()
    index.verify()
    assert contents(index) == WRITTEN


@pytest.mark.parametrize("seed", range(5))
def test_a_damaged_end_of_a_table_without_a_copy_is_said(folder: Path, seed: int) -> None:
    remove_copy(folder)
    file = table_file(folder)
    overwrite(file, file.stat().st_size - 60, 60, seed)
    for read in (lambda: opened(folder).snapshot().search(VECTORS[:1], 1), opened(folder).verify):
        with pytest.raises(StorageError, match="are damaged"):
            read()


# Tables of before there were digests


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A table without digests, and a copy of it without them."""
    key = {"lance-schema:unenforced-primary-key": "true"}
    schema = pa.schema(
        [
            pa.field("id", pa.string(), nullable=False, metadata=key),
            pa.field("vector", pa.list_(pa.float16(), DIMENSION), nullable=False),
        ],
        metadata={"made": "before"},
    )
    halves: NDArray[np.float16] = VECTORS.astype(np.float16)
    columns = [pa.array(IDS), pa.FixedSizeListArray.from_arrays(pa.array(halves.ravel()), DIMENSION)]
    database = lancedb.connect(tmp_path, read_consistency_interval=timedelta(0))
    database.create_table("enc-1", pa.table(columns, schema=schema))
    opened(tmp_path).snapshot()
    (digests,) = tmp_path.glob("*.matrix/digests-*")
    digests.unlink()
    return tmp_path


def test_an_old_table_is_read_written_and_given_its_digests_by_a_check(old: Path) -> None:
    assert contents(opened(old)) == WRITTEN
    opened(old).write(IDS[:1], VECTORS[1:2])
    expected = WRITTEN | {IDS[0]: WRITTEN[IDS[1]]}
    assert contents(opened(old)) == expected
    opened(old).verify()
    table = lancedb.connect(old).open_table("enc-1").to_arrow()
    assert (table.num_rows, table["digest"].null_count) == (COUNT, 0)
    assert contents(opened(old)) == expected


def test_damage_is_found_in_an_old_table_once_it_was_checked(old: Path) -> None:
    opened(old).verify()
    for file in old.glob("*.lance/data/*"):
        content = file.read_bytes()
        if (at := content.find(VECTORS[0].astype(np.float16).tobytes())) >= 0:
            overwrite(file, at, 2 * DIMENSION)
    assert "damaged" in found_damaged(opened(old))
    opened(old).remake()
    assert contents(opened(old)) == WRITTEN


def test_numbers_that_are_none_in_an_old_table_are_not_copied(old: Path) -> None:
    file = table_file(old)
    with file.open("r+b") as content:
        content.seek(vector_in(file))
        content.write(np.full(DIMENSION, np.nan, np.float16).tobytes())
    before = copied_vectors(old).read_bytes()
    assert "1 of" in found_damaged(opened(old))
    assert copied_vectors(old).read_bytes() == before


def test_a_write_into_an_old_table_copies_no_damage_over_its_copy(old: Path) -> None:
    file = table_file(old)
    with file.open("r+b") as content:
        content.seek(vector_in(file))
        content.write(np.float16(0.25).tobytes())
    opened(old).write(IDS[-1:], VECTORS[-1:])
    assert "1 of" in found_damaged(opened(old))
    opened(old).remake()
    assert IDS[0] in opened(old).missing(IDS)


def test_emptying_the_trash_writes_no_damaged_copy_into_an_old_table(old: Path) -> None:
    file = copied_vectors(old)
    with file.open("r+b") as content:
        content.seek(vector_in(file))
        content.write(np.float16(0.25).tobytes())
    with pytest.raises(DamagedIndexError):
        opened(old).purge(IDS[-1:])


def test_a_damaged_copy_of_an_old_table_gives_way_to_the_table(old: Path) -> None:
    file = copied_vectors(old)
    with file.open("r+b") as content:
        content.seek(vector_in(file))
        content.write(np.full(DIMENSION, np.nan, np.float16).tobytes())
    opened(old).verify()
    assert contents(opened(old)) == WRITTEN
