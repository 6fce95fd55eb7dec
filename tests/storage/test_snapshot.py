"""The snapshot that is read follows the table whatever is written, by whom, and wherever a process dies."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import DIMENSION, contents, picture_ids, unit_vectors

from storage.vectors import snapshot
from storage.vectors.snapshot import Snapshot
from storage.vectors.table import LanceIndex

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
    assert newest is not None
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
