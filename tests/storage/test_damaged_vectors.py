"""Whatever damage does to the files of the vectors, nothing damaged takes the place of what is whole."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pytest
from synthetic import DIMENSION, contents, opened, picture_ids, unit_vectors

from storage.errors import DamagedIndexError, StorageError
from storage.vectors.snapshot import Snapshot
from storage.vectors.stored import tables_in
from storage.vectors.table import LanceIndex

COUNT = 300
IDS, VECTORS = picture_ids(COUNT), unit_vectors(COUNT)
MORE = picture_ids(5, start=COUNT), unit_vectors(5, seed=7)
VECTOR = 2 * DIMENSION  # bytes
NOISE = random.Random(0).randbytes(VECTOR)
WRITTEN = {i: tuple(row) for i, row in zip(IDS, VECTORS.tolist(), strict=True)}


def overwrite(file: Path, at: int, content: bytes = NOISE) -> None:
    with file.open("r+b") as damaged:
        damaged.seek(at)
        damaged.write(content)


def table_file(folder: Path) -> Path:
    (file,) = folder.glob("*.lance/data/*")
    return file


def copied_vectors(folder: Path) -> Path:
    (file,) = folder.glob("*.snapshot/*.vectors")
    return file


def vector_in(file: Path) -> int:
    """Where in a file the first vector stands as it was written."""
    return file.read_bytes().index(VECTORS[0].astype(np.float16).tobytes())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    opened(tmp_path).write(IDS, VECTORS)
    assert contents(opened(tmp_path)) == WRITTEN
    return tmp_path


# Vectors overwritten inside the table


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (random.Random(0).randbytes(3 * VECTOR), f"3 of {COUNT} vectors are damaged"),
        (np.float16(0.25).tobytes(), f"1 of {COUNT} vectors is damaged"),
    ],
    ids=["three vectors", "a number that is still one"],
)
def test_damaged_vectors_are_told_and_come_back_from_the_copy(
    folder: Path, content: bytes, said: str
) -> None:
    file = table_file(folder)
    overwrite(file, vector_in(file), content)
    before = copied_vectors(folder).read_bytes()
    with pytest.raises(DamagedIndexError, match=said):
        opened(folder).verify()
    assert copied_vectors(folder).read_bytes() == before
    opened(folder).remake()
    opened(folder).verify()
    assert contents(opened(folder)) == WRITTEN


@pytest.mark.parametrize("first", [0, COUNT], ids=["written first", "written later"])
@pytest.mark.parametrize("lost", [1, COUNT], ids=["one", "many, by a power cut"])
def test_a_damaged_copy_is_made_again_and_emptying_the_trash_writes_none_of_it_into_the_table(
    folder: Path, first: int, lost: int
) -> None:
    opened(folder).write(*MORE)
    written = contents(opened(folder))
    overwrite(copied_vectors(folder), first * VECTOR, bytes(min(lost, len(written) - first) * VECTOR))
    opened(folder).purge(IDS[-1:])
    assert contents(opened(folder)) == {i: row for i, row in written.items() if i != IDS[-1]}
    overwrite(copied_vectors(folder), 0, bytes(lost * VECTOR))
    opened(folder).verify()
    assert len(contents(opened(folder))) == len(written) - 1


# What goes wrong in the middle of a repair


def repair_is_killed(folder: Path, of: type, last: str) -> None:
    with patch.object(of, last, side_effect=KeyboardInterrupt), pytest.raises(KeyboardInterrupt):
        opened(folder).remake()


@pytest.mark.parametrize(("of", "last"), [(LanceIndex, "_created"), (Snapshot, "make")])
def test_a_repair_that_is_killed_loses_nothing(folder: Path, of: type, last: str) -> None:
    file = table_file(folder)
    overwrite(file, vector_in(file), random.Random(0).randbytes(3 * VECTOR))
    repair_is_killed(folder, of, last)
    index = opened(folder)
    try:
        index.verify()
    except DamagedIndexError:
        index.remake()
    assert contents(index) == WRITTEN


def test_a_table_that_is_made_anew_and_killed_meanwhile_is_made_by_the_next_repair(folder: Path) -> None:
    file = table_file(folder)
    overwrite(file, file.stat().st_size - 60, random.Random(0).randbytes(60))
    repair_is_killed(folder, LanceIndex, "_created")
    with pytest.raises(DamagedIndexError, match="its table is gone"):
        opened(folder).snapshot()
    index = opened(folder)
    index.remake()
    index.purge(IDS[-1:])
    assert contents(opened(folder)) == {i: WRITTEN[i] for i in IDS[:-1]}


@pytest.mark.parametrize("reason", ["Too many open files (os error 24)", "Cannot allocate memory"])
def test_what_passes_is_no_damage(folder: Path, reason: str) -> None:
    refused = patch.object(LanceIndex, "_opened", side_effect=OSError(reason))
    with refused, pytest.raises(StorageError, match="Try again") as told:
        opened(folder).remake()
    assert not isinstance(told.value, DamagedIndexError)
    assert contents(opened(folder)) == WRITTEN


# Sixteen bytes of any file


PLACES: dict[str, Callable[[int], int]] = {
    "start": lambda size: 0,
    "middle": lambda size: size // 2,
    "end": lambda size: max(size - 16, 0),
}
FILES = {
    **{f"table {kind}": f"*.lance/{kind}/*" for kind in ("data", "_versions", "_transactions")},
    **{kind: f"*.snapshot/{kind}" for kind in ("*.vectors", "*.ids", "*.log", "made-from")},
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", FILES)
def test_a_search_finds_the_same_or_says_why_not_and_a_repair_brings_all_back(
    folder: Path, kind: str, place: str
) -> None:
    opened(folder).write(*MORE)
    opened(folder).snapshot()
    truth = opened(folder).snapshot().search(VECTORS[:3], 10)
    for file in folder.glob(FILES[kind]):
        overwrite(file, PLACES[place](file.stat().st_size), NOISE)
    index = opened(folder)
    for ask in (opened(folder), index):
        with contextlib.suppress(DamagedIndexError):
            assert ask.snapshot().search(VECTORS[:3], 10) == truth
    try:
        tables_in(folder)
        index.verify()
    except DamagedIndexError:
        index.remake()
    for checked in (index, opened(folder)):
        checked.verify()
        assert checked.snapshot().search(VECTORS[:3], 10) == truth
        assert len(contents(checked)) == COUNT + 5


def test_a_damaged_block_is_made_again_when_it_is_first_touched(folder: Path) -> None:
    file = copied_vectors(folder)
    reader = opened(folder).snapshot()
    overwrite(file, vector_in(file))
    assert reader.search(VECTORS[:1], 1)[0][0][0] == IDS[0]
    assert contents(reader) == WRITTEN


def test_a_block_that_the_table_has_not_either_is_refused_until_it_was_mended(folder: Path) -> None:
    for file in (table_file(folder), copied_vectors(folder)):
        overwrite(file, vector_in(file))
    index = opened(folder)
    with pytest.raises(DamagedIndexError):
        index.snapshot().scores(VECTORS[0])
    with pytest.raises(DamagedIndexError):
        index.version  # noqa: B018  # whoever asks for it sees that something has to be done
    opened(folder).remake()  # by another process
    assert set(index.missing(IDS)) == set(IDS)  # of its block nothing is known to be right
    index.write(IDS, VECTORS)
    assert contents(index) == WRITTEN
